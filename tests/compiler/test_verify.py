"""What can't be compiled is refused by name, with the line of the cell; the layer then runs on the reference."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import holdfast
from holdfast.backends import Reference
from holdfast.backends.choose import choose
from holdfast.backends.kernels import Kernels
from holdfast.cells import LSTM
from holdfast.compiler import Refusal, compile_cell
from holdfast.compiler.fingerprint import fingerprint


class Plain(holdfast.Cell):
    """A cell with a step to be filled in."""

    def __init__(self, input_size: int, hidden_size: int, device=None, dtype=None):
        super().__init__(input_size, hidden_size)
        self.weight = nn.Parameter(torch.zeros(hidden_size, input_size, device=device, dtype=dtype))
        self.norm = nn.BatchNorm1d(hidden_size, track_running_stats=False)

    def project(self, x):
        return F.linear(x, self.weight)


class NormalisesOverTheBatch(Plain):
    def step(self, p, state):
        return self.norm(p + state.h)


class ReadsASlice(Plain):
    def step(self, p, state):
        return p * state.h[:, :1] + state.h[:, 1].unsqueeze(1)


class Branches(Plain):
    def step(self, p, state):
        if state.h.sum() > 0:
            return p
        return state.h


class DrawsNoise(Plain):
    def step(self, p, state):
        return p + torch.rand_like(p)


class SoftmaxOverTheBatch(Plain):
    def step(self, p, state):
        return p.softmax(0) + state.h


class MeansOverTheBatch(Plain):
    def step(self, p, state):
        return p + state.h.sum(0)


class Sorts(Plain):
    def step(self, p, state):
        return p.sort(-1)[0] + state.h


class KnowsTheBatch(Plain):
    def step(self, p, state):
        return p + state.h / p.shape[0]


class BringsATensor(Plain):
    def step(self, p, state):
        return p + state.h * OUTSIDE


OUTSIDE = torch.ones(4)
CASES = {
    NormalisesOverTheBatch: ("batch_norm", "self.norm(p + state.h)"),
    Branches: ("depends on a value", "if state.h.sum() > 0"),
    DrawsNoise: ("rand_like", "torch.rand_like(p)"),
    SoftmaxOverTheBatch: ("mixes rows", "p.softmax(0)"),
    MeansOverTheBatch: ("sum mixes rows", "state.h.sum(0)"),
    Sorts: ("sort", "p.sort(-1)"),
    KnowsTheBatch: ("number of rows", ""),
    BringsATensor: ("neither a parameter nor a buffer", "state.h * OUTSIDE"),
}


@pytest.mark.parametrize("cell", CASES, ids=lambda cell: cell.__name__)
def test_a_refusal_names_the_operation_and_the_line(cell):
    operation, line = CASES[cell]
    with pytest.raises(Refusal) as refusal:
        compile_cell(cell(3, 4), from_input=False)
    assert operation in str(refusal.value)
    assert line in str(refusal.value)


@pytest.mark.parametrize("cell", [Sorts, NormalisesOverTheBatch, Branches], ids=lambda cell: cell.__name__)
def test_a_cell_that_is_refused_runs_on_the_reference_and_explain_says_why(cell):
    operation, line = CASES[cell]
    layer = holdfast.Recurrent(cell, 3, 4)
    with pytest.warns(RuntimeWarning, match=f"{cell.__name__} runs on the slow reference: .*{operation}"):
        output, _ = layer(torch.randn(2, 3, 3))
    assert output.shape == (2, 3, 4)
    assert operation in str(layer.explain())
    assert line in str(layer.explain())
    assert isinstance(choose("auto", layer._cell(0)).backend, Reference)


@pytest.mark.parametrize("from_input", [True, False])
def test_a_slice_and_a_column_of_a_state_have_a_compiled_gradient(from_input):
    assert compile_cell(ReadsASlice(3, 6), from_input=from_input).source


def test_chance_that_belongs_to_no_row_is_refused_too():
    class DropsWeights(Plain):
        def step(self, p, state):
            return p + state.h * torch.rand(4)

    with pytest.raises(Refusal, match="draws at random; chance belongs in project"):
        compile_cell(DropsWeights(3, 4), from_input=False)


def capped(lines_above: int) -> type[LSTM]:
    """A cell that branches on a value, so many lines below the top of its file."""
    text = "\n" * lines_above + (
        "class Capped(LSTM):\n"
        "    def step(self, p, state):\n"
        "        return super().step(p, state) if p.sum() > 0 else state\n"
    )
    names = {"LSTM": LSTM, "__name__": "capped"}
    exec(compile(text, "capped.py", "exec"), names)
    return names["Capped"]


def test_cells_that_are_alike_are_each_told_their_own_line():
    kernels = Kernels()
    cells = [capped(lines)(3, 4) for lines in (0, 20)]
    assert fingerprint(cells[0]) == fingerprint(cells[1]) is not None
    told = [str(kernels.of(cell)) for cell in cells]
    assert "line 3 of" in told[0]
    assert "line 23 of" in told[1]
