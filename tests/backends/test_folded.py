"""Dilated layers that run as batches give the numbers of their definition."""

from functools import partial

import pytest
import torch

import holdfast
from compiler.workloads import Size, results, work_for, worst
from holdfast.backends import Compiled, Folded, Reference
from holdfast.backends.choose import choose
from holdfast.cells import GRU, LSTM, RNN, Dilated, GaussianLSTM, MinGRU, Zoneout
from tolerances import assert_close

LAYERS = 3  # dilations 1, 2, 4
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM, "min-gru": MinGRU, "zoneout": partial(Zoneout, cell=GRU)}


class Elsewhere(GRU):
    """A cell that begins with ones."""

    def initial_state(self, batch_size, *, like):
        return self.make_state(like.new_ones(batch_size, self.hidden_size))


def by_reference(cell, work):
    return Reference()


def dilated(name, **options):
    return Dilated(3, 5, cell=CELLS[name], layers=LAYERS, dtype=torch.float64, **options).eval()


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 8, 21])
def test_a_layer_goes_on_from_so_many_steps_ago(steps):
    cell = dilated("lstm", base=3)
    y = x = torch.randn(steps, 2, 3, dtype=torch.float64)
    for k, lstm in enumerate(cell.layers):
        states = [lstm.initial_state(2, like=x)] * 3**k
        for x_t in y:
            states.append(lstm.next_state(lstm.project(x_t), states[-(3**k)]))
        y = torch.stack([state.h for state in states[3**k :]])
    layer = holdfast.Recurrent(lambda *sizes, **kind: cell, 3, 5)
    for backend in ("reference", "folded"):
        layer.backend = backend
        assert_close(layer(x)[0], y)


@pytest.mark.parametrize("name", CELLS)
def test_folding_changes_no_number(name):
    torch.manual_seed(0)
    cell = dilated(name)
    for steps in (1, 3, 8, 13):
        for ragged, resets in ((False, False), (True, False), (False, True), (True, True)):
            for segment in (None, 3):
                work = work_for(cell, Size(steps, 3, 3, 5), ragged=ragged, resets=resets, segment=segment)
                found, expected = results(Folded(by_reference), cell, work), results(Reference(), cell, work)
                difference, where = worst(found, expected)
                assert difference < 1e-12, (where, steps, ragged, resets, segment)


def test_layers_run_by_what_is_best_for_their_cell(monkeypatch):
    cell = dilated("gru")
    work = work_for(cell, Size(13, 3, 3, 5), ragged=True, resets=True)
    choice = choose("auto", cell, work)
    assert choice.backend.name == "folded"
    assert str(choice) == "folded, its layers compiled"
    difference, where = worst(results(choice.backend, cell, work), results(Reference(), cell, work))
    assert difference < 1e-10, where
    monkeypatch.setattr(Compiled, "obstacle", lambda *_: "there is no C++ compiler")
    assert str(choose("auto", cell)) == "folded, its layers native"
    assert str(choose("reference", cell)) == "reference"


def test_a_stream_in_pieces_is_the_whole():
    layer = holdfast.make("dilated-gru", 3, 5, layers=LAYERS, num_layers=2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(21, 2, 3, dtype=torch.float64)
    forward = holdfast.make("dilated-gru", 3, 5, layers=LAYERS, dtype=torch.float64)
    whole, end = forward(x)
    pieces, state = [], forward.initial_state(2)
    for piece in x.split([1, 2, 6, 1, 11]):
        output, state = forward(piece, state)
        pieces.append(output)
    assert_close(torch.cat(pieces), whole)
    assert_close(tuple(state), tuple(end))
    found, _ = layer(x, lengths=[21, 6])
    layer.backend = "reference"
    assert_close(found, layer(x, lengths=[21, 6])[0])


@pytest.mark.parametrize("cell", [Elsewhere, partial(GaussianLSTM, t_max=9.0, clock="stamps")])
def test_a_cell_that_begins_elsewhere_or_reads_the_time_is_refused(cell):
    with pytest.raises(ValueError, match="begin from zeros and read no time stamps"):
        Dilated(3, 4, cell=cell)


def test_a_layer_without_dilation_can_not_be_folded():
    with pytest.raises(ValueError, match="LSTM has no dilated layers"):
        holdfast.LSTM(3, 4, backend="folded")(torch.zeros(2, 1, 3))
