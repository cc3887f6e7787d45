"""A model as two files: what it is in `config.json`, its weights in `model.safetensors`. Neither holds code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as as_safetensors
from torch import Tensor

import holdfast
from holdfast.models import Blueprint, Model
from holdfast.training.files import place_all

CONFIG, WEIGHTS = "config.json", "model.safetensors"
FORMAT = 1
HOW_IT_RUNS = ("backend", "recompute")
"""Options of a layer that say how it runs and not what it is: they stay behind."""


def save(model: Model, blueprint: Blueprint, folder: Path | str) -> None:
    """Writes a model so that `holdfast.load` gives it back, on any machine.

    Args:
        model: as the blueprint builds it, at its start or trained.
        blueprint: what it is.
        folder: made if it is not there; files of these names are replaced.
    """
    place_all(saved_files(model, blueprint), Path(folder))


def saved_files(model: Model, blueprint: Blueprint, more: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """The two files by name, the config last: a folder that has one is whole.

    Args:
        model, blueprint: as for `save`.
        more: what else the config is to say.
    """
    values = blueprint.as_dict()
    values["options"] = {name: value for name, value in values["options"].items() if name not in HOW_IT_RUNS}
    config = {"format": FORMAT, "holdfast": holdfast.__version__, "model": values, **(more or {})}
    return {WEIGHTS: as_safetensors(plain_weights(model)), CONFIG: (json.dumps(config, indent=2) + "\n").encode()}


def load(folder: Path | str) -> Model:
    """The model that `holdfast export` or `save` has written, in evaluation mode, on the CPU.

    It takes inputs (T, B, I), or symbols (T, B), and `lengths` (B,), and gives answers. Tensors and plain values are
    read, and no code, whatever is in the folder.

    Args:
        folder: with config.json and model.safetensors.

    Raises:
        ValueError: a file is missing or damaged, or the weights are not those of the model.
    """
    folder = Path(folder)
    model = _built(folder / CONFIG)
    path = folder / WEIGHTS
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise ValueError(f"expected the weights in {path}, found no such file; export the model again") from None
    except (OSError, SafetensorError) as error:
        raise ValueError(
            f"expected weights in {path}, but it can't be read ({error}); export the model again"
        ) from None
    if any(value.dtype == torch.float64 for value in weights.values()):
        model.to(torch.float64)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"the weights in {path} are not those of the model in {CONFIG}: {reason}") from None
    return model.eval()


def plain_weights(model: Model) -> dict[str, Tensor]:
    """Every parameter and buffer by name, on the CPU, each with memory of its own."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}


def _built(path: Path) -> Model:
    """The model that a config describes, its weights not yet those that were saved."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if config["format"] != FORMAT:
            raise ValueError(f"format {config['format']!r}, and this version of holdfast reads format {FORMAT}")
        return Blueprint.from_dict(config["model"]).build(torch.Generator())
    except FileNotFoundError:
        raise ValueError(
            f"expected an exported model in {path.parent}, found no {path.name}; `holdfast export RUN` writes one"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"expected the config of an exported model in {path}, but it holds something else ({error})"
        ) from None
