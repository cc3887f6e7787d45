"""Cells that start otherwise at another place in a stack."""

from functools import partial

import pytest
import torch

from holdfast import Recurrent, make
from holdfast.cells import SLSTM, Dilated, IndRNN, Zoneout


def forget_biases(layer):
    return [cell.bias[cell.block("forget")].tolist() for cell in layer.cells]


def starts(layer):
    return [cell.unmodified.recurrence.min().item() for cell in layer.cells]


@pytest.mark.parametrize("generator", [None, torch.Generator().manual_seed(0)], ids=["global", "given"])
def test_forget_gates_of_an_slstm_start_by_its_place_in_the_stack(generator):
    stack = make("slstm", 3, 8, num_layers=3, bidirectional=True, generator=generator)
    places = [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    for found, place in zip(forget_biases(stack), places, strict=True):
        assert found == pytest.approx([5 - 12 * (j / 7) ** (0.3 + 1.3 * place) for j in range(8)], abs=1e-5)
    alone, middle = forget_biases(make("slstm", 3, 8)), forget_biases(make("slstm", 3, 8, num_layers=3, depth=0.5))
    assert alone[0] == forget_biases(stack)[0]
    assert middle == [forget_biases(stack)[2]] * 3


@pytest.mark.parametrize("generator", [None, torch.Generator().manual_seed(0)], ids=["global", "given"])
def test_the_last_layer_of_an_indrnn_can_start_with_units_that_forget_nothing(generator):
    stack = make("indrnn", 3, 64, num_layers=3, last_start=1.0, generator=generator)
    first, second, last = starts(stack)
    assert max(first, second) < 0.2
    assert last == 1
    assert 0.9 <= starts(make("indrnn", 3, 64, last_start=0.9, generator=generator))[-1] < 0.92
    assert starts(stack.another(3))[-1] == 1
    with pytest.raises(ValueError, match="last_start must lie between 0 and 1"):
        make("indrnn", 3, 4, last_start=1.5)


def test_without_a_last_start_no_number_is_drawn_for_it():
    torch.manual_seed(0)
    plain = IndRNN(3, 8)
    torch.manual_seed(0)
    (stacked,) = make("indrnn", 3, 8).cells
    assert torch.equal(plain.recurrence, stacked.recurrence)


def test_cells_within_cells_know_their_place_too():
    within = Recurrent(partial(Zoneout, cell=partial(IndRNN, last_start=1.0)), 3, 16, num_layers=2)
    assert starts(within)[0] < 1 == starts(within)[1]
    dilated = Dilated(3, 8, cell=SLSTM, layers=3)
    assert [cell.place for cell in dilated.layers] == [0.0, 0.5, 1.0]
