"""How a model learns: the loop, its schedules, checkpoints, and the record of a run.

Names are imported when they are first used: the settings alone do not need torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.training.checkpoint import CheckpointError
    from holdfast.training.progress import automatic, silent
    from holdfast.training.record import Record, RecordError, Summary
    from holdfast.training.run import ModelCard, train
    from holdfast.training.settings import Choice, RunSettings, TrainingSettings

__all__ = [
    "CheckpointError",
    "Choice",
    "ModelCard",
    "Record",
    "RecordError",
    "RunSettings",
    "Summary",
    "TrainingSettings",
    "automatic",
    "silent",
    "train",
]

_HOME = {
    "checkpoint": ("CheckpointError",),
    "progress": ("automatic", "silent"),
    "record": ("Record", "RecordError", "Summary"),
    "run": ("ModelCard", "train"),
    "settings": ("Choice", "RunSettings", "TrainingSettings"),
}


def __getattr__(name: str):
    for home, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
