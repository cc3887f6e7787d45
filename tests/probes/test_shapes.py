"""The shapes of gates, as numbers."""

import pytest
import torch

import holdfast
from holdfast.probes import learnt_shapes


def shapes(name, **options):
    return learnt_shapes({0: holdfast.make(name, 2, 3, **options).cells[0]})


def test_only_gates_with_parameters_of_their_own_learn_a_shape():
    assert shapes("ur-lstm") == shapes("cumax-lstm") == shapes("lstm") == ()
    assert [gate.name for gate in shapes("kaf-lstm")] == ["forget", "input", "output"]


def test_a_shape_is_what_the_gate_makes_of_its_pre_activations_and_units_of_one_shape_are_told_once():
    cell = holdfast.make("kaf-gru", 2, 3, dtype=torch.float64).cells[0]
    with torch.no_grad():
        cell.reset_gate.coefficients[1] += 2.0
    update, reset = learnt_shapes({4: cell})
    assert (reset.cell, len(update.values), len(reset.values)) == (4, 1, 2)
    a = torch.tensor(reset.at, dtype=torch.float64)
    gate = cell.reset_gate(a.unsqueeze(1).expand(-1, 3)).detach()
    drawn = torch.tensor(reset.values, dtype=torch.float64)
    torch.testing.assert_close(drawn.sort(0)[0], gate[:, :2].T.sort(0)[0], atol=5e-5, rtol=0)
    assert reset.distance == pytest.approx((gate - a.sigmoid().unsqueeze(1)).abs().amax(0).tolist())
    assert reset.distance[0] < 0.02 < reset.distance[1]
