"""Linear recurrences and the cells that are tried beside them.

Complex numbers are written out in real ones, since the imaginary unit is taken: it carries the derivative.

Source: feng2024were, orvieto2023resurrecting, de2024griffin.
"""

from functools import partial

import numpy as np

from .analytic import identity, sigmoid, softplus
from .oracle import Oracle


def positive(n):
    """g(n) = n + 1/2 where n >= 0, sigmoid(n) elsewhere."""
    return np.where(n.real >= 0, n + 0.5, sigmoid(n))


def min_gru(p, x, h, *, g):
    """h = (1 - z) h + z g(n)."""
    z = sigmoid(x @ p.W_input.mT + p.b_input)
    return ((1 - z) * h + z * g(x @ p.W_candidate.mT + p.b_candidate),)


def min_lstm(p, x, h, *, g):
    """h = (f h + i g(n)) / (f + i)."""
    f = sigmoid(x @ p.W_forget.mT + p.b_forget)
    i = sigmoid(x @ p.W_input.mT + p.b_input)
    return ((f * h + i * g(x @ p.W_candidate.mT + p.b_candidate)) / (f + i),)


def lru(p, x, y, h):
    """h turns by the angle exp(theta), shrinks by exp(-exp(nu)) and takes in exp(gamma) B x;  y = Re(C h) + D x."""
    units = p.nu.shape[-1]
    left, up = h[..., :units], h[..., units:]
    angle = np.exp(p.theta)
    shrink, cos, sin = np.exp(-np.exp(p.nu)), np.cos(angle), np.sin(angle)
    gain = np.exp(p.gamma)
    turned = shrink * (cos * left - sin * up) + gain * (x @ p.W_real.mT)
    lifted = shrink * (sin * left + cos * up) + gain * (x @ p.W_imaginary.mT)
    y = turned @ p.C_re.mT - lifted @ p.C_im.mT + x @ p.W_through.mT
    return y, np.concatenate(np.broadcast_arrays(turned, lifted), -1)


def rg_lru(p, x, h):
    """h = a h + sqrt(1 - a^2) i u, with a = radius^(8 r) and radius = 1 / (1 + exp(decay))."""
    u = x @ p.W_value.mT + p.b_value
    heads, width = p.W_r.shape[-3], p.W_r.shape[-1]
    parts = [u[..., k * width : (k + 1) * width] for k in range(heads)]
    r = sigmoid(np.concatenate([part @ p.W_r[..., k, :, :].mT for k, part in enumerate(parts)], -1) + p.b_r)
    i = sigmoid(np.concatenate([part @ p.W_i[..., k, :, :].mT for k, part in enumerate(parts)], -1) + p.b_i)
    a = np.exp(8 * r * -softplus(p.decay))
    return (a * h + np.sqrt(1 - a * a) * i * u,)


def maps(*names):
    """W_g and b_g for every map g of the input."""
    return {f"{kind}_{name}": shape for name in names for kind, shape in (("W", "HI"), ("b", "H"))}


ONE, GATED = {"h": "H"}, {f"{kind}_{gate}": shape for gate in "ri" for kind, shape in (("W", "KNN"), ("b", "H"))}
LRU = {"W_real": "SI", "W_imaginary": "SI", "W_through": "HI", "C_re": "HS", "C_im": "HS"}

ORACLES = {
    "min-gru": Oracle(("input", "candidate"), ONE, maps("input", "candidate"), partial(min_gru, g=identity)),
    "min-gru-log": Oracle(("input", "candidate"), ONE, maps("input", "candidate"), partial(min_gru, g=positive)),
    "min-lstm": Oracle(
        ("forget", "input", "candidate"), ONE, maps("forget", "input", "candidate"), partial(min_lstm, g=identity)
    ),
    "min-lstm-log": Oracle(
        ("forget", "input", "candidate"), ONE, maps("forget", "input", "candidate"), partial(min_lstm, g=positive)
    ),
    "lru": Oracle((), {"y": "H", "h": "M"}, LRU | dict.fromkeys(("nu", "theta", "gamma"), "S"), lru),
    "rg-lru": Oracle(("r", "i"), ONE, maps("value") | GATED | {"decay": "H"}, rg_lru),
}
