"""What does not fit is refused with what was expected, what came and what to do."""

import pickle
import re

import numpy as np
import pytest
import torch
from torch.nn.utils import prune
from torch.nn.utils.rnn import pack_padded_sequence

import holdfast

X = torch.randn(7, 4, 3)


def lstm(**options):
    return holdfast.LSTM(3, 5, **options)


CASES = {
    "features": (lambda: lstm()(torch.randn(7, 4, 2)), "LSTM expects input (time, batch, 3), got (7, 4, 2)"),
    "layout": (lambda: lstm()(torch.randn(5, 4, 7)), "pass batch_first=True if the first axis is the batch"),
    "axes": (lambda: lstm()(torch.randn(3)), "got (3,)"),
    "no steps": (lambda: lstm()(torch.randn(0, 4, 3)), "at least one step and one row, got (0, 4, 3)"),
    "no rows": (lambda: lstm()(torch.randn(7, 0, 3)), "at least one step and one row, got (7, 0, 3)"),
    "dtype": (lambda: lstm()(X.double()), "input has dtype torch.float64 but the layer torch.float32"),
    "integers": (
        lambda: lstm()(X.long()),
        "input has dtype torch.int64 but the layer torch.float32; convert the input with .to(torch.float32)",
    ),
    "a list": (lambda: lstm()([1, 2]), "LSTM expects input (time, batch, 3), a tensor or packed, got list"),
    "an array": (lambda: lstm()(X.numpy()), "a tensor or packed, got ndarray; try torch.as_tensor()"),
    "an array to step": (lambda: lstm().step(X[0].numpy()), "step expects (batch, 3) or (3,), a tensor, got ndarray"),
    "device": (lambda: lstm()(X.to("meta")), "input is on meta but the layer on cpu"),
    "too long": (lambda: lstm()(X, lengths=[7, 8, 1, 1]), "between 1 and the number of steps, 7; got 8 for sequence 1"),
    "empty row": (lambda: lstm()(X, lengths=[7, 3, 0, 1]), "got 0 for sequence 2; leave out sequences without steps"),
    "negative": (lambda: lstm()(X, lengths=[7, 3, 1, -2]), "got -2 for sequence 3"),
    "count": (lambda: lstm()(X, lengths=[7, 3]), "one whole number for each of the 4 sequences, got shape (2,)"),
    "fractions": (lambda: lstm()(X, lengths=[7.0, 3.0, 1.0, 2.0]), "got shape (4,), dtype torch.float32"),
    "reset shape": (
        lambda: lstm()(X, reset=torch.zeros(4, 7, dtype=torch.bool)),
        "reset must be a bool tensor (time, batch) = (7, 4), got shape (4, 7)",
    ),
    "reset dtype": (lambda: lstm()(X, reset=torch.zeros(7, 4)), "dtype torch.float32"),
    "state shape": (
        lambda: lstm()(X, (torch.zeros(1, 4, 5), torch.zeros(2, 4, 5))),
        "LSTM expects the state h (1, 4, 5), c (1, 4, 5), got (1, 4, 5), (2, 4, 5)",
    ),
    "state alone": (lambda: lstm()(X, torch.zeros(1, 4, 5)), "h (1, 4, 5), c (1, 4, 5), got (1, 4, 5)"),
    "state of none": (
        lambda: lstm()(X, (torch.zeros(1, 4, 5), None)),
        "LSTM expects the state h (1, 4, 5), c (1, 4, 5), got (1, 4, 5), NoneType",
    ),
    "state of step": (
        lambda: lstm().requires_grad_(False).step(X[0], (torch.zeros(1, 4, 5), None)),
        "LSTM expects the state h (1, 4, 5), c (1, 4, 5), got (1, 4, 5), NoneType",
    ),
    "state dtype": (
        lambda: lstm()(X, (torch.zeros(1, 4, 5).double(), torch.zeros(1, 4, 5))),
        "the state has dtype torch.float64 but the input torch.float32",
    ),
    "state device": (
        lambda: lstm()(X, (torch.zeros(1, 4, 5, device="meta"), torch.zeros(1, 4, 5))),
        "the state is on meta but the input on cpu; move one of them",
    ),
    "reset list": (lambda: lstm()(X, reset=[True, False]), "reset must be a bool tensor (time, batch) = (7, 4)"),
    "packed twice": (
        lambda: lstm()(pack_padded_sequence(X, [7, 5, 3, 2]), lengths=[7, 5, 3, 2]),
        "a packed sequence has its own lengths",
    ),
    "packed features": (
        lambda: lstm()(pack_padded_sequence(torch.randn(7, 4, 2), [7, 5, 3, 2])),
        "expects input (steps, 3), got (17, 2)",
    ),
    "backwards stream": (lambda: lstm(bidirectional=True).step(X[0]), "a bidirectional layer can't step"),
    "step of nobody": (
        lambda: lstm().requires_grad_(False).step(torch.zeros(0, 3)),
        "at least one step and one row, got (1, 0, 3)",
    ),
    "step axes": (lambda: lstm().step(X), "step expects (batch, 3) or (3,), a tensor, got (7, 4, 3)"),
    "hidden size": (lambda: holdfast.LSTM(3, 0), "hidden_size must be a whole number of at least 1, got 0"),
    "input size": (lambda: holdfast.GRU(2.5, 5), "input_size must be a whole number of at least 1, got 2.5"),
    "truth": (lambda: holdfast.LSTM(True, 5), "input_size must be a whole number of at least 1, got True"),
    "layers": (lambda: lstm(num_layers=0), "num_layers must be a whole number"),
    "dropout": (lambda: lstm(dropout=1.5), "dropout must be a probability between 0 and 1, got 1.5"),
    "recompute": (lambda: lstm(recompute=0), "recompute must be a whole number of at least 1, got 0"),
    "projection of a GRU": (lambda: holdfast.GRU(3, 5, proj_size=2), "proj_size is for LSTM; GRU has no projection"),
    "projection": (lambda: lstm(proj_size=5), "proj_size must be smaller than hidden_size 5, got 5"),
    "backend": (lambda: lstm(backend="cuda"), "backend must be one of 'auto', "),
    "backend can't": (
        lambda: lstm(backend="native")(X, reset=torch.ones(7, 4, dtype=torch.bool)),
        "backend 'native' can't run this: native: torch's kernels can't reset the state within a sequence",
    ),
    "nonlinearity": (lambda: holdfast.RNN(3, 5, nonlinearity="gelu"), "nonlinearity must be 'tanh' or 'relu'"),
    "heads": (
        lambda: holdfast.make("nru", 3, 5, memory_size=60, heads=4),
        "heads * memory_size must be a square, got 4 * 60; for 4 heads try memory_size=64",
    ),
    "chunks": (lambda: holdfast.make("on-lstm", 3, 5, chunk_size=2), "chunk_size must divide hidden_size 5, got 2"),
    "model": (lambda: holdfast.make("ur-lstn", 3, 5), "there is no model 'ur-lstn'; did you mean 'ur-lstm'?"),
    "option": (
        lambda: holdfast.make("nru", 3, 5, memory=4),
        "'nru' has no option 'memory'; did you mean 'memory_size'",
    ),
    "missing": (lambda: holdfast.make("chrono-lstm", 3, 5), "'chrono-lstm' needs t_max"),
    "name": (lambda: holdfast.Lstm, "module 'holdfast' has no attribute 'Lstm'"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_error_says_what_to_do(case):
    call, message = CASES[case]
    with pytest.raises((ValueError, AttributeError), match=re.escape(message)):
        call()


class Oscillator(holdfast.Cell):
    """The example of a cell that is in no catalogue."""

    def __init__(self, input_size, hidden_size, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size, state_sizes={"y": hidden_size, "z": hidden_size})
        self.weight_ih = torch.nn.Parameter(torch.randn(hidden_size, input_size, device=device, dtype=dtype))
        self.weight_hh = torch.nn.Parameter(torch.randn(hidden_size, hidden_size, device=device, dtype=dtype) / 10)

    def project(self, x):
        return torch.nn.functional.linear(x, self.weight_ih)

    def step(self, p, state):
        z = state.z + 0.1 * (torch.tanh(p + torch.nn.functional.linear(state.y, self.weight_hh)) - state.y)
        return state.y + 0.1 * z, z


def test_a_cell_of_ones_own_is_as_good_as_ours():
    layer = holdfast.Recurrent(Oscillator, 3, 5, num_layers=2, bidirectional=True, batch_first=True)
    output, state = layer(torch.randn(4, 7, 3), lengths=[7, 2, 1, 4])
    assert output.shape == (4, 7, 10)
    assert state.y.shape == state.z.shape == (4, 4, 5)
    output.sum().backward()
    assert "Oscillator(3, 5)" in repr(layer)
    restored = pickle.loads(pickle.dumps(state))
    assert torch.equal(restored.z, state.z)


def test_a_cell_without_a_way_to_draw_says_so():
    with pytest.raises(ValueError, match="give it a method reset_parameters"):
        holdfast.Recurrent(Oscillator, 3, 5, generator=torch.Generator())


def test_a_cell_that_returns_too_few_states_is_told_apart():
    class Forgetful(Oscillator):
        def step(self, p, state):
            return state.y

    with pytest.raises(ValueError, match=r"Forgetful has 2 states, y, z, .* got 1"):
        holdfast.Recurrent(Forgetful, 3, 5, backend="reference")(X)


def test_sizes_may_be_numpys():
    layer = holdfast.LSTM(np.int64(3), np.int32(5), num_layers=np.int64(2), recompute=np.int64(3))
    assert layer(X)[0].shape == (7, 4, 5)
    assert "LSTM(\n  3, 5, num_layers=2, recompute=3" in repr(layer)


def test_a_layer_without_memory_tells_shapes():
    layer, x = lstm(device="meta", bidirectional=True), X.to("meta")
    assert layer.explain(x).backends == ("native",) * 2
    for lengths in (None, [7, 3, 1, 5]):
        output, (h, _) = layer(x, lengths=lengths)
        assert output.shape == (7, 4, 10)
        assert h.shape == (2, 4, 5)


def test_packed_input_is_explained():
    layer, lengths = lstm(), [7, 5, 3, 2]
    told = layer.explain(pack_padded_sequence(X, lengths))
    assert str(told) == str(layer.explain(X, lengths=lengths))


HOOKS = {
    "weight_norm": lambda cell: torch.nn.utils.weight_norm(cell, "weight_hh"),
    "spectral_norm": lambda cell: torch.nn.utils.spectral_norm(cell, "weight_hh"),
    "prune": lambda cell: prune.l1_unstructured(cell, "weight_hh", 0.5),
}


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@torch.no_grad()
def test_what_waits_for_a_call_of_a_cell_is_refused(name):
    plain, modified = lstm(), holdfast.make("zoneout-lstm", 3, 5)
    plain.step(X[0])
    for layer, cell in ((plain, plain.cells[0]), (modified, modified.cells[0].inner)):
        HOOKS[name](cell)
        for call in (layer, layer.explain, lambda x, layer=layer: layer.step(x[0])):
            with pytest.raises(ValueError, match=r"LSTM has forward hooks, .* torch\.nn\.utils\.parametrizations"):
                call(X)


def test_weight_norm_as_a_parametrization_is_run():
    layer, twin = lstm(), lstm()
    twin.load_state_dict(layer.state_dict())
    torch.nn.utils.parametrizations.weight_norm(layer.cells[0], "weight_hh")
    torch.testing.assert_close(layer(X)[0], twin(X)[0])
    with torch.no_grad():
        layer.cells[0].parametrizations.weight_hh.original0.mul_(2)
        twin.cells[0].weight_hh.mul_(2)
        torch.testing.assert_close(layer(X)[0], twin(X)[0])
        torch.testing.assert_close(layer.step(X[0])[0], twin.step(X[0])[0])
