"""The eigenvalues of one step: which directions of a state live on."""

import torch
from torch import Tensor

from holdfast.probes.recording import Track


def jacobian_spectrum(track: Track, places: Tensor) -> Tensor:
    """The eigenvalues of d s_t / d s_{t-1} at some steps of some rows.

    s is the whole state, its parts in a row; the input of the step is held. A direction with an eigenvalue near the
    unit circle is kept, one near zero is forgotten; what lies beyond grows.

    Args:
        track: of one cell, as `record` gives it.
        places: (n, 2) int64, a step and a row each.

    Returns:
        (n, S) complex128, S the width of the whole state; by modulus, the largest first.
    """
    found = [torch.linalg.eigvals(_jacobian(track, int(t), int(row)).double()) for t, row in places]
    return torch.stack([values[values.abs().argsort(descending=True)] for values in found])


def _jacobian(track: Track, t: int, row: int) -> Tensor:
    cell, p = track.cell, track.p[t, row : row + 1].detach()
    state = [part[t, row : row + 1].detach() for part in track.before]
    widths = [part.shape[-1] for part in state]

    def step(flat: Tensor) -> Tensor:
        return torch.cat(cell.next_state(p, cell.make_state(flat.split(widths, -1))), -1)

    flat = torch.cat(state, -1).requires_grad_()
    with torch.enable_grad():
        after = step(flat)
        rows = [torch.autograd.grad(value, flat, retain_graph=True)[0][0] for value in after[0]]
    return torch.stack(rows)
