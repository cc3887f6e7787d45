"""How fast a streamed state forgets what came before."""

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

import torch
from torch import Tensor

from holdfast.cells import Cell
from holdfast.layers import Recurrent
from holdfast.layers.visits import check_layer, parts
from holdfast.probes.recording import memory


class NoDistanceError(ValueError):
    """Two pasts that leave nothing to be forgotten: their states are the same, or beyond numbers."""


@dataclass(frozen=True)
class Forgetting:
    """The distance of two states that have read the same since.

    Args:
        steps: for how long they have, from 0.
        distance: as a share of that at the start; it begins with 1. None for what is not finite.
    """

    steps: tuple[int, ...]
    distance: tuple[float | None, ...]


def forgetting_curve(layer: Recurrent, past: Tensor, other: Tensor, future: Tensor) -> Forgetting:
    """Two pasts are read, then one and the same future: how far the states still are apart.

        d_n = sqrt(mean |s_n - s'_n|^2) / sqrt(mean |s_0 - s'_0|^2)

    over all parts of the state of all cells but clocks and counts (`Cell.counters`). What has fallen to zero can't be
    told any more by any readout.

    Args:
        layer: in one direction, time first, in evaluation mode.
        past, other: (T, B, I), of one length.
        future: (S, B, I), read after either.

    Returns:
        the curve at 0, 1, 2, 4, ... and S steps.

    Raises:
        ValueError: the layer is bidirectional or `batch_first`.
        NoDistanceError: a ValueError too; both pasts lead to the same state, or to one that is not finite.
    """
    check_layer(layer)
    steps = _doubling(len(future))
    with torch.no_grad():
        states = [layer(each)[1] for each in (past, other)]
        found = [start := _apart(layer, *states)]
        if start == 0:
            raise NoDistanceError(
                "the two pasts lead to the same state, so nothing can be forgotten; give pasts that differ"
            )
        if not isfinite(start):
            raise NoDistanceError(
                f"the states after the two pasts are {start} apart, and nothing is a share of that; give shorter pasts"
            )
        for first, end in pairwise(steps):
            states = [layer(future[first:end], state)[1] for state in states]
            found.append(_apart(layer, *states))
    shares = [distance / start for distance in found]
    return Forgetting(tuple(steps), tuple(share if isfinite(share) else None for share in shares))


def _doubling(last: int) -> list[int]:
    """0, 1, 2, 4, ... and `last` itself."""
    return [0, *(1 << k for k in range(last.bit_length()) if 1 << k < last), last]


def _apart(layer: Recurrent, one, other) -> float:
    cell = layer.cells[0]
    assert isinstance(cell, Cell)
    pairs = memory(cell, list(zip(parts(one), parts(other), strict=True)))
    return float(sum((a - b).double().square().mean() for a, b in pairs)) ** 0.5
