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
HOW_IT_BEGAN = ("device", "dtype", "generator", "initialiser")
"""Options of a layer that say how it runs, or where and how it began, and not what it is: they stay behind."""


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
    left = {*HOW_IT_RUNS, *HOW_IT_BEGAN}
    values["options"] = {name: value for name, value in values["options"].items() if name not in left}
    config = {"format": FORMAT, "holdfast": holdfast.__version__, "model": values, **(more or {})}
    return {WEIGHTS: as_safetensors(plain_weights(model)), CONFIG: (json.dumps(config, indent=2) + "\n").encode()}


def load(folder: Path | str) -> Model:
    """The model that `holdfast export` or `save` has written, in evaluation mode, on the CPU.

    It takes inputs (T, B, I), or symbols (T, B), and `lengths` (B,), and gives answers. Tensors and plain values are
    read, and no code, whatever is in the folder.

    Args:
        folder: with config.json and model.safetensors.

    Raises:
        ValueError: it is no folder, a file is missing or damaged, or the weights are not those of the model.
    """
    folder = Path(folder)
    if folder.is_file():
        raise ValueError(f"expected the folder of an exported model, got the file {folder}; give {folder.parent}")
    blueprint, weights = _described(folder / CONFIG), _weights(folder / WEIGHTS)
    _check_sizes(blueprint, weights, folder)
    _fill(_built(blueprint, folder, "meta"), weights, folder, assign=True)
    model = _built(blueprint, folder, "cpu")
    if any(value.dtype == torch.float64 for value in weights.values()):
        model.to(torch.float64)
    _fill(model, weights, folder)
    return model.eval()


def plain_weights(model: Model) -> dict[str, Tensor]:
    """Every parameter and buffer by name, on the CPU, each with memory of its own."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}


def _described(path: Path) -> Blueprint:
    """What a config says of its model."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if config["format"] != FORMAT:
            raise ValueError(f"format {config['format']!r}, and this version of holdfast reads format {FORMAT}")
        blueprint = Blueprint.from_dict(config["model"])
        if found := [name for name in {**blueprint.options} if name in HOW_IT_BEGAN]:
            raise ValueError(f"the option {found[0]}, which is no part of what a model is")
        return blueprint
    except FileNotFoundError:
        raise ValueError(
            f"expected an exported model in {path.parent}, found no {path.name}; `holdfast export RUN` writes one"
        ) from None
    except (KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        raise _no_config(path, error) from None


def _weights(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise ValueError(f"expected the weights in {path}, found no such file; export the model again") from None
    except (OSError, SafetensorError) as error:
        raise ValueError(
            f"expected weights in {path}, but it can't be read ({error}); export the model again"
        ) from None


def _check_sizes(blueprint: Blueprint, weights: Mapping[str, Tensor], folder: Path) -> None:
    """No size of the model is beyond the count of its weights: each layer, unit and channel has one at least."""
    values = {**blueprint.as_dict(), **blueprint.options}
    sizes = {
        name: value for name, value in values.items() if name.endswith("_size") or name in ("num_layers", "layers")
    }
    sizes |= {f"head_sizes[{k}]": value for k, value in enumerate(blueprint.head_sizes)}
    total = sum(value.numel() for value in weights.values())
    for name, value in sizes.items():
        if isinstance(value, int) and value > total:
            raise _other_weights(folder, f"{name} is {value}, and there are {total} numbers")


def _built(blueprint: Blueprint, folder: Path, device: str) -> Model:
    """The model of a blueprint, its weights not yet those that were saved; on "meta" it takes no memory."""
    try:
        with torch.device(device):
            return blueprint.build(torch.Generator("cpu"))
    except Exception as error:  # a value of the wrong kind leads to any kind of error, deep in the model
        raise _no_config(folder / CONFIG, error) from error


def _fill(model: Model, weights: Mapping[str, Tensor], folder: Path, *, assign: bool = False) -> None:
    """Gives the model its weights; to one on "meta" they are assigned, which compares their names and shapes."""
    try:
        model.load_state_dict(weights, assign=assign)
    except RuntimeError as error:
        raise _other_weights(folder, " ".join(str(error).split())) from None


def _no_config(path: Path, error: Exception) -> ValueError:
    return ValueError(f"expected the config of an exported model in {path}, but it holds something else ({error})")


def _other_weights(folder: Path, reason: str) -> ValueError:
    return ValueError(f"the weights in {folder / WEIGHTS} are not those of the model in {CONFIG}: {reason}")
