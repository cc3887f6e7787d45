"""The reference: the cell's own step in a Python loop. Readable, right for every cell, and slow."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from holdfast.backends.backend import Backend, Work, zero_beyond
from holdfast.cells import Cell


class Reference(Backend):
    """Runs `step` once for each time step; every other backend is checked against it."""

    name = "reference"

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        return None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        return over_segments(unroll_segment, cell, work)


def over_segments(unroll: Callable, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
    """`unroll` over the whole sequence, or segment by segment if activations are to be recomputed.

    Args:
        unroll: from a cell, x (T, B, I), a state, `valid` and `reset` to outputs and the last state.
    """
    x = work.filled
    if work.recompute is None:
        return unroll(cell, x, work.state, work.valid, work.reset)
    outputs, state = [], work.state
    for start in range(0, len(x), work.recompute):
        steps = slice(start, start + work.recompute)
        masks = (None if mask is None else mask[steps] for mask in (work.valid, work.reset))
        output, state = checkpoint(unroll, cell, x[steps], state, *masks, use_reentrant=False)
        outputs.append(output)
    return torch.cat(outputs), state


def unroll_segment(
    cell: Cell, x: Tensor, state: tuple[Tensor, ...], valid: Tensor | None, reset: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """x (T, B, I) and a state to outputs (T, B, width) and the last state."""
    return unroll_steps(cell, cell.stepper(), cell.project(x), state, valid, reset)


def unroll_steps(
    cell: Cell, advance: Callable, inputs: Tensor, state, valid: Tensor | None, reset: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The time loop itself.

    Args:
        cell: whose states these are.
        advance: `cell.next_state`, or the same with other parameters or from another input.
        inputs: what `advance` takes at each step, (T, B, ...).
        state, valid, reset: as in `Work`.
    """
    state, outputs = cell.make_state(state), []
    if reset is not None and valid is not None:
        reset = reset & valid  # beyond its end a row keeps the state that it has there
    fresh = None if reset is None else cell.initial_state(inputs.shape[1], like=state[0])
    for t, p in enumerate(inputs):
        if reset is not None:
            state = select(cell, reset[t], fresh, state)
        new = advance(p, state)
        state = new if valid is None else select(cell, valid[t], new, state)
        outputs.append(new[0])
    output = torch.stack(outputs)
    return output if valid is None else zero_beyond(output, valid), state


def select(cell: Cell, rows: Tensor, chosen, other) -> tuple[Tensor, ...]:
    """Row by row: the state `chosen` where `rows` (B,) is True, else `other`."""
    rows = rows.unsqueeze(-1)
    return cell.make_state([torch.where(rows, a, b) for a, b in zip(chosen, other, strict=True)])
