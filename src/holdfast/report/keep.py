"""Finished runs taken into a folder of results: small, text only, without weights."""

from pathlib import Path

from holdfast.report.records import metrics_lines, read_run
from holdfast.training.files import replace_folder
from holdfast.training.record import FILES, METRICS, PROBE, SAVING

TEXTS = tuple(name for name in FILES if not name.endswith(".pt") and name != METRICS)


def take(runs: Path, results: Path) -> list[Path]:
    """Copies the records of all finished runs under `runs`, each to the same place under `results`.

    Settings, description, environment, summary, what a probe measured and what is saved at inference are copied as they
    are; of the metrics, the evaluations, which make the curves. A record that is there already is replaced, as a whole.

    Args:
        runs: where runs are, at any depth.
        results: where their records go.

    Returns:
        The folders that were written.

    Raises:
        ValueError: the runs lie in the results, or a record can't be read; then nothing was written.
    """
    if runs.resolve().is_relative_to(results.resolve()):
        raise ValueError(
            f"expected runs outside the results, got {runs}, which lies in {results}; name where they were made"
        )
    made = (summary.parent for summary in sorted(runs.rglob("summary.json")))
    found = [folder for folder in made if not folder.resolve().is_relative_to(results.resolve())]
    records = {results / folder.relative_to(runs): _record(folder) for folder in found}
    for folder, files in records.items():
        replace_folder(folder, files)
    return list(records)


def _record(folder: Path) -> dict[str, bytes]:
    """The files of a finished run that are kept.

    Raises:
        ValueError: it can't be read.
    """
    read_run(folder)
    files = {str(name): folder / name for name in (*TEXTS, PROBE, SAVING)}
    kept = {name: path.read_bytes() for name, path in files.items() if path.exists()}
    return kept | {METRICS: b"".join(line for line, said in metrics_lines(folder / METRICS) if _evaluation(said))}


def _evaluation(said: object) -> bool:
    return isinstance(said, dict) and said["event"] == "evaluation"
