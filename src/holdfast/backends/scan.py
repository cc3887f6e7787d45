"""The parallel scan: all steps of a linear recurrence at once."""

import torch
from torch import Tensor

from holdfast.backends.backend import Backend, Work, zero_beyond
from holdfast.backends.native import transformed
from holdfast.backends.recurrence import linear_recurrence
from holdfast.backends.reference import over_segments
from holdfast.cells import Cell, LinearCell

FEWEST_STEPS = 12
"""From how many steps on a scan beats the loop in the reference: measured, forward and backward, on the CPU."""

WIDEST_STEP = 8192
"""From how many real numbers a step on, over all rows, it no longer does: a step of the loop stays in the cache."""


class Scan(Backend):
    """Computes a memory that is linear in its past in O(log T) operations over the whole sequence.

    It takes any cell that gives its coefficients, and needs no compiler. On the CPU a kernel is as fast or up to three
    times faster, so "auto" comes to it where there is none; the loop of the reference it beats by up to 100 times, the
    more so the longer the sequence and the fewer the numbers of a step.
    """

    name = "scan"

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        kind = type(cell)
        if not isinstance(cell, LinearCell) or kind.step is not LinearCell.step:
            return f"the step of {kind.__name__} is not given by coefficients that are linear in the state"
        if work is not None and work.reset is not None and not cell.begins_from_zeros:
            return f"{kind.__name__} resets to a state of its own, not to zeros"
        if work is not None and transformed():
            return "the scan does not run under torch.func transforms, torch.compile or export"
        return None

    def disadvantage(self, cell: Cell, work: Work) -> str | None:
        rows, width = work.state[-1].shape
        if len(work.x) < FEWEST_STEPS:
            return f"over {len(work.x)} steps a loop is as fast"
        if work.x.device.type == "cpu" and rows * width >= WIDEST_STEP and not is_complex(cell):
            return f"with {rows} rows of {width} numbers at a step a loop is as fast"
        return None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        return over_segments(scan_segment, cell, work)


def scan_segment(
    cell: LinearCell, x: Tensor, state: tuple[Tensor, ...], valid: Tensor | None, reset: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """x (T, B, I) and a state to outputs (T, B, width) and the last state."""
    p, initial = cell.project(x), state[-1]
    a, b = cell.coefficients(p)
    a, b = (as_complex(cell, term.to(initial.dtype)) for term in (a, b))  # under autocast they are narrower
    if reset is not None:
        a = torch.where(reset.unsqueeze(-1), 0, a)
    if valid is not None:  # beyond its end a row keeps what it has
        a, b = torch.where(valid.unsqueeze(-1), a, 1), torch.where(valid.unsqueeze(-1), b, 0)
    rows = a.shape[1] if a.dim() == 3 else 1
    memory = as_pairs(cell, linear_recurrence(a.expand(len(b), rows, -1), b, as_complex(cell, initial)))
    output = cell.read(p, memory)
    if valid is not None:
        output = zero_beyond(output, valid)
    ends = (memory[-1],) if len(state) == 1 else (last_output(output, state[0], valid), memory[-1])
    return output, cell.make_state(ends)


def is_complex(cell: Cell) -> bool:
    """Whether a cell's memory holds complex numbers."""
    return isinstance(cell, LinearCell) and cell.complex_memory


def as_complex(cell: LinearCell, value: Tensor) -> Tensor:
    """Pairs (..., 2N) as complex numbers (..., N), if the cell's memory is complex."""
    return torch.complex(*value.chunk(2, -1)) if cell.complex_memory else value


def as_pairs(cell: LinearCell, value: Tensor) -> Tensor:
    """The inverse of `as_complex`."""
    return torch.cat([value.real, value.imag], -1) if cell.complex_memory else value


def last_output(output: Tensor, before: Tensor, valid: Tensor | None) -> Tensor:
    """The output of each row's last valid step, or that before the first step for a row that has none."""
    if valid is None:
        return output[-1]
    lengths = valid.sum(0).unsqueeze(-1)
    ends = (lengths - 1).clamp(min=0).unsqueeze(0).expand(1, *output.shape[1:])
    return torch.where(lengths > 0, output.gather(0, ends).squeeze(0), before)
