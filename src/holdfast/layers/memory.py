"""How much memory a backward pass through kernels needs."""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernel import Kernel, threads_for
from holdfast.layers.sequence import Padded

if TYPE_CHECKING:
    from holdfast.layers.recurrent import Recurrent


@dataclass(frozen=True)
class Memory:
    """Bytes that a backward pass needs beyond parameters, input and output, and the gradients of these.

    Where sequences have lengths it is the most: what lies beyond the ends is set aside, but perhaps never touched. What
    a cell computes in torch before its kernel runs, such as a matrix exponential or masks that it draws, comes on top.

    Args:
        kept: what is held from the forward pass until the backward pass.
        working: what the backward pass takes besides while it runs.
    """

    kept: int
    working: int

    @property
    def total(self) -> int:
        return self.kept + self.working

    def __str__(self) -> str:
        more = f", {in_words(self.working)} of it only while it runs" if self.working else ""
        return f"a backward pass needs {in_words(self.total)}{more}"


def in_words(count: int) -> str:
    """Bytes in the largest unit of which there are ten or more."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= 10 * size:
            return f"{count / size:,.0f} {unit}"
    return f"{count:,} bytes"


def needed_for_backward(layer: "Recurrent", sequences: Padded, segment: int | None) -> Memory | None:
    """What a backward pass over `sequences` needs; None unless kernels run all of it.

    Args:
        layer: is run for a few steps, but left as it was.
        sequences: as the layer will get them.
        segment: steps that are recomputed together; None if nothing is.
    """
    kernels = [KERNELS.of(layer._cell(k)) for k in range(len(layer.cells))]
    found = [kernel for kernel in kernels if isinstance(kernel, Kernel)]
    if len(found) < len(kernels):
        return None
    needs_input = [k >= layer.directions or sequences.x.requires_grad for k in range(len(kernels))]
    busiest = max(working(kernel, sequences, segment, n) for kernel, n in zip(found, needs_input, strict=True))
    if layer.bidirectional:
        # the gradient of one direction's output is made dense, that of the other's is turned round; with recomputation
        # the outputs of both were joined and not kept, but their memory is held for the next that need it
        steps, batch = sequences.x.shape[:2]
        arrays = 2 if segment is None else 3
        busiest += arrays * steps * batch * found[0].program.layout.states[0] * found[0].program.dtype.itemsize
    return Memory(kept(layer, sequences, segment), busiest)


def working(kernel: Kernel, sequences: Padded, segment: int | None, needs_input: bool) -> int:
    """What the backward pass of one cell takes while it runs."""
    program, (steps, batch, _) = kernel.program, sequences.x.shape
    layout = program.layout
    wanted, together = needs_input or not program.from_input, steps if segment is None else min(segment, steps)
    numbers = layout.width * (steps if wanted else 0 if program.input_gradient_is_optional else together)
    if segment is not None:
        numbers += together * (layout.kept_size + layout.states[0])
    return (numbers * batch + threads_for(batch) * sum(layout.sums)) * program.dtype.itemsize


def kept(layer: "Recurrent", sequences: Padded, segment: int | None) -> int:
    """What is held from the forward pass until the backward pass.

    It grows by the same amount with every step, and with every segment: a + b steps + c segments. So runs over up to
    four steps tell what a run over all of them keeps.
    """
    steps = len(sequences.x)
    if steps <= 4:
        return kept_by(layer, sequences, segment)

    def short(steps: int, segment: int | None) -> int:
        return kept_by(layer, first_steps(sequences, steps), segment)

    if segment is None:
        two, four = short(2, None), short(4, None)
        return two + (four - two) // 2 * (steps - 2)
    two_in_two, four_in_two, four_in_four = short(2, 1), short(4, 2), short(4, 1)
    by_step, by_segment = (four_in_two - two_in_two) // 2, (four_in_four - four_in_two) // 2
    return two_in_two + by_step * (steps - 2) + by_segment * (-(-steps // segment) - 2)


def first_steps(sequences: Padded, steps: int) -> Padded:
    """The beginning of every sequence."""
    lengths = None if sequences.lengths is None else sequences.lengths.clamp(max=steps)
    reset = None if sequences.reset is None else sequences.reset[:steps]
    return Padded(sequences.x[:steps], lengths, reset)


def kept_by(layer: "Recurrent", sequences: Padded, segment: int | None) -> int:
    """Bytes that stay in memory from a forward pass over `sequences` until its backward pass."""
    x = sequences.x.detach().requires_grad_(sequences.x.requires_grad)
    sequences = Padded(x, sequences.lengths, sequences.reset)
    with torch.enable_grad(), torch.random.fork_rng(devices=[]), unchanged(list(layer.buffers())), watch() as saved:
        output, _ = layer._unroll(sequences, layer._to_cells(None, x, batched=True), segment)
    masks = [mask for mask in (sequences.lengths, sequences.reset) if mask is not None]
    there = {place(tensor) for tensor in (x, output, *layer.parameters(), *layer.buffers(), *masks)}
    return sum({place(t): t.untyped_storage().nbytes() for t in saved if place(t) not in there}.values())


@contextmanager
def watch():
    """A list of all tensors that are kept for a backward pass from now on."""
    saved: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        yield saved


@contextmanager
def unchanged(buffers: Sequence[Tensor]):
    """Put back what a forward pass changes in the buffers."""
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)


def place(tensor: Tensor) -> int:
    """Where the memory of a tensor is."""
    return tensor.untyped_storage().data_ptr()
