"""Nothing goes to the slow reference in silence: one warning, once, and none where something fast runs."""

import re
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import holdfast
from holdfast.backends.build import NoCompiler
from holdfast.backends.choose import TOLD
from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernels import Kernels
from holdfast.cells import RNN


class Warm(RNN):
    """A cell that begins at one."""

    def initial_state(self, batch_size, *, like):
        return self.make_state([torch.ones_like(part) for part in super().initial_state(batch_size, like=like)])


class Sorted(RNN):
    """A cell that the compiler refuses."""

    def step(self, p, state):
        return super().step(p.sort(-1)[0], state)


class Leaky(RNN):
    """A cell with a plain number."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.slope, self.rate = 0.1, 1.0

    def step(self, p, state):
        return F.leaky_relu(p + F.linear(state.h, self.weight_hh), self.slope) * self.rate


@pytest.fixture(autouse=True)
def _untold():
    """Nobody was told of any cell."""
    before = set(TOLD)
    TOLD.clear()
    yield
    TOLD.update(before)


@pytest.fixture
def no_compiler(monkeypatch):
    def find_none(*_, **__):
        raise NoCompiler("no working C++ compiler: install one")

    monkeypatch.setattr("holdfast.backends.kernel.load", find_none)
    for name, value in vars(Kernels()).items():
        if name in ("known", "shared"):
            monkeypatch.setattr(KERNELS, name, value)


def told(call) -> list[str]:
    """What is said while something runs."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        call()
    return [str(warning.message) for warning in said if warning.category is RuntimeWarning]


X, RESET = torch.randn(4, 2, 3), torch.zeros(4, 2, dtype=torch.bool)
SLOW = {
    "a refused step": (Sorted, lambda layer: layer(X), "sort is not an operation"),
    "a reset to another state": (Warm, lambda layer: layer(X, reset=RESET), "resets to a state of its own"),
    "a transform": (RNN, lambda layer: torch.func.jvp(lambda x: layer(x)[0], (X,), (X,)), "torch.func transforms"),
    "lengths without a compiler": (RNN, lambda layer: layer(X, lengths=[4, 2]), "no working C.. compiler"),
    "a cell without a compiler": (Warm, lambda layer: layer(X), "no working C.. compiler"),
}


@pytest.mark.parametrize("case", SLOW)
def test_the_reference_is_told_of_once(no_compiler, case):
    cell, call, reason = SLOW[case]
    layers = [holdfast.Recurrent(cell, 3, 4) for _ in range(2)]
    said = told(lambda: [call(layer) for layer in layers])
    assert len(said) == 1, said
    assert re.fullmatch(f"{cell.__name__} runs on the slow reference: .*{reason}.*", said[0]), said


QUIET = {
    "asked for by name": lambda: holdfast.Recurrent(Sorted, 3, 4, backend="reference")(X),
    "torch's own kernel": lambda: holdfast.LSTM(3, 4)(X),
    "a scan": lambda: holdfast.make("min-gru", 3, 4)(X.repeat(50, 1, 1)),
}


@pytest.mark.parametrize("case", QUIET)
def test_what_is_usual_is_not_told(no_compiler, case):
    assert told(QUIET[case]) == []


def test_a_number_that_changes_from_call_to_call_is_told_of_at_its_third_value(monkeypatch):
    kernels, cell = Kernels(), Leaky(3, 4)
    monkeypatch.setattr(kernels, "find", lambda cell: "not built here")
    said = [told(lambda: kernels.of(cell)) for cell.slope in (0.1, 0.2, 0.1, 0.3, 0.4)]
    assert [len(messages) for messages in said] == [0, 0, 0, 1, 0]
    assert "Leaky is compiled anew for every value of 'slope'" in said[3][0]
    assert "buffer" in said[3][0]


def test_other_changes_are_no_hint(monkeypatch):
    kernels, cell = Kernels(), Leaky(3, 4)
    monkeypatch.setattr(kernels, "find", lambda cell: "not built here")

    def change(**settings):
        vars(cell).update(settings)
        kernels.of(cell)

    assert told(lambda: [change(nonlinearity=name) for name in ("tanh", "relu", "other")]) == []
    assert told(lambda: [change(training=flag, slope=0.5) for flag in (True, False)]) == []
    assert told(lambda: [change(slope=slope, rate=slope) for slope in (2.0, 3.0, 4.0)]) == []
    cell.further = nn.ReLU()
    assert told(lambda: kernels.of(cell)) == []
