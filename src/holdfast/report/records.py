"""The folder that a run leaves behind, read back.

A folder is a run's record if it holds `settings.json`. Whatever else is missing or cut short belongs to a run that was
killed or is still going, and is read as far as it goes: only the settings must be whole.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.report.run import Json, Run
from holdfast.training.record import FAILURE, PROBE, SAVING, read_event


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """All runs found at any depth under the folders, each once, in the order of their paths.

    Of a run and a copy of its record, such as the one that the ledger takes in, the one that tells more is read.

    Raises:
        ValueError: a folder does not exist, no run is found, or a run's settings cannot be read.
    """
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"expected a folder of runs, got {folder}, which is not a folder; train or compare first")
    records = {path.parent.resolve(): path.parent for folder in folders for path in folder.rglob("settings.json")}
    if not records:
        names = ", ".join(str(folder) for folder in folders) or "no folder at all"
        raise ValueError(
            f"expected runs under {names}, found none (a run is a folder with settings.json); "
            "`holdfast train` and `holdfast compare` write them"
        )
    return _without_copies(read_run(folder) for folder in sorted(records.values()))


def _without_copies(runs: Iterable[Run]) -> list[Run]:
    """Of runs that were asked the same and came to the same, one: that with more lines, or with a probe."""
    found: dict[str, Run] = {}
    for run in runs:
        asked = [run.label, run.seed, run.task, run.model, run.objective, run.training]
        known = json.dumps([*asked, run.summary, run.evaluations], sort_keys=True)
        told = [len(run.train), run.probe is not None, run.saving is not None]
        other = found.get(known)
        if other is None or told > [len(other.train), other.probe is not None, other.saving is not None]:
            found[known] = run
    return sorted(found.values(), key=lambda run: run.folder)


def read_run(folder: Path) -> Run:
    """The record in one folder.

    Raises:
        ValueError: settings.json is missing, torn or not what a run writes.
    """
    path = folder / "settings.json"
    settings = _json(path)
    try:
        _with(settings, task=_named, model=_named, training=_object, seed=_whole)
    except ValueError as error:
        raise ValueError(
            f"expected the settings of a run in {path}, but {error}; restore or delete the folder"
        ) from None
    lines, unreadable = _lines(folder / "metrics.jsonl")
    return Run(
        folder=folder,
        task=settings["task"],
        model=settings["model"],
        training=settings["training"],
        seed=settings["seed"],
        description=_checked(folder / "description.json", missing={}),
        environment=_checked(folder / "environment.json", missing={}),
        train=_in_order(line for line in lines if line["event"] == "train"),
        evaluations=_in_order(line for line in lines if line["event"] == "evaluation"),
        summary=_checked(folder / "summary.json", missing=None, status=_text, steps=_whole, seconds=_number),
        unreadable=unreadable,
        objective=settings.get("objective", {}),
        probe=_probe(folder / PROBE),
        saving=_json(folder / SAVING, missing=None),
        failure=_failure(folder / FAILURE),
    )


def _failure(path: Path) -> str | None:
    """Why a run failed, if it did: the first line of what was written then."""
    return next(iter(path.read_text(encoding="utf-8", errors="replace").splitlines()), "") if path.is_file() else None


def _probe(path: Path) -> Json | None:
    """What `holdfast probe RUN` left in the run's folder; nothing if it holds several runs, not told apart."""
    found = list(_json(path, missing={"runs": {}})["runs"].values())
    return found[0] if len(found) == 1 else None


def _json(path: Path, **fallback: Any) -> Any:
    """The content of a JSON file; `missing=` is the answer where there is no file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if "missing" in fallback:
            return fallback["missing"]
        raise ValueError(f"expected {path}, which a run writes first; is {path.parent} the folder of a run?") from None
    except ValueError as error:
        raise ValueError(
            f"expected JSON in {path}, got something else ({error}); restore or delete the folder"
        ) from None


def _checked(path: Path, *, missing: Any, **parts: Callable[[Any], None]) -> Any:
    """The object in a JSON file, with parts as they must be; `missing` where there is no file."""
    value = _json(path, missing=missing)
    if value is missing:
        return missing
    try:
        return _with(value, **parts)
    except ValueError as error:
        raise ValueError(f"expected what a run writes in {path}, but {error}; restore or delete the folder") from None


def _lines(path: Path) -> tuple[list[Json], int]:
    """The whole lines of metrics.jsonl, and how many are not: a kill tears the line that was being written."""
    read = [line for _, line in metrics_lines(path)]
    whole = [line for line in read if line is not None]
    return whole, len(read) - len(whole)


def metrics_lines(path: Path) -> Iterator[tuple[bytes, Json | None]]:
    """The lines of metrics.jsonl as they stand, each with what it says; None of a line that is torn or no event."""
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else ():
        try:
            yield line, read_event(line)
        except ValueError:
            if line.strip(b"\0 \r\n"):
                yield line, None


def _with(value: Any, **parts: Callable[[Any], None]) -> Json:
    """The value, if it is a JSON object that has these parts, as they must be."""
    _object(value)
    if missing := [name for name in parts if name not in value]:
        raise ValueError(f"{', '.join(missing)} is missing")
    for name, check in parts.items():
        try:
            check(value[name])
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    return value


def _object(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{str(value)[:40]!r} is no object")


def _named(value: Any) -> None:
    _with(value, name=_text)


def _text(value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]!r} is no text")


def _whole(value: Any) -> None:
    if not isinstance(value, int):
        raise ValueError(f"{str(value)[:40]!r} is no whole number")


def _number(value: Any) -> None:
    if not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:40]!r} is no number")


def _in_order(points: Iterable[Json]) -> tuple[Json, ...]:
    """By step; where a resumed run wrote a step again, the later line stands."""
    latest = {(point["step"], point.get("split")): point for point in points}
    return tuple(sorted(latest.values(), key=lambda point: point["step"]))
