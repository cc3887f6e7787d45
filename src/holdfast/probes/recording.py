"""A layer's way over a batch, with every state on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from holdfast.backends.reference import unroll_steps
from holdfast.cells import Cell
from holdfast.layers import Recurrent
from holdfast.layers.visits import check_layer

Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class Track:
    """One cell's way over a batch.

    Args:
        cell: whose it is.
        p: what the cell made of its input, (T, B, P).
        before, after: each part of the state before and after every step, (T, B, size); on a graph.
        nudges: zeros of those shapes, added to the states before each step: the gradient of anything with respect to
            them is that with respect to the states that the step goes on from, each part on its own.
        output: (T, B, width).
    """

    cell: Cell
    p: Tensor
    before: tuple[Tensor, ...]
    after: tuple[Tensor, ...]
    nudges: tuple[Tensor, ...]
    output: Tensor


def memory(cell: Cell, parts: Sequence[Part]) -> list[Part]:
    """Those of the parts of a cell's state, or of what belongs to each, that are memory.

    All are but clocks and counts (`Cell.counters`): these tell one past from another to no readout, and yet a clock has
    a gradient, a count a distance, and both an eigenvalue of 1.
    """
    return [part for name, part in zip(cell.state_sizes, parts, strict=True) if name not in cell.counters]


def record(layer: Recurrent, inputs: Tensor) -> list[Track]:
    """Runs a layer step by step from zeros, and keeps what happens in each of its cells.

    It takes the time and memory of the reference; some hundred steps of a few rows say what is to be known.

    Args:
        layer: in one direction, time first; dropout and the like must be off: `layer.eval()`.
        inputs: (T, B, I).

    Returns:
        a track for each cell, from the first to the last.

    Raises:
        ValueError: the layer is no recurrent one, or it is bidirectional, `batch_first` or in training mode.
    """
    if not isinstance(layer, Recurrent):
        raise ValueError(f"a probe expects a recurrent layer, got a {type(layer).__name__}")
    check_layer(layer)
    if layer.training:
        raise ValueError("a probe expects a layer in evaluation mode, where chance is off; call layer.eval() before")
    tracks: list[Track] = []
    x = inputs
    with torch.enable_grad():
        for cell in layer.cells:
            assert isinstance(cell, Cell)
            if tracks and cell.shared_features:
                x = torch.cat([x, inputs[..., -cell.shared_features :]], -1)
            tracks.append(_over(cell, x))
            x = tracks[-1].output
    return tracks


def _over(cell: Cell, x: Tensor) -> Track:
    p, step = cell.project(x), cell.stepper()
    start = cell.initial_state(x.shape[1], like=x)
    nudges = tuple(part.new_zeros(len(x), *part.shape, requires_grad=True) for part in start)
    states = [start]

    def advance(p_t: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = len(states) - 1
        states.append(step(p_t, cell.make_state([part + nudge[t] for part, nudge in zip(before, nudges, strict=True)])))
        return states[-1]

    output, _ = unroll_steps(cell, advance, p, start, None, None)
    parts = [torch.stack(part) for part in zip(*states, strict=True)]
    return Track(cell, p, tuple(part[:-1] for part in parts), tuple(part[1:] for part in parts), nudges, output)
