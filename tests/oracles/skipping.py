"""Skip RNN around an LSTM and around a GRU.

Source: campos2018skip.
"""

from functools import partial

import numpy as np

from . import gru, lstm
from .analytic import sigmoid
from .oracle import Oracle, blocks


def binarised(probability):
    """1 from a half on, else 0; the derivative is taken to be 1."""
    return np.where(probability.real < 0.5, 0.0, 1.0) + (probability - probability.real)


def skip(p, x, *state, inner, seen):
    """s = u S + (1 - u) s;  the probability is replaced at an update, and otherwise grows by itself up to 1."""
    *old, rest, count = state
    probability = 1 - rest
    u = binarised(probability)
    new = [u * after + (1 - u) * before for after, before in zip(inner(p, x, *old), old, strict=True)]
    increment = sigmoid(new[seen] @ p.w_p.mT + p.b_p)
    missing = 1 - probability
    capped = np.where(increment.real < missing.real, increment, missing)
    probability = u * increment + (1 - u) * (probability + capped)
    return *new, 1 - probability, count + u


OWN = {"w_p": "1H", "b_p": "1"}
COUNTS = {"rest": "1", "updates": "1"}


def around(gates, states, inner):
    """The oracle of a cell that skips; the gate sees the last of its states."""
    step = partial(skip, inner=inner, seen=len(states) - 1)
    return Oracle(gates, dict.fromkeys(states, "H") | COUNTS, blocks(*gates) | OWN, step)


ORACLES = {
    "skip-lstm": around(lstm.GATES, ("h", "c"), lstm.lstm),
    "skip-gru": around(gru.GATES, ("h",), gru.gru_reset_before),
}
