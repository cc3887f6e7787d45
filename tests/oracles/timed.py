"""LSTMs with a gate on time: Gaussian, phased.

Source: thornton2019reducing, neil2016phased.
"""

from functools import partial

import numpy as np

from .analytic import floor
from .lstm import GATES, PEEPHOLES, lstm, peephole_lstm
from .oracle import Oracle, blocks

T_MAX, OPEN, LEAK = 4.0, 0.4, 1e-3


def gaussian(p, t):
    """k = exp(-(t - mu)^2 / sigma^2)."""
    mu, sigma = T_MAX * p.mu_share, T_MAX * np.exp(p.log_sigma_share)
    return np.exp(-((t - mu) ** 2) / sigma**2)


def phased(p, t, *, leak):
    """A triangle over the first part of each period, and a leak over the rest."""
    tau = np.exp(p.log_tau)
    since = t - tau * p.shift_share
    phi = (since - tau * floor(since / tau)) / tau
    rising, falling = 2 * phi / OPEN, 2 - 2 * phi / OPEN
    return np.where(phi.real < OPEN / 2, rising, np.where(phi.real < OPEN, falling, leak * phi))


def between(k, new, old):
    """Each new state as far as the gate is open."""
    return tuple(k * after + (1 - k) * before for after, before in zip(new, old, strict=True))


def counted(p, x, h, c, clock, *, gate, inner):
    """Time is the number of steps."""
    return *between(gate(p, clock + 1), inner(p, x, h, c), (h, c)), clock + 1


def stamped(p, x, h, c, *, gate, inner):
    """Time is the last feature of the input."""
    return between(gate(p, x[..., -1:]), inner(p, x[..., :-1], h, c), (h, c))


STATES = {"h": "H", "c": "H"}
COUNTED = STATES | {"clock": "1"}
STAMPED = blocks(*GATES) | {f"W_{gate}": "HG" for gate in GATES}
GAUSSIAN = {"mu_share": "H", "log_sigma_share": "H"}
PHASED = {"log_tau": "H", "shift_share": "H"} | PEEPHOLES


def oracle(step, gate, inner, own):
    """The oracle of a gate and the LSTM in it."""
    states, weights = (COUNTED, blocks(*GATES)) if step is counted else (STATES, STAMPED)
    return Oracle(GATES, states, weights | own, partial(step, gate=gate, inner=inner))


ORACLES = {
    "gaussian-lstm": oracle(counted, gaussian, lstm, GAUSSIAN),
    "gaussian-lstm-peepholes": oracle(counted, gaussian, peephole_lstm, GAUSSIAN | PEEPHOLES),
    "gaussian-lstm-stamps": oracle(stamped, gaussian, lstm, GAUSSIAN),
    "phased-lstm": oracle(counted, partial(phased, leak=LEAK), peephole_lstm, PHASED),
    "phased-lstm-stamps": oracle(stamped, partial(phased, leak=LEAK), peephole_lstm, PHASED),
}
