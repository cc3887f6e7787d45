"""Cases that can be worked by hand: gates pinned open or shut, weights at zero, formulas that must coincide."""

import math

import numpy as np
import pytest

from . import ORACLES
from .analytic import cumax, l5_norm, layer_norm, sigmoid
from .gated_family import FAMILY, master, refine

GRID = np.linspace(0.01, 0.99, 50)
F, R = np.meshgrid(GRID, GRID)
FIRST = np.array([60.0, 0, 0, 0, 0, 0])

# The biases that make a cell keep its state, and the state that it keeps.
# A cumax whose first logit towers over the others is 1 everywhere.
KEEPING = {
    "leaky-rnn": ({"leak": -60.0}, "h"),
    "gated-rnn": ({"b_input": -60.0}, "h"),
    "lstm": ({"b_forget": 60.0, "b_input": -60.0}, "c"),
    "peephole-lstm": ({"b_forget": 60.0, "b_input": -60.0}, "c"),
    "projected-lstm": ({"b_forget": 60.0, "b_input": -60.0}, "c"),
    "gru": ({"b_update": 60.0}, "h"),
    "gru-reset-before": ({"b_update": 60.0}, "h"),
    "janet": ({"b_forget": 60.0}, "h"),
    "janet-beta-0": ({"b_forget": 60.0}, "h"),
    "on-lstm": ({"b_master_forget": FIRST[:3], "b_master_input": FIRST[:3]}, "c"),
}
for _name in FAMILY:
    _bias = FIRST if "cumax" in _name else 60.0
    _kept = {"b_update": _bias} if _name.startswith("gru") else {"b_forget": _bias}
    _shut = {"b_input": -60.0} if "independent" in _name else {}
    KEEPING[_name] = (_kept | _shut, "h" if _name.startswith("gru") else "c")


@pytest.mark.parametrize("name", KEEPING)
def test_a_saturated_gate_copies_the_state(name):
    biases, kept = KEEPING[name]
    parameters, inputs, state = ORACLES[name].draw(np.random.default_rng(0), steps=20)
    parameters |= {key: np.zeros_like(parameters[key]) + bias for key, bias in biases.items()}
    position = list(ORACLES[name].states).index(kept)
    _, final = ORACLES[name].unroll(parameters, inputs, state)
    np.testing.assert_allclose(final[position], state[position], rtol=0, atol=1e-13)


def at_zero(name, steps=4, **values):
    """The oracle unrolled with every parameter zero but those given; arguments, outputs and final states."""
    parameters, inputs, state = ORACLES[name].draw(np.random.default_rng(0), steps=steps)
    parameters = {key: np.zeros_like(array) + values.get(key, 0.0) for key, array in parameters.items()}
    return state, *ORACLES[name].unroll(parameters, inputs, state)


def test_a_leak_decays_geometrically():
    state, outputs, _ = at_zero("leaky-rnn", leak=-1.0)
    left = 1 - 1 / (1 + math.exp(1))
    for t, h in enumerate(outputs, start=1):
        np.testing.assert_allclose(h, state[0] * left**t, rtol=1e-14)


def test_the_gate_of_the_gated_rnn_lets_the_candidate_in():
    _, outputs, _ = at_zero("gated-rnn", b_input=60.0, b_candidate=0.7)
    np.testing.assert_allclose(outputs, math.tanh(0.7), rtol=1e-14)


@pytest.mark.parametrize(("name", "beta"), [("janet", 1.0), ("janet-beta-0", 0.0)])
def test_janet_writes_with_its_gate_lowered_by_beta(name, beta):
    state, outputs, _ = at_zero(name, b_forget=0.4, b_candidate=0.7)
    keep, write = 1 / (1 + math.exp(-0.4)), 1 - 1 / (1 + math.exp(beta - 0.4))
    c = state[0]
    for output in outputs:
        c = keep * c + write * math.tanh(0.7)
        np.testing.assert_allclose(output, c, rtol=1e-13)


def test_peepholes_see_the_old_cell_at_the_input_and_the_new_one_at_the_output():
    (_, c0), outputs, (_, c) = at_zero(
        "peephole-lstm", steps=1, p_input=0.5, p_forget=-0.3, p_output=2.0, b_candidate=0.7
    )
    new = c0 / (1 + np.exp(0.3 * c0)) + math.tanh(0.7) / (1 + np.exp(-0.5 * c0))
    np.testing.assert_allclose(c, new, rtol=1e-13)
    np.testing.assert_allclose(outputs[0], np.tanh(new) / (1 + np.exp(-2.0 * new)), rtol=1e-13)


