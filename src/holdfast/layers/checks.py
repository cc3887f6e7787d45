"""What a layer refuses, in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from holdfast.backends.backend import autocasts
from holdfast.cells import Cell

if TYPE_CHECKING:
    from holdfast.layers.recurrent import Recurrent


def check_input(layer: "Recurrent", input: Tensor | PackedSequence) -> None:
    """Raise a ValueError unless a layer takes such an input."""
    name, packed = type(layer).__name__, isinstance(input, PackedSequence)
    x = input.data if isinstance(input, PackedSequence) else input
    axes = "steps" if packed else "batch, time" if layer.batch_first else "time, batch"
    expected = f"{name} expects input ({axes}, {layer.input_size})"
    if not isinstance(x, Tensor):
        raise ValueError(f"{expected}, a tensor or packed, got {type(x).__name__}; try torch.as_tensor()")
    if x.dim() not in ((2,) if packed else (2, 3)) or x.shape[-1] != layer.input_size:
        other = "time" if layer.batch_first else "batch"
        hint = "" if packed else f"; pass batch_first={not layer.batch_first} if the first axis is the {other}"
        raise ValueError(f"{expected}, got {tuple(x.shape)}{hint}")
    if 0 in x.shape:
        raise ValueError(f"{name} expects at least one step and one row, got {tuple(x.shape)}")
    weight = next(layer.parameters(), None)
    if weight is not None and x.device != weight.device:
        raise ValueError(
            f"input is on {x.device} but the layer on {weight.device}; move one of them with .to({str(x.device)!r})"
        )
    if weight is not None and x.dtype != weight.dtype and not autocasts(x.device):
        which = f"one of them with .to({x.dtype})" if x.is_floating_point() else f"the input with .to({weight.dtype})"
        raise ValueError(f"input has dtype {x.dtype} but the layer {weight.dtype}; convert {which}")


def check_state(layer: "Recurrent", parts: tuple, expected: Mapping[str, tuple[int, ...]], x: Tensor) -> None:
    """Raise a ValueError unless the parts of a state have the expected shapes and go with the input x."""
    found = [tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__ for part in parts]
    if found != list(expected.values()):
        wanted = ", ".join(f"{name} {shape}" for name, shape in expected.items())
        raise ValueError(f"{type(layer).__name__} expects the state {wanted}, got {', '.join(map(str, found))}")
    wrong = [str(part.dtype) for part in parts if part.dtype != x.dtype]
    elsewhere = [str(part.device) for part in parts if part.device != x.device]
    if elsewhere:
        raise ValueError(f"the state is on {elsewhere[0]} but the input on {x.device}; move one of them with .to()")
    if wrong and not autocasts(x.device):
        raise ValueError(f"the state has dtype {wrong[0]} but the input {x.dtype}; convert one of them with .to()")


def check_hooks(cell: Cell) -> None:
    """Raise a ValueError if something waits for a cell to be called: layers use its `project` and `step`."""
    for module in cell.modules():
        if isinstance(module, Cell) and (module._forward_pre_hooks or module._forward_hooks):
            raise ValueError(
                f"{type(module).__name__} has forward hooks, which never run: a layer calls a cell's project and step, "
                "not the cell; torch.nn.utils.parametrizations has weight_norm and spectral_norm that work here, and "
                "torch.nn.utils.parametrize.register_parametrization takes a mask in place of torch.nn.utils.prune"
            )
