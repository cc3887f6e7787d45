"""The eigenvalues of one step: which directions of a state live on."""

from math import nan

import torch
from torch import Tensor

from holdfast.probes.recording import Track, memory


def jacobian_spectrum(track: Track, places: Tensor) -> Tensor:
    """The eigenvalues of d s_t / d s_{t-1} at some steps of some rows.

    s is the state, its parts in a row without clocks and counts (`Cell.counters`); these are held, as is the input of
    the step. A direction with an eigenvalue near the unit circle is kept, one near zero is forgotten; what lies beyond
    grows.

    Args:
        track: of one cell, as `record` gives it.
        places: (n, 2) int64, a step and a row each.

    Returns:
        (n, S) complex128, S the width of s; by modulus, the largest first. NaN where the Jacobian is not finite.
    """
    found = [_eigenvalues(_jacobian(track, int(t), int(row)).double()) for t, row in places]
    return torch.stack([values[values.abs().argsort(descending=True)] for values in found])


def _eigenvalues(matrix: Tensor) -> Tensor:
    if not matrix.isfinite().all():
        return torch.full(matrix.shape[:1], complex(nan, nan), dtype=torch.complex128, device=matrix.device)
    return torch.linalg.eigvals(matrix)


def _jacobian(track: Track, t: int, row: int) -> Tensor:
    cell, p = track.cell, track.p[t, row : row + 1].detach()
    state = {name: part[t, row : row + 1].detach() for name, part in zip(cell.state_sizes, track.before, strict=True)}
    names = memory(cell, list(state))
    flat = torch.cat([state[name] for name in names], -1).requires_grad_()
    with torch.enable_grad():
        moved = dict(zip(names, flat.split([cell.state_sizes[name] for name in names], -1), strict=True))
        after = cell.next_state(p, cell.make_state(tuple((state | moved).values())))
        values = torch.cat(memory(cell, after), -1)[0]
        rows = [torch.autograd.grad(value, flat, retain_graph=True)[0][0] for value in values]
    return torch.stack(rows)