def test_the_two_grus_agree_while_nothing_is_reset():
    parameters, inputs, state = ORACLES["gru"].draw(np.random.default_rng(0))
    parameters["b_reset"] += 80
    joined = {key: array for key, array in parameters.items() if key != "b_hidden_candidate"}
    joined["b_candidate"] = parameters["b_candidate"] + parameters["b_hidden_candidate"]
    after, _ = ORACLES["gru"].unroll(parameters, inputs, state)
    before, _ = ORACLES["gru-reset-before"].unroll(joined, inputs, state)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("member", "plain"), [("lstm-independent-plain-sigmoid", "lstm"), ("gru-plain-sigmoid", "gru-reset-before")]
)
def test_the_plain_members_of_the_family_are_the_classical_cells(member, plain):
    arguments = ORACLES[plain].draw(np.random.default_rng(0))
    np.testing.assert_allclose(
        ORACLES[member].unroll(*arguments)[0], ORACLES[plain].unroll(*arguments)[0], rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("name", [name for name in FAMILY if "refine" in name])
def test_a_refine_gate_at_one_half_leaves_the_plain_cell(name):
    parameters, inputs, state = ORACLES[name].draw(np.random.default_rng(0))
    refined = {key: array * (not key.endswith("refine")) for key, array in parameters.items()}
    plain = {key: array for key, array in parameters.items() if not key.endswith("refine")}
    a, _ = ORACLES[name].unroll(refined, inputs, state)
    b, _ = ORACLES[name.replace("refine", "plain")].unroll(plain, inputs, state)
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)


