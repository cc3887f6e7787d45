"""A run's folder opened again: its settings, its task, and its model as it is by now."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from holdfast.cli.build import Named, build_model, build_task, entry_of
from holdfast.cli.errors import UserError
from holdfast.cli.objectives import build_learner, objective_choice
from holdfast.cli.options import model_choice
from holdfast.models import Model
from holdfast.tasks import Task
from holdfast.training import Choice, Record
from holdfast.training.checkpoint import load_checkpoint


@dataclass(frozen=True)
class Reopened:
    """A run, by what its folder says.

    Args:
        folder: its record.
        settings: as they stand in settings.json.
        task: what it is trained on.
        choice: the model's name and options.
        model: with the weights that were best on the validation set.
        step: how many updates these weights have had.
    """

    folder: Path
    settings: dict[str, Any]
    task: Task
    choice: Choice
    model: Model
    step: int

    @property
    def seed(self) -> int:
        return self.settings["seed"]

    @property
    def entry(self) -> Named:
        """The model's entry in the catalogue."""
        return entry_of(self.choice.name)

    def untrained(self) -> Model:
        """The model as it was before the first update."""
        return build_model(self.choice, self.task, self.seed)


def reopen(folder: Path) -> Reopened:
    """The run in a folder.

    Raises:
        UserError: there is no run, or it has no checkpoint yet.
        ValueError: its settings or its checkpoint can't be read.
    """
    settings = _settings(folder)
    try:
        task = build_task(Choice.from_dict(settings["task"]))
        named = dict(settings["model"])
        choice = model_choice(named.pop("name"), named)
        objective = objective_choice(settings["objective"]) if "objective" in settings else None
        seed = int(settings["seed"])
        int(settings["training"]["batch_size"])  # told by the card of an export
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder / 'settings.json'} is not what a run writes ({error}); restore it") from None
    model = build_model(choice, task, seed)
    step = _load(Record(folder), build_learner(objective, model, seed, endless=task.endless))
    return Reopened(folder, settings, task, choice, model.eval(), step)


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "settings.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        inside = sorted(found.parent for found in folder.rglob("settings.json")) if folder.is_dir() else []
        hint = f"; did you mean {inside[0]}?" if inside else "; `holdfast train` writes one"
        what = "is no run: it has no settings.json" if folder.is_dir() else "is no folder"
        raise UserError(f"expected the folder of a run, but {folder} {what}{hint}") from None
    except (ValueError, RecursionError, IsADirectoryError) as error:
        raise UserError(f"{path} is damaged ({error}); restore it, or choose another run") from None


def _load(record: Record, learner: nn.Module) -> int:
    """Gives the learner the best weights, or those of the last checkpoint; how many updates they have had."""
    path, told = (record.best, "measures") if record.best.exists() else (record.checkpoint, "history")
    if not path.exists():
        raise UserError(
            f"{record.folder} has no checkpoint: the run has not come to its first evaluation, or the file is gone; "
            "train it further with the same `holdfast train` command"
        )
    state = load_checkpoint(path)
    try:
        step = int(state[told]["step"])
        learner.load_state_dict(state["model"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not what a run writes ({error}); restore it") from None
    except RuntimeError as error:
        raise UserError(
            f"the checkpoint in {record.folder} is not of the model in its settings.json "
            f"({str(error).splitlines()[0]}); was it written by another version?"
        ) from None
    return step
