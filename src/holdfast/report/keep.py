"""Finished runs taken into a folder of results: small, text only, without weights."""

import json
import shutil
from pathlib import Path

from holdfast.training.files import write_text
from holdfast.training.record import FILES, METRICS, PROBE, SAVING

TEXTS = tuple(name for name in FILES if not name.endswith(".pt") and name != METRICS)


def take(runs: Path, results: Path) -> list[Path]:
    """Copies the records of all finished runs under `runs`, each to the same place under `results`.

    Settings, description, environment, summary, what a probe measured and what is saved at inference are copied as they
    are; of the metrics, the evaluations, which make the curves. A record that is there already is replaced.

    Args:
        runs: where runs are, at any depth.
        results: where their records go.

    Returns:
        The folders that were written.
    """
    taken = []
    for summary in sorted(runs.rglob("summary.json")):
        folder = results / summary.parent.relative_to(runs)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in (*TEXTS, PROBE, SAVING):
            if (summary.parent / name).exists():
                (folder / name).parent.mkdir(exist_ok=True)
                shutil.copy(summary.parent / name, folder / name)
        write_text(folder / METRICS, _evaluations(summary.parent / METRICS))
        taken.append(folder)
    return taken


def _evaluations(metrics: Path) -> str:
    lines = metrics.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if json.loads(line)["event"] == "evaluation")
