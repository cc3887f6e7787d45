"""Torch's own kernels on rows that end at different steps. tests/layers holds them to torch's layers."""

import pytest
import torch

from holdfast.backends import Native, Reference, Work
from holdfast.cells import GRU, LSTM, RNN
from tolerances import assert_close


@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_a_row_without_steps_keeps_its_state(kind):
    cell = kind(3, 5, dtype=torch.float64)
    cell.reset_parameters(torch.Generator().manual_seed(0))
    x = torch.randn(4, 3, 3, dtype=torch.float64, requires_grad=True)
    state = [torch.randn(3, size, dtype=torch.float64, requires_grad=True) for size in cell.state_sizes.values()]
    work = Work(x, cell.make_state(state), torch.arange(4).unsqueeze(1) < torch.tensor([2, 0, 4]))
    found = []
    for backend in (Native(), Reference()):
        output, last = backend.unroll(cell, work)
        total = sum(part.square().sum() for part in (output, *last))
        found.append([output, *last, *torch.autograd.grad(total, [x, *state, *cell.parameters()])])
    assert_close(*found)
    assert torch.equal(found[0][1][1], state[0][1])


def test_auto_leaves_ragged_rows_on_the_cpu_to_others():
    cell, x = LSTM(3, 5), torch.zeros(4, 2, 3)
    state = cell.initial_state(2, like=x)
    assert Native().disadvantage(cell, Work(x, state)) is None
    assert "one step at a time" in Native().disadvantage(cell, Work(x, state, torch.ones(4, 2, dtype=torch.bool)))


def test_a_parameter_that_is_another_modules_is_missed():
    cell = LSTM(3, 5)
    del cell.weight_hh
    cell.weight_hh = torch.zeros(20, 5)
    assert Native().obstacle(cell) == "torch's kernels take parameters of LSTM that are not there: weight_hh"
