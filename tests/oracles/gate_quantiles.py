"""Where a gate stands before training: the table of initial quantiles and time scales, for d = 256 hidden units.

With zero inputs the uniform-gate initialisation gives f = u, u uniform on (1/d, 1 - 1/d), and the refine gate is
r = 1/2, 1 - u or u, as its offset is none, -b_f or +b_f. Each g is then an increasing polynomial of u, so its
quantiles are that polynomial of the quantiles of u. A time scale is 1 / (1 - g).

Source: gu2020improving, tallec2018can (chrono).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

HIDDEN_SIZE = 256
PROBABILITIES = (0.01, 0.25, 0.50, 0.75, 0.99)
TIME_SCALES = (10, 50, 100)


def uniform_gate(q, d=HIDDEN_SIZE):
    """The q-quantile of u ~ U(1/d, 1 - 1/d)."""
    return 1 / d + np.asarray(q) * (1 - 2 / d)


def chrono_gate(q, t_max=HIDDEN_SIZE):
    """The q-quantile of sigmoid(log v), v ~ U(1, t_max - 1): the time scale 1 + v is uniform on (2, t_max)."""
    v = 1 + np.asarray(q) * (t_max - 2)
    return v / (1 + v)


def refined_without_offset(q):
    """g = f, for r = 1/2."""
    return uniform_gate(q)


def refined_by_minus_bias(q):
    """g = f (2 - 3 f + 2 f^2), for r = 1 - f: the offset of the paper, which draws the gate to the middle."""
    f = uniform_gate(q)
    return f * (2 - 3 * f + 2 * f**2)


def refined_by_plus_bias(q):
    """g = f^2 (3 - 2 f), for r = f: the wrong sign, which drives the gate to the ends."""
    f = uniform_gate(q)
    return f**2 * (3 - 2 * f)


@dataclass(frozen=True)
class InitialGate:
    """One row of the table: the gate's quantile function, and the figures rounded as a table prints them.

    Args:
        quantile: gives the q-quantile of g; increasing.
        quantiles: printed quantiles at `PROBABILITIES`; none are printed for chrono.
        tails: printed P(1 / (1 - g) > s) for s in `TIME_SCALES`.
        longest: printed largest time scale, which is good to 1 %.
    """

    quantile: Callable
    quantiles: tuple[str, ...]
    tails: tuple[str, ...]
    longest: float

    def tail(self, time_scale, points=100_000):
        """P(1 / (1 - g) > time_scale), from a dense grid of quantiles; exact to 1 / points."""
        q = (np.arange(points) + 0.5) / points
        return float(np.mean(1 / (1 - self.quantile(q)) > time_scale))


# In the first three rows g(1 - u) = 1 - g(u), so the quartiles of a row add up to 1;
# the lower ones of `minus` and `plus` are .34545 and .15845: .345 and .158 to three digits.
TABLE = {
    "none": InitialGate(
        refined_without_offset, ("0.014", "0.252", "0.5", "0.748", "0.986"), ("0.097", "0.016", "0.006"), HIDDEN_SIZE
    ),
    "minus": InitialGate(
        refined_by_minus_bias, ("0.027", "0.345", "0.5", "0.655", "0.973"), ("0.051", "0.006", "0.001"), 129
    ),
    "plus": InitialGate(
        refined_by_plus_bias,
        ("0.0006", "0.158", "0.5", "0.842", "0.9994"),
        ("0.193", "0.081", "0.055"),
        HIDDEN_SIZE**2 / 3,
    ),
    "chrono": InitialGate(chrono_gate, (), ("0.97", "0.81", "0.61"), HIDDEN_SIZE),
}
