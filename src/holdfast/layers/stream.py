"""A layer's single steps, without repeating the work that is the same at every step."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from holdfast.backends import Compiled
from holdfast.backends.choose import choose
from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernel import Kernel
from holdfast.backends.native import transformed
from holdfast.backends.session import Session

if TYPE_CHECKING:
    from holdfast.layers.recurrent import Recurrent

SESSIONS: WeakKeyDictionary = WeakKeyDictionary()


def step_quickly(layer: "Recurrent", x: Tensor, state):
    """(output, state) of one step through prepared kernels, or None if the general way must be taken.

    Args:
        layer: in one direction.
        x: (B, I) or (I,).
        state: as `Recurrent.step` takes it.
    """
    if torch.is_grad_enabled() or torch.is_autocast_enabled("cpu") or transformed():
        return None
    if layer.num_layers > 1 and ((layer.dropout and layer.training) or layer._shared):
        return None
    batch = x.shape[0] if x.dim() == 2 else 1
    made_for, sessions = SESSIONS.get(layer, (None, []))
    wanted = (batch, x.dtype, layer.backend, [cell.training for cell in layer.cells])
    if made_for != wanted:
        sessions = sessions_for(layer, x, batch)
        SESSIONS[layer] = (wanted, sessions)
    if not sessions or x.shape[-1] != layer.input_size or not x.is_contiguous() or x.device.type != "cpu":
        return None
    shapes = [(len(sessions), *x.shape[:-1], width) for width in sessions[0].widths]
    if state is None:
        parts = [x.new_zeros(shape) for shape in shapes]
    else:
        parts = [state] if isinstance(state, Tensor) else list(state)
    if len(parts) != len(shapes) or not all(map(fits, parts, shapes, [x.dtype] * len(parts))):
        return None
    return run(sessions, x, parts)


def fits(part: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> bool:
    """Whether a state can be read as it is; whatever else is right or wrong with it, the general way knows."""
    return part.shape == shape and part.dtype == dtype and part.is_contiguous() and part.device.type == "cpu"


def run(sessions: list[Session], x: Tensor, parts: list[Tensor]):
    """A step of every cell, one on top of the other."""
    widths, batch = sessions[0].widths, sessions[0].batch
    layers = (len(sessions), batch) if x.dim() == 2 else (len(sessions),)
    new = [x.new_empty((*layers, width)) for width in widths]
    before, after = [part.data_ptr() for part in parts], [part.data_ptr() for part in new]
    strides = [batch * width * x.element_size() for width in widths]
    for k, session in enumerate(sessions):
        output = x.new_empty((*x.shape[:-1], widths[0]))
        session.step(
            x,
            [at + k * stride for at, stride in zip(before, strides, strict=True)],
            output.data_ptr(),
            [at + k * stride for at, stride in zip(after, strides, strict=True)],
        )
        x = output
    return x, new[0] if len(new) == 1 else sessions[0].cell.make_state(new)


def sessions_for(layer: "Recurrent", x: Tensor, batch: int) -> list[Session]:
    """A session for every cell of a layer; none if one of the cells has no kernel in the input's dtype, or draws."""
    made = []
    for k in range(len(layer.cells)):
        cell = layer._cell(k)
        kernel = KERNELS.of(cell) if isinstance(choose(layer.backend, cell).backend, Compiled) else None
        if not isinstance(kernel, Kernel) or kernel.program.dtype != x.dtype or changes_unseen(cell, x.dtype):
            return []
        if cell.training and not kernel.program.from_input:  # its chance may be in a buffer, which would be kept
            return []
        made.append(Session(cell, kernel, batch))
    return made


def changes_unseen(cell, dtype: torch.dtype) -> bool:
    """Whether a cell's parameters are of another dtype, or keep no count of their changes."""
    return any(v.is_inference() or (v.is_floating_point() and v.dtype != dtype) for v in cell.parameters())
