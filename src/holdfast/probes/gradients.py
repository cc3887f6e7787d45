"""How much of a gradient is left after so many steps back."""

from collections.abc import Sequence

import torch
from torch import Tensor

from holdfast.probes.recording import Track, memory


def directions(like: Tensor, *, generator: torch.Generator) -> Tensor:
    """A random unit vector for each row of `like` (B, O)."""
    drawn = torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)
    return drawn / drawn.norm(dim=-1, keepdim=True)


def gradient_by_lag(tracks: Sequence[Track], direction: Tensor) -> Tensor:
    """The norm of the gradient of the last output with respect to the state that was carried on k steps before it.

        g_k = sqrt(mean over rows |d <v, y_T> / d s_{T-k}|^2)

    y is the output of the last cell, v a unit vector for each row, and s_t the state of a cell after step t, from
    which its next step goes on, its parts taken as independent, without clocks and counts (`Cell.counters`). A slope of
    -1 / tau in the logarithm means that an error lives for tau steps.

    Args:
        tracks: as `record` gives them.
        direction: v, (B, O).

    Returns:
        (cells, T) float64: lags 1 to T, the last that of the state before the first step.
    """
    answer = (direction * tracks[-1].output[-1]).sum()
    norms = []
    for track in tracks:
        found = torch.autograd.grad(answer, memory(track.cell, track.nudges), retain_graph=True, allow_unused=True)
        squares = [part.double().square().sum(-1) for part in found if part is not None]
        norms.append(sum(squares, torch.zeros_like(track.output[..., 0].double())).mean(1).sqrt().flip(0))
    return torch.stack(norms).detach()
