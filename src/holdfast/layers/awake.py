"""Inference that computes the updates of cells that skip, and nothing while they rest."""

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells import Skip
from holdfast.layers.recurrent import Recurrent
from holdfast.layers.visits import check_layer


@torch.no_grad()
def run_awake(layer: Recurrent, x: Tensor, *, resting: bool = True) -> tuple[Tensor, Tensor]:
    """A layer's outputs, where a cell at rest takes no product with a matrix; and how many updates there were.

    At each step the rows that are to be updated are gathered, and they alone run; the others keep their state.

    Args:
        layer: of `Skip` cells, in one direction, time first.
        x: (T, B, I).
        resting: whether cells rest; without it every row runs at every step, for a comparison of times.

    Returns:
        output (T, B, H), and updates (cells, B).

    Raises:
        ValueError: another kind of layer.
    """
    check_layer(layer)
    counts = []
    for cell in layer.cells:
        if not isinstance(cell, Skip):
            raise ValueError(f"rest is known of cells that skip, such as skip-lstm, not of {type(cell).__name__}")
        x, count = run_cell(cell, x, resting)
        counts.append(count)
    return x, torch.stack(counts)


def run_cell(cell: Skip, x: Tensor, resting: bool) -> tuple[Tensor, Tensor]:
    """x (T, B, I) to outputs and the updates of each row."""
    state = cell.inner.initial_state(x.shape[1], like=x)
    output = x.new_empty(len(x), *state[0].shape)
    a, d, count = x.new_ones(x.shape[1]), x.new_zeros(x.shape[1]), x.new_zeros(x.shape[1])
    for t, now in enumerate(x):
        awake = a > 0.5 if resting else torch.ones_like(a, dtype=torch.bool)
        if awake.any():
            rows = awake.nonzero().flatten()
            new = cell.inner.next_state(
                cell.inner.project(now[rows]), cell.inner.make_state([part[rows] for part in state])
            )
            for part, value in zip(state, new, strict=True):
                part[rows] = value
            d[rows] = F.linear(new[cell.memory], cell.weight_update, cell.bias_update).sigmoid().flatten()
        rest = 1 - torch.where(awake, d, (a + d).clamp(max=1))
        a = 1 - rest  # as the layer holds it, to the last bit
        count += awake
        output[t] = state[0]
    return output, count
