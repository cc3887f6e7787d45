"""Generated C++: any cell's step, forward and backward, as one kernel over the whole sequence."""

import functools

import torch
from torch import Tensor, nn
from torch.func import functional_call

from holdfast.backends import ops
from holdfast.backends.backend import Backend, Work, zero_beyond
from holdfast.backends.kernel import Kernel, Masks
from holdfast.backends.kernels import Kernels
from holdfast.backends.native import differentiated_by_function
from holdfast.backends.reference import unroll_steps
from holdfast.backends.unroll import Run
from holdfast.cells import Cell

KERNELS = Kernels()
HALVES = (torch.bfloat16, torch.float16)


class Compiled(Backend):
    """The kernel that the compiler writes for a cell, on the CPU.

    Gradients are by kernel too; where a gradient is to be differentiated itself, it goes through the reference.

    Args:
        kernels: where kernels are kept; those of the process unless given.
    """

    name = "compiled"

    def __init__(self, kernels: Kernels = KERNELS):
        self.kernels = kernels

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        device = next((p.device.type for p in cell.parameters()), "cpu") if work is None else work.x.device.type
        if device != "cpu":
            return f"kernels run on the CPU, not on {device}"
        if work is not None and work.reset is not None and not cell.begins_from_zeros:
            return f"{type(cell.unmodified).__name__} resets to a state of its own, not to zeros"
        if work is not None and differentiated_by_function():
            return "kernels do not run under torch.func transforms"
        kernel = self.kernels.of(cell)
        return kernel if isinstance(kernel, str) else None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        kernel = self.kernels.of(cell)
        assert isinstance(kernel, Kernel)
        if torch.compiler.is_compiling():
            return unroll_in_graph(cell, work, facts_of(kernel))

        def run(x: Tensor, state: list[Tensor], parameters: list[Tensor]) -> tuple[Tensor, ...]:
            reference = functools.partial(by_reference, Step(cell, kernel), work.valid, work.reset)
            return Run(kernel, len(state), masks_of(work), work.recompute, reference)(x, state, parameters)

        return convert_and_run(cell, work, kernel.program.dtype, kernel.program.from_input, run)


KernelFacts = tuple[str, torch.dtype, bool]
"""What a graph of torch's needs to know of a kernel: its name, its dtype, and whether it takes x and not p."""


def facts_of(kernel: Kernel) -> KernelFacts:
    """What a graph needs to know of a kernel, which from now on is known by its name."""
    return ops.name_of(kernel), kernel.program.dtype, kernel.program.from_input


def unroll_in_graph(cell: Cell, work: Work, facts: KernelFacts) -> tuple[Tensor, tuple[Tensor, ...]]:
    """`Compiled.unroll` as tracers of torch's see it: one operation."""

    def run(x: Tensor, state: list[Tensor], parameters: list[Tensor]) -> tuple[Tensor, ...]:
        masks = masks_of(work)
        held = (masks.lengths, masks.order, masks.reset)
        output, *last, _ = ops.unroll(facts[0], torch.is_grad_enabled(), work.recompute, x, state, parameters, *held)
        return output, *last

    return convert_and_run(cell, work, *facts[1:], run)


def convert_and_run(
    cell: Cell, work: Work, dtype: torch.dtype, from_input: bool, run
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """`run` on arrays as the kernel takes them, and its results as the caller expects them."""
    given = work.x.dtype
    x = work.x if from_input else cell.project(work.filled)
    with torch.autocast("cpu", enabled=False):
        held = (*cell.parameters(), *cell.buffers())
        x, *tensors = [in_dtype(tensor, dtype) for tensor in (x, *work.state, *held)]
        output, *last = run(x, tensors[: len(work.state)], tensors[len(work.state) :])
    if given in HALVES and not torch.is_autocast_enabled("cpu"):
        output, *last = [tensor.to(given) for tensor in (output, *last)]
    return output, cell.make_state(last)


def in_dtype(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A dense tensor in a kernel's dtype; whole numbers, such as the indices that a buffer holds, stay as they are."""
    return (tensor.to(dtype) if tensor.is_floating_point() else tensor).contiguous()


def masks_of(work: Work) -> Masks:
    """The masks of a work as kernels take them."""
    reset = None if work.reset is None else work.reset.contiguous()
    if work.valid is None:
        return Masks(reset=reset)
    lengths = work.valid.sum(0)
    return Masks(lengths, lengths.argsort(descending=True), reset)


class Step(nn.Module):
    """A cell's step from what its kernel begins with, for calls with other parameters."""

    def __init__(self, cell: Cell, kernel: Kernel):
        super().__init__()
        self.cell, self.from_input = cell, kernel.program.from_input
        self.names = [f"cell.{name}" for name in kernel.program.parameters]

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self.cell.next_state(self.cell.project(x) if self.from_input else x, state)


def by_reference(step: Step, valid: Tensor | None, reset: Tensor | None, tensors) -> tuple[Tensor, ...]:
    """The unroll in plain PyTorch from (x or p, states, parameters)."""
    x, *rest = tensors
    x = x if valid is None else zero_beyond(x, valid)
    count = len(step.cell.state_sizes)
    values = dict(zip(step.names, rest[count:], strict=True))

    def advance(part: Tensor, state) -> tuple[Tensor, ...]:
        return functional_call(step, values, (part, state))

    output, last = unroll_steps(step.cell, advance, x, rest[:count], valid, reset)
    return output, *last
