"""The folder that a run leaves behind, read back.

A folder is a run's record if it holds `settings.json`. Whatever else is missing or cut short belongs to a run that was
killed or is still going, and is read as far as it goes: only the settings must be whole.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from holdfast.report.run import Json, Run
from holdfast.training.record import PROBE, SAVING


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """All runs found at any depth under the folders, each once, in the order of their paths.

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
    return [read_run(folder) for folder in sorted(records.values())]


def read_run(folder: Path) -> Run:
    """The record in one folder.

    Raises:
        ValueError: settings.json is missing, torn or not what a run writes.
    """
    path = folder / "settings.json"
    settings = _json(path)
    try:
        _with(settings, "task", "model", "training", "seed")
        task, model = _with(settings["task"], "name"), _with(settings["model"], "name")
    except ValueError as error:
        raise ValueError(
            f"expected the settings of a run in {path}, but {error}; restore or delete the folder"
        ) from None
    lines, unreadable = _lines(folder / "metrics.jsonl")
    return Run(
        folder=folder,
        task=task,
        model=model,
        training=settings["training"],
        seed=int(settings["seed"]),
        description=_json(folder / "description.json", missing={}),
        environment=_json(folder / "environment.json", missing={}),
        train=_in_order(line for line in lines if line["event"] == "train"),
        evaluations=_in_order(line for line in lines if line["event"] == "evaluation"),
        summary=_json(folder / "summary.json", missing=None),
        unreadable=unreadable,
        objective=settings.get("objective", {}),
        probe=_probe(folder / PROBE),
        saving=_json(folder / SAVING, missing=None),
    )


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


def _lines(path: Path) -> tuple[list[Json], int]:
    """The whole lines of metrics.jsonl, and how many are not: a kill tears the line that was being written."""
    whole: list[Json] = []
    torn = 0
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            whole.append(_with(json.loads(line), "event", "step"))
        except ValueError:
            torn += bool(line.strip(b"\0 "))
    return whole, torn


def _with(value: Any, *keys: str) -> Json:
    """The value, if it is a JSON object that has these keys."""
    if not isinstance(value, dict):
        raise ValueError(f"{str(value)[:40]!r} is no object")
    if missing := [key for key in keys if key not in value]:
        raise ValueError(f"{', '.join(missing)} is missing")
    return value


def _in_order(points: Iterable[Json]) -> tuple[Json, ...]:
    """By step; where a resumed run wrote a step again, the later line stands."""
    latest = {(point["step"], point.get("split")): point for point in points}
    return tuple(sorted(latest.values(), key=lambda point: point["step"]))
