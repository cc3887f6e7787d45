"""Every cell gives the numbers of the paper's equations, in values and in all gradients."""

import numpy as np
import pytest
import torch

from cells.oracle_parameters import CASES, place
from holdfast.backends.reference import unroll_segment
from holdfast.layers import CATALOGUE
from oracles import ORACLES, SMALL, Functional, value_and_gradient

TOLERANCE = 1e-9  # float64


def tensors(arrays):
    return tuple(torch.tensor(array, requires_grad=True) for array in arrays)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.oracle)
def test_values_and_gradients_are_those_of_the_oracle(case):
    generator = np.random.default_rng(0)
    oracle = ORACLES[case.oracle]
    parameters, inputs, initial = oracle.draw(generator)
    functional = Functional.like(*oracle.unroll(parameters, inputs, initial), generator)
    expected, gradient = value_and_gradient(oracle, parameters, inputs, initial, functional)

    cell = case.cell(SMALL["I"], SMALL["H"], dtype=torch.float64).eval()
    named = dict(cell.named_parameters())
    filled = {name: torch.zeros_like(p, dtype=torch.bool) for name, p in named.items()}
    for name, value in parameters.items():
        parameter, index = place(case, cell, name)
        named[parameter].data[index] = torch.tensor(value)
        filled[parameter][index] = True
    assert all(mask.all() for mask in filled.values()), "the oracle does not set every parameter of the cell"

    x, *state = tensors((inputs, *initial))
    outputs, last = unroll_segment(cell, x, tuple(state), None, None)
    value = (outputs * torch.tensor(functional.outputs)).sum()
    value = value + sum((s * torch.tensor(w)).sum() for s, w in zip(last, functional.final_state, strict=True))
    value.backward()

    assert tuple(cell.state_sizes) == tuple(oracle.states)
    np.testing.assert_allclose(value.item(), expected, rtol=TOLERANCE, atol=TOLERANCE)
    np.testing.assert_allclose(x.grad, gradient.inputs, rtol=TOLERANCE, atol=TOLERANCE)
    for found, wanted in zip(state, gradient.initial_state, strict=True):
        slope = np.zeros_like(wanted) if found.grad is None else found.grad  # a state that the step does not read
        np.testing.assert_allclose(slope, wanted, rtol=TOLERANCE, atol=TOLERANCE)
    for name, wanted in gradient.parameters.items():
        parameter, index = place(case, cell, name)
        np.testing.assert_allclose(named[parameter].grad[index], wanted, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)


def test_every_oracle_has_a_cell_but_for_the_forms_that_no_paper_uses():
    assert set(ORACLES) - {case.oracle for case in CASES} == {"nru-layer-norm"}


def test_every_cell_of_the_catalogue_has_an_oracle():
    checked = {type(case.cell(SMALL["I"], SMALL["H"])) for case in CASES}
    assert {entry.cell for entry in CATALOGUE.values()} <= checked
