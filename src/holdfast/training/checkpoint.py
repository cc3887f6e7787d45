"""Where a run can be taken up again: tensors and plain numbers, in files that are whole or absent."""

from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from torch import nn
from torch.optim import Optimizer

from holdfast.tasks import Task
from holdfast.training.files import write_whole
from holdfast.training.history import History
from holdfast.training.record import Record


class CheckpointError(ValueError):
    """A checkpoint that can't be read, with what to do about it."""


def keep(record: Record, model: nn.Module, optimiser: Optimizer, history: History, task: Task) -> None:
    """Writes where the run stands; before that the weights, if they are the best so far.

    A kill between the two does no harm: the run resumes from the older checkpoint and writes the same best weights.
    """
    best = history.best(task)
    if best is not None and best["step"] == history.step:
        save_checkpoint(record.best, {"model": model.state_dict(), "measures": best})
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "history": asdict(history)}
    save_checkpoint(record.checkpoint, state)


def resume(record: Record, model: nn.Module, optimiser: Optimizer) -> History:
    """Brings model and optimiser to where the run stands; a fresh history if it has not begun.

    Raises:
        CheckpointError: the checkpoint can't be read.
    """
    if not record.checkpoint.exists():
        return History()
    state = load_checkpoint(record.checkpoint)
    _load_weights(record.checkpoint, state, model)
    optimiser.load_state_dict(state["optimiser"])
    return History(**state["history"])


def load_best(record: Record, model: nn.Module) -> None:
    """Gives the model the weights with the best validation metric.

    Raises:
        CheckpointError: best.pt can't be read.
    """
    _load_weights(record.best, load_checkpoint(record.best), model)


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes tensors, numbers, lists and dicts; an older file of that name is replaced at one stroke."""
    write_whole(path, lambda file: torch.save(content, file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads what `save_checkpoint` wrote, onto the CPU; no code in the file is run.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        _require_intact(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, though the run wrote it. Put it back, or choose another folder to train from the start"
        ) from None
    except Exception as error:  # torch raises half a dozen kinds, depending on where the damage lies
        raise CheckpointError(
            f"{path} can't be read: it is truncated or damaged, or no checkpoint ({type(error).__name__}). "
            f"Nothing was changed. Put a good copy in its place, or choose another folder to train from the start"
        ) from error


def _require_intact(path: Path) -> None:
    """Compares the checksums that torch writes into its archives but does not read again."""
    with ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise BadZipFile


def _load_weights(path: Path, state: dict[str, Any], model: nn.Module) -> None:
    try:
        model.load_state_dict(state["model"])
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} holds the weights of another model ({str(error).splitlines()[0]}). Nothing was changed. "
            f"Choose another folder for this run"
        ) from error
