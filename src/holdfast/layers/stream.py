"""A layer's single steps, without repeating the work that is the same at every step."""

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from holdfast.backends import Compiled
from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernel import Kernel
from holdfast.backends.native import transformed
from holdfast.backends.session import Session, Watch
from holdfast.layers.sequence import parts

if TYPE_CHECKING:
    from holdfast.layers.recurrent import Recurrent


class Stream:
    """What one thread has prepared for the steps of a layer as it stands.

    Args:
        layer: whose steps these are.
        dtype: of its input.
        kernels: of its cells.
    """

    def __init__(self, layer: "Recurrent", dtype: torch.dtype, kernels: list[Kernel]):
        cells = [layer._cell(k) for k in range(len(layer.cells))]
        self.cells, self.watch = layer.cells, Watch(layer.cells)
        self.dtype, self.backend, self.process = dtype, layer.backend, os.getpid()
        self.sessions = [Session(cell, kernel) for cell, kernel in zip(cells, kernels, strict=True)]
        self.widths, self.make_state = self.sessions[0].widths, cells[0].make_state
        self.from_zeros = all(cell.begins_from_zeros for cell in cells)

    def is_for(self, layer: "Recurrent", dtype: torch.dtype) -> bool:
        """Whether the layer is still as it was, its input of the same kind, and this not a forked child.

        A child shares its work among threads in another way.
        """
        same = self.dtype == dtype and self.backend == layer.backend and self.process == os.getpid()
        return same and self.cells is layer._modules["cells"] and self.watch.unchanged()

    def wants_gradient(self) -> bool:
        """Whether one of the parameters does."""
        return any(v.requires_grad for v in self.watch.tensors)

    def run(self, x: Tensor, state: list[Tensor]):
        """A step of every cell, one on top of the other, from dense x and states."""
        rows, widths, size = tuple(x.shape[:-1]), self.widths, x.element_size()
        batch = rows[0] if rows else 1
        new = [x.new_empty((len(self.sessions), *rows, width)) for width in widths]
        before, after = [part.data_ptr() for part in state], [part.data_ptr() for part in new]
        for session in self.sessions:
            output = x.new_empty((*rows, widths[0]))
            session.step(x, batch, before, output.data_ptr(), after)
            for part, width in enumerate(widths):
                before[part] += batch * width * size
                after[part] += batch * width * size
            x = output
        return x, new[0] if len(new) == 1 else self.make_state(new)


class Streams(threading.local):
    """The streams of a thread, by layer."""

    def __init__(self):
        self.by_layer: WeakKeyDictionary[Recurrent, Stream] = WeakKeyDictionary()


STREAMS = Streams()


def step_quickly(layer: "Recurrent", x: Tensor, state):
    """(output, state) of one step through prepared kernels, or None if the general way must be taken.

    Args:
        layer: in one direction.
        x: (B, I) or (I,).
        state: as `Recurrent.step` takes it.
    """
    if torch.is_autocast_enabled("cpu") or transformed():
        return None
    if not is_plain(x, x.dtype) or 0 in x.shape or x.shape[-1] != layer.input_size:
        return None
    if layer.num_layers > 1 and layer.dropout and layer.training:
        return None
    stream = STREAMS.by_layer.get(layer)
    if stream is None or not stream.is_for(layer, x.dtype):
        stream = new_stream(layer, x.dtype)
    if stream is None:
        return None
    before = state_of(stream, layer, x, state)
    if before is None or (torch.is_grad_enabled() and (wanted(x, *before) or stream.wants_gradient())):
        return None
    return stream.run(x.contiguous(), [part.contiguous() for part in before])


def is_plain(tensor: Tensor, dtype: torch.dtype) -> bool:
    """Whether a kernel can read a tensor; whatever else is right or wrong with it, the general way knows."""
    return type(tensor) is Tensor and tensor.dtype == dtype and tensor.device.type == "cpu"


def wanted(*tensors: Tensor) -> bool:
    """Whether the gradient of one of them is."""
    return any(tensor.requires_grad for tensor in tensors)


def state_of(stream: Stream, layer: "Recurrent", x: Tensor, state) -> list[Tensor] | None:
    """The parts of a state, or of that before the first step; None if they do not fit."""
    rows = (len(stream.sessions), *x.shape[:-1])
    if state is None and stream.from_zeros:
        return [x.new_zeros((*rows, width)) for width in stream.widths]
    if state is None:
        own = parts(layer.initial_state(x.shape[0] if x.dim() == 2 else 1, like=x))
        return [part.view(*rows, width) for part, width in zip(own, stream.widths, strict=True)]
    given = list(parts(state))
    if len(given) != len(stream.widths):
        return None
    for part, width in zip(given, stream.widths, strict=True):
        if not is_plain(part, x.dtype) or part.shape != (*rows, width):
            return None
    return given


def new_stream(layer: "Recurrent", dtype: torch.dtype) -> Stream | None:
    """A stream of this thread's; None if a gradient is wanted or one of the cells has no kernel that can serve."""
    if torch.is_grad_enabled() and wanted(*layer.parameters()):
        return None
    kernels = [kernel_for(layer, k, dtype) for k in range(len(layer.cells))]
    found = [kernel for kernel in kernels if kernel is not None]
    if len(found) < len(kernels) or (layer.num_layers > 1 and layer._shared):
        return None
    stream = STREAMS.by_layer[layer] = Stream(layer, dtype, found)
    return stream


def kernel_for(layer: "Recurrent", k: int, dtype: torch.dtype) -> Kernel | None:
    """The kernel of cell `k`; None if it has none in that dtype, or may draw, or changes without a trace."""
    cell = layer._cell(k)
    kernel = KERNELS.of(cell) if isinstance(layer._choose(k).backend, Compiled) else None
    if not isinstance(kernel, Kernel) or kernel.program.dtype != dtype:
        return None
    if cell.training and not kernel.program.from_input:  # its chance may be in a buffer, which would be kept
        return None
    unseen = any(v.is_inference() or (v.is_floating_point() and v.dtype != dtype) for v in cell.parameters())
    return None if unseen else kernel
