"""The table of initial gates agrees with the gates' definitions, to the digits in which it is printed."""

import numpy as np
import pytest

from .analytic import sigmoid
from .gate_quantiles import PROBABILITIES, TABLE, TIME_SCALES, uniform_gate
from .gated_family import refine


def half_a_unit(printed):
    """Half a unit in the last printed digit."""
    return 0.5 * 10.0 ** -len(printed.split(".")[1])


@pytest.mark.parametrize("name", TABLE)
def test_quantiles_are_as_printed(name):
    for q, printed in zip(PROBABILITIES, TABLE[name].quantiles, strict=False):
        assert abs(TABLE[name].quantile(q) - float(printed)) <= half_a_unit(printed), (q, printed)


@pytest.mark.parametrize("name", TABLE)
def test_tails_are_as_printed(name):
    for scale, printed in zip(TIME_SCALES, TABLE[name].tails, strict=True):
        assert abs(TABLE[name].tail(scale) - float(printed)) <= half_a_unit(printed), (scale, printed)


@pytest.mark.parametrize("name", TABLE)
def test_the_longest_time_scale_is_as_printed(name):
    assert 1 / (1 - TABLE[name].quantile(1.0)) == pytest.approx(TABLE[name].longest, rel=0.01)


@pytest.mark.parametrize(("name", "sign"), [("none", 0), ("minus", -1), ("plus", 1)])
def test_polynomials_follow_from_the_biases(name, sign):
    q = np.linspace(0, 1, 101)
    bias = -np.log(1 / uniform_gate(q) - 1)
    np.testing.assert_allclose(refine(sigmoid(bias), sigmoid(sign * bias)), TABLE[name].quantile(q), rtol=0, atol=1e-14)


def test_the_chrono_gate_follows_from_its_bias():
    q = np.linspace(0, 1, 101)
    np.testing.assert_allclose(sigmoid(np.log(1 + q * 254)), TABLE["chrono"].quantile(q), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ["none", "minus", "plus"])
def test_the_uniform_gates_are_symmetric_about_one_half(name):
    q = np.linspace(0, 1, 101)
    np.testing.assert_allclose(TABLE[name].quantile(q) + TABLE[name].quantile(1 - q), 1, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", TABLE)
def test_the_gate_increases_with_its_quantile(name):
    assert np.all(np.diff(TABLE[name].quantile(np.linspace(0, 1, 1001))) > 0)


def test_the_tail_of_the_uniform_gate_has_its_closed_form():
    for scale in TIME_SCALES:
        assert TABLE["none"].tail(scale) == pytest.approx((1 / scale - 1 / 256) / (1 - 2 / 256), abs=2e-5)