def logistic(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("name", FAMILY)
def test_one_step_of_the_family_is_that_worked_by_hand(name):
    """All weights zero: the gates are constants, and equal logits make a cumax of k / 6."""
    primary = "b_update" if name.startswith("gru") else "b_forget"
    values = {primary: 0.4, "b_refine": 0.9, "b_master": -0.5, "b_input": -0.3, "b_candidate": 0.7, "b_output": 1.1}
    state, outputs, final = at_zero(name, steps=1, **values)
    f = np.arange(1, 7) / 6 if "cumax" in name else logistic(0.4)
    r, w = logistic(0.9), f * (1 - f)
    g = r * (1 - (1 - f) ** 2) + (1 - r) * f**2 if "refine" in name else f
    g = logistic(-0.5) * w + (f - w) if "master" in name else g
    i = logistic(-0.3) if "independent" in name else 1 - g
    new = g * state[-1] + i * math.tanh(0.7)
    np.testing.assert_allclose(final[-1], new, rtol=0, atol=1e-14)
    if name.startswith("lstm"):
        np.testing.assert_allclose(outputs[0], logistic(1.1) * np.tanh(new), rtol=0, atol=1e-14)


def test_the_three_formulas_of_the_refine_gate_agree():
    np.testing.assert_allclose(R * (1 - (1 - F) ** 2) + (1 - R) * F**2, refine(F, R), rtol=0, atol=1e-15)
    np.testing.assert_allclose(2 * R * F + (1 - 2 * R) * F**2, refine(F, R), rtol=0, atol=1e-15)


def test_the_refine_gate_stays_in_its_band_and_reaches_its_edges():
    assert np.all((refine(F, R) > F**2) & (refine(F, R) < 1 - (1 - F) ** 2))
    np.testing.assert_allclose(refine(GRID, 0.0), GRID**2, rtol=0, atol=1e-15)
    np.testing.assert_allclose(refine(GRID, 0.5), GRID, rtol=0, atol=1e-15)
    np.testing.assert_allclose(refine(GRID, 1.0), 1 - (1 - GRID) ** 2, rtol=0, atol=1e-15)


def test_the_master_gate_is_that_of_on_lstm_with_tied_inputs():
    w = F * (1 - F)
    np.testing.assert_allclose(R * w + (F - w), master(F, R), rtol=0, atol=1e-15)
    assert np.all((master(F, R) > F**2) & (master(F, R) < F))


def test_cumax_increases_to_one():
    gate = cumax(np.random.default_rng(0).normal(size=(5, 7)))
    assert np.all(np.diff(gate) > 0)
    assert np.all(gate > 0)
    np.testing.assert_allclose(gate[:, -1], 1, rtol=1e-14)
    np.testing.assert_allclose(cumax(np.zeros(4)), [0.25, 0.5, 0.75, 1], rtol=1e-14)


def test_master_gates_of_on_lstm_rule_consecutive_units():
    values = {"b_forget": 0.3, "b_input": -0.2, "b_candidate": 0.7, "b_master_forget": np.log([1, 2, 5])}
    (_, c0), _, (_, c) = at_zero("on-lstm", steps=1, **values)
    f, i = 1 / (1 + math.exp(-0.3)), 1 / (1 + math.exp(0.2))
    for unit in range(6):
        mf, mi = [(1 / 8, 2 / 3), (3 / 8, 1 / 3), (1, 0)][unit // 2]
        w = mf * mi
        expected = (f * w + mf - w) * c0[:, unit] + (i * w + mi - w) * math.tanh(0.7)
        np.testing.assert_allclose(c[:, unit], expected, rtol=1e-13)


@pytest.mark.parametrize(("name", "direction"), [("nru", -1.0), ("nru-relu-heads", 0.0)])
def test_an_nru_with_constant_heads_adds_a_fixed_step_to_its_memory(name, direction):
    """The outer product is constant, so all entries of v have the size M^(-1/5); negative ones die in the ReLU."""
    values = {"b_write": 0.6, "b_write_left": 2.0, "b_write_right": 3.0}
    values |= {"b_erase": 0.2, "b_erase_left": 1.0, "b_erase_right": -1.0}
    (_, m0), _, (_, m) = at_zero(name, steps=3, **values)
    np.testing.assert_allclose(m - m0, 3 * (0.6 - 0.2 * direction) * 8**-0.2, rtol=1e-13)


@pytest.mark.parametrize(("name", "step"), [("nru", -0.6 + 0.2), ("nru-relu-heads", 0.0)])
def test_a_relu_silences_negative_heads(name, step):
    values = {"b_write": -0.6, "b_write_left": 2.0, "b_write_right": 3.0}
    values |= {"b_erase": -0.2, "b_erase_left": 1.0, "b_erase_right": 1.0}
    (_, m0), _, (_, m) = at_zero(name, steps=1, **values)
    np.testing.assert_allclose(m - m0, np.full_like(m, step * 8**-0.2), rtol=0, atol=1e-14)


def test_nru_reads_the_outer_product_row_by_row_and_averages_its_heads():
    """With left = (1, 0, 0, 0) only the first row of 4 is not zero: the first half of the first head's 8 entries."""
    values = {"b_write": np.array([0.6, 5.0]), "b_write_left": np.array([1.0, 0, 0, 0]), "b_write_right": 3.0}
    (_, m0), _, (_, m) = at_zero("nru", steps=1, **values)
    expected = np.array([1.0] * 4 + [0.0] * 4) * 0.6 * 4**-0.2 / 2
    np.testing.assert_allclose(m - m0, np.broadcast_to(expected, m.shape), rtol=0, atol=1e-14)


def test_layer_norm_has_its_gain_as_spread_and_its_bias_as_mean():
    y = layer_norm(np.array([1.0, 2, 3, 6]), 2.0, 0.5)
    assert y.mean() == pytest.approx(0.5)
    assert y.std() == pytest.approx(2.0 * math.sqrt(3.5 / (3.5 + 1e-5)), rel=1e-12)


def test_the_normalised_rnn_normalises_before_its_relu():
    a = np.array([1.0, 2, 3, 6, -1, 1])
    _, outputs, _ = at_zero("rnn-relu-layer-norm", b_candidate=a, norm_gain=1.5, norm_bias=0.1)
    expected = [max(0.0, 1.5 * (v - 2) / math.sqrt(28 / 6 + 1e-5) + 0.1) for v in a]
    np.testing.assert_allclose(outputs, np.broadcast_to(expected, outputs.shape), rtol=0, atol=1e-14)


def test_helpers_carry_an_imaginary_step_through_their_branches():
    x = np.array([3.0, -4.0])
    slope = [l5_norm(x + 1e-30j * unit).imag[0] / 1e-30 for unit in np.eye(2)]
    np.testing.assert_allclose(slope, np.sign(x) * (np.abs(x) / l5_norm(x)) ** 4, rtol=1e-14)
    assert l5_norm(np.zeros(3)) == 0
    s = sigmoid(0.3)
    assert sigmoid(0.3 + 1e-30j).imag / 1e-30 == pytest.approx(s * (1 - s), rel=1e-14)
