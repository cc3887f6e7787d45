"""LSTM and GRU whose gates are kernel activation functions: Gaussian bumps on a grid, plus half a straight line.

Source: scardapane2018recurrent.
"""

from functools import partial

import numpy as np

from .analytic import sigmoid, tanh
from .oracle import SMALL, Oracle, blocks

GRID = np.linspace(-4, 4, SMALL["D"])


def kaf(s, alpha, residual):
    """sigm((1 - residual) KAF(s) + residual s), gamma = 1 / (8 Delta^2), alpha (H, D)."""
    step = GRID[1] - GRID[0]
    bumps = np.exp(-((s[..., None] - GRID) ** 2) / (8 * step**2))
    kernel_sum = np.einsum("...d,...d->...", bumps, alpha[..., None, :, :])
    return sigmoid((1 - residual) * kernel_sum + residual * s)


def lstm(p, x, h, c, *, residual=0.5):
    """The LSTM, its three gates replaced."""
    i = kaf(x @ p.W_input.mT + h @ p.U_input.mT + p.b_input, p.alpha_input, residual)
    f = kaf(x @ p.W_forget.mT + h @ p.U_forget.mT + p.b_forget, p.alpha_forget, residual)
    o = kaf(x @ p.W_output.mT + h @ p.U_output.mT + p.b_output, p.alpha_output, residual)
    c = f * c + i * tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    return o * tanh(c), c


def gru(p, x, h, *, residual=0.5):
    """The GRU, update and reset gate replaced; the update gate keeps."""
    z = kaf(x @ p.W_update.mT + h @ p.U_update.mT + p.b_update, p.alpha_update, residual)
    r = kaf(x @ p.W_reset.mT + h @ p.U_reset.mT + p.b_reset, p.alpha_reset, residual)
    n = tanh(x @ p.W_candidate.mT + (r * h) @ p.U_candidate.mT + p.b_candidate)
    return (z * h + (1 - z) * n,)


LSTM_GATES = ("input", "forget", "candidate", "output")
GRU_GATES = ("reset", "update", "candidate")
LSTM_SHAPES = blocks(*LSTM_GATES) | {f"alpha_{gate}": "HD" for gate in ("input", "forget", "output")}
GRU_SHAPES = blocks(*GRU_GATES) | {f"alpha_{gate}": "HD" for gate in ("update", "reset")}

ORACLES = {
    "kaf-lstm": Oracle(LSTM_GATES, {"h": "H", "c": "H"}, LSTM_SHAPES, lstm),
    "kaf-gru": Oracle(GRU_GATES, {"h": "H"}, GRU_SHAPES, gru),
    "kaf-gru-no-residual": Oracle(GRU_GATES, {"h": "H"}, GRU_SHAPES, partial(gru, residual=0.0)),
}
