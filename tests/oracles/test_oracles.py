"""The oracles check themselves: derivatives against differences, sequences against their parts, and torch.nn."""

import numpy as np
import pytest
import torch

from . import ORACLES, Functional, value_and_gradient


def problem(name, seed=0):
    """Random arguments of an oracle, and a random functional of what it gives."""
    generator = np.random.default_rng(seed)
    arguments = ORACLES[name].draw(generator)
    return arguments, Functional.like(*ORACLES[name].unroll(*arguments), generator)


def difference(evaluate, array, position, step=1e-5):
    """The central difference of `evaluate()` in one entry of `array`."""
    kept, sides = array[position], []
    for moved in (kept + step, kept - step):
        array[position] = moved
        sides.append(evaluate())
    array[position] = kept
    return (sides[0] - sides[1]) / (2 * step)


STRAIGHT_THROUGH = {"hm-lstm", "skip-lstm", "skip-gru"}
"""Whose slopes are not those of their values: a decision has the slope of what it was made from."""


@pytest.mark.parametrize("name", sorted(ORACLES.keys() - STRAIGHT_THROUGH))
def test_the_complex_step_agrees_with_central_differences(name):
    (parameters, inputs, state), functional = problem(name)
    value, gradient = value_and_gradient(ORACLES[name], parameters, inputs, state, functional)

    def evaluate():
        return functional(*ORACLES[name].unroll(parameters, inputs, state))

    assert value == evaluate()
    pairs = [*((parameters[key], gradient.parameters[key]) for key in parameters), (inputs, gradient.inputs)]
    pairs += zip(state, gradient.initial_state, strict=True)
    generator = np.random.default_rng(1)
    for array, slope in pairs:
        assert slope.shape == array.shape
        for _ in range(2):
            position = tuple(int(generator.integers(size)) for size in array.shape)
            assert slope[position] == pytest.approx(difference(evaluate, array, position), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", ORACLES)
def test_every_parameter_moves_the_functional(name):
    arguments, functional = problem(name)
    _, gradient = value_and_gradient(ORACLES[name], *arguments, functional)
    for key, slope in gradient.parameters.items():
        assert np.abs(slope).max() > 1e-6, key


@pytest.mark.parametrize("name", ORACLES)
def test_a_sequence_in_two_parts_equals_the_whole(name):
    (parameters, inputs, state), _ = problem(name)
    whole, end = ORACLES[name].unroll(parameters, inputs, state)
    first, middle = ORACLES[name].unroll(parameters, inputs[:2], state)
    second, last = ORACLES[name].unroll(parameters, inputs[2:], middle)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    np.testing.assert_array_equal(last[0], whole[-1])
    for a, b in zip(last, end, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ORACLES)
def test_the_rows_of_a_batch_do_not_see_each_other(name):
    (parameters, inputs, state), _ = problem(name)
    whole, _ = ORACLES[name].unroll(parameters, inputs, state)
    alone, _ = ORACLES[name].unroll(parameters, inputs[:, 1:], tuple(s[1:] for s in state))
    np.testing.assert_allclose(alone, whole[:, 1:], rtol=0, atol=1e-13)


def test_a_misnamed_parameter_is_refused():
    (parameters, inputs, state), _ = problem("lstm")
    parameters["b_forgot"] = parameters.pop("b_forget")
    with pytest.raises(ValueError, match=r"misses \['b_forget'\] and doesn't know \['b_forgot'\]"):
        ORACLES["lstm"].unroll(parameters, inputs, state)


TORCH = {
    "rnn-tanh": (torch.nn.RNN, {}, ("candidate",)),
    "rnn-relu": (torch.nn.RNN, {"nonlinearity": "relu"}, ("candidate",)),
    "lstm": (torch.nn.LSTM, {}, ("input", "forget", "candidate", "output")),
    "projected-lstm": (torch.nn.LSTM, {"proj_size": 4}, ("input", "forget", "candidate", "output")),
    "gru": (torch.nn.GRU, {}, ("reset", "update", "candidate")),
}


def torch_layer(name, parameters):
    """torch.nn's layer with the oracle's parameters in it; the hidden bias is zero, but for the GRU's candidate."""
    build, options, order = TORCH[name]
    layer = build(3, 6, dtype=torch.float64, **options)
    hidden = [parameters.get(f"b_hidden_{gate}", np.zeros(6)) for gate in order]
    weights = {
        "weight_ih_l0": np.concatenate([parameters[f"W_{gate}"] for gate in order]),
        "weight_hh_l0": np.concatenate([parameters[f"U_{gate}"] for gate in order]),
        "bias_ih_l0": np.concatenate([parameters[f"b_{gate}"] for gate in order]),
        "bias_hh_l0": np.concatenate(hidden),
    }
    if "W_projection" in parameters:
        weights["weight_hr_l0"] = parameters["W_projection"]
    layer.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    return layer


@pytest.mark.parametrize("name", TORCH)
def test_outputs_states_and_gradients_are_those_of_torch(name):
    (parameters, inputs, state), functional = problem(name)
    outputs, final = ORACLES[name].unroll(parameters, inputs, state)
    _, gradient = value_and_gradient(ORACLES[name], parameters, inputs, state, functional)
    layer = torch_layer(name, parameters)

    x = torch.from_numpy(inputs).requires_grad_()
    initial = tuple(torch.from_numpy(array)[None].requires_grad_() for array in state)
    output, last = layer(x, initial if len(initial) > 1 else initial[0])
    last = last if isinstance(last, tuple) else (last,)
    total = (output * torch.from_numpy(functional.outputs)).sum()
    for array, weights in zip(last, functional.final_state, strict=True):
        total = total + (array[0] * torch.from_numpy(weights)).sum()
    total.backward()

    order = TORCH[name][2]
    same = [(output, outputs), (x.grad, gradient.inputs)]
    same += [(a[0], b) for a, b in zip(last, final, strict=True)]
    same += [(a.grad[0], b) for a, b in zip(initial, gradient.initial_state, strict=True)]
    for key, letter in (("weight_ih_l0", "W"), ("weight_hh_l0", "U"), ("bias_ih_l0", "b")):
        blocks = [gradient.parameters[f"{letter}_{gate}"] for gate in order]
        same.append((getattr(layer, key).grad, np.concatenate(blocks)))
    for ours, theirs in same:
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=0, atol=1e-12)
