"""Which folder a run may use: a new one, or its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.training.files import write_json
from holdfast.training.lock import alone_in
from holdfast.training.record import FILES, PROBE, SAVING, Record, RecordError, read_json, unusable
from holdfast.training.settings import MOVABLE, RunSettings, flattened

STEPS = "training.steps"
EVERY = "training.evaluate_every"


def open_record(folder: Path, settings: RunSettings) -> Record:
    """The record of a run in `folder`: a new one, or that of the same run, cut short, over, or asked for more steps.

    A run that gets more `training.steps` goes on where it stands, to the same bits as one that was asked for them at
    once. For that its steps so far must be a multiple of `training.evaluate_every`.

    Raises:
        RecordError: the folder can't be written, holds a run with other settings, or files of something else, or
            another process is at work on a run that is asked for more steps.
    """
    written = json.loads(json.dumps(settings.as_dict()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "settings.json").exists():
            _take_up(folder, written)
        else:
            _require_free(folder)
            write_json(folder / "settings.json", written)
    except OSError as error:
        raise unusable(folder, error) from error
    return Record(folder)


def _require_free(folder: Path) -> None:
    foreign = [name for name in FILES if (folder / name).exists()]
    if foreign:
        raise RecordError(f"{folder} holds {foreign[0]} but no settings.json; choose another folder for this run")


def _take_up(folder: Path, settings: Mapping[str, Any]) -> None:
    """The run that is in the folder, if it is this one.

    What tells of its end goes first: killed before the settings are written, it is over again as soon as it is opened
    as it was.
    """
    before, now = flattened(read_json(folder / "settings.json")), flattened(settings)
    differing = _differing(before, now)
    if list(differing) == [STEPS] and _may_go_on(before, now):
        with alone_in(folder):
            for name in ("summary.json", PROBE, SAVING):
                (folder / name).unlink(missing_ok=True)
            write_json(folder / "settings.json", settings)
    elif differing:
        more = f", or the same with more than {before[STEPS]} steps to go on with it" if _ends_as_due(before) else ""
        raise RecordError(
            f"{folder} holds a run with other settings: {'; '.join(differing.values())}. Nothing was changed. "
            f"Choose another folder, or give the same settings to resume that run{more}"
        )


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What is another setting there than here, in words."""
    return {
        name: f"{name} is {before.get(name, 'absent')} there and {now.get(name, 'absent')} here"
        for name in [*now, *(name for name in before if name not in now)]
        if name not in MOVABLE and before.get(name, _ABSENT) != now.get(name, _ABSENT)
    }


def _may_go_on(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a run is asked for more steps than it was, and may be."""
    return _ends_as_due(before) and before[STEPS] < now[STEPS]


def _ends_as_due(settings: Mapping[str, Any]) -> bool:
    """Whether a run's last evaluation is one that a longer run has too: every run is evaluated at its last step."""
    return {STEPS, EVERY} <= set(settings) and settings[STEPS] % settings[EVERY] == 0


_ABSENT = object()
