"""The two recurrent units that are both called SRU: the simple one and the statistical one.

Source: lei2018simple; oliva2017statistical.
"""

import numpy as np

from .analytic import relu, sigmoid
from .oracle import Oracle

SCALES = (0.25, 0.9)


def simple(p, x, h, c):
    """c = f c + (1 - f) W x;  h = r c + (1 - r) W_s x; the gates see x and their unit's own c."""
    f = sigmoid(x @ p.W_forget.mT + p.v_forget * c + p.b_forget)
    r = sigmoid(x @ p.W_reset.mT + p.v_reset * c + p.b_reset)
    c = f * c + (1 - f) * (x @ p.W_candidate.mT)
    return r * c + (1 - r) * (x @ p.W_skip.mT), c


def statistical(p, x, h, mu):
    """r = relu(W mu + b);  phi = relu(W x + W r + b);  mu_a = a mu_a + (1 - a) phi;  h = relu(W mu + b)."""
    r = relu(mu @ p.W_summary.mT + p.b_summary)
    phi = relu(x @ p.W_statistics.mT + r @ p.U_statistics.mT + p.b_statistics)
    size = phi.shape[-1]
    kept = [a * mu[..., k * size : (k + 1) * size] + (1 - a) * phi for k, a in enumerate(SCALES)]
    mu = np.concatenate(kept, -1)
    return relu(mu @ p.W_output.mT + p.b_output), mu


SIMPLE = dict.fromkeys(("W_forget", "W_reset", "W_candidate", "W_skip"), "HI")
SIMPLE |= dict.fromkeys(("v_forget", "v_reset", "b_forget", "b_reset"), "H")
STATISTICAL = {"W_summary": "NM", "b_summary": "N", "W_statistics": "SI", "U_statistics": "SN", "b_statistics": "S"}

ORACLES = {
    "sru": Oracle(("forget", "reset", "candidate"), {"h": "H", "c": "H"}, SIMPLE, simple),
    "statistical-ru": Oracle(
        ("statistics",), {"h": "H", "mu": "M"}, STATISTICAL | {"W_output": "HM", "b_output": "H"}, statistical
    ),
}
