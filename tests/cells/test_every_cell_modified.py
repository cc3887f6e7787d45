"""What zoneout and dropout do to each cell of the catalogue, or why they are refused."""

from functools import partial

import pytest
import torch

from compiler.workloads import build
from holdfast import Recurrent
from holdfast.backends.reference import unroll_segment
from holdfast.cells import (
    GRU,
    HMLSTM,
    LSTM,
    MLSTM,
    SLSTM,
    ClockworkRNN,
    Dilated,
    GaussianLSTM,
    PhasedLSTM,
    Skip,
    VariationalDropout,
    Zoneout,
)
from holdfast.layers.catalogue import distinct

STEPS, ROWS, INPUT, UNITS = 5, 3, 3, 8
X = torch.randn(STEPS, ROWS, INPUT, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
REST = {
    "gaussian": partial(GaussianLSTM, t_max=9.0),
    "phased": partial(PhasedLSTM, open_ratio=1.0),
    "clockwork": ClockworkRNN,
    "skip": Skip,
    "skip of gaussian": partial(Skip, cell=partial(GaussianLSTM, t_max=9.0)),
    "hierarchical": HMLSTM,
}
"""Cells with states that are no units."""


def cell_of(name):
    """The cell of that name with all its parameters away from zero, so that every product counts."""
    generator = torch.Generator().manual_seed(1)
    cell = build(name, INPUT, UNITS, dtype=torch.float64, generator=generator).cells[0]
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator))
    return cell


def around(modifier, cell, **rates):
    return modifier(INPUT, UNITS, cell=lambda *sizes, **kind: cell, **rates)


def is_refused(make):
    try:
        make()
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cell", REST.values(), ids=REST)
def test_a_state_that_is_no_unit_goes_on_under_zoneout_as_without(cell, training):
    torch.manual_seed(0)
    zoned = Zoneout(INPUT, UNITS, cell=cell, output_rate=0.9, memory_rate=0.9, dtype=torch.float64).train(training)
    inner = zoned.inner
    state = [torch.rand(ROWS, width, dtype=torch.float64).round() for width in inner.state_sizes.values()]
    new = zoned.next_state(zoned.project(X)[0], zoned.make_state(state))
    plain = inner.next_state(inner.project(X)[0], inner.make_state(state))
    assert inner.bookkeeping
    assert set(inner.bookkeeping) < set(inner.state_sizes)
    for name in inner.state_sizes:
        if name in inner.bookkeeping:
            assert torch.equal(getattr(new, name), getattr(plain, name)), name
        else:
            assert not torch.equal(getattr(new, name), getattr(plain, name)), name


@pytest.mark.parametrize("name", distinct())
def test_after_so_many_steps_a_clock_shows_them_and_a_count_has_counted_them(name):
    cell = cell_of(name)
    if "clock" not in cell.state_sizes and "updates" not in cell.state_sizes:
        assert not cell.bookkeeping or name == "hm-lstm"
        return
    if "updates" in cell.state_sizes:  # always awake
        cell.bias_update.data.fill_(50.0)
    zoned = around(Zoneout, cell, output_rate=0.5, memory_rate=0.5).eval()
    _, end = unroll_segment(zoned, X, zoned.initial_state(ROWS, like=X), None, None)
    counted = end[list(zoned.state_sizes).index("clock" if "clock" in zoned.state_sizes else "updates")]
    assert torch.equal(counted, torch.full((ROWS, 1), float(STEPS), dtype=torch.float64))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (SLSTM, r"SLSTM can't have zoneout: c and n are held relative to exp\(m\)"),
        (MLSTM, r"MLSTM can't have zoneout: C and n are held relative to exp\(m\)"),
        (Dilated, "Dilated can't have zoneout: .* give its layers cells with zoneout"),
        (partial(Skip, cell=SLSTM), r"SLSTM can't have zoneout: c and n are held relative to exp\(m\)"),
    ],
)
def test_zoneout_is_refused_where_units_cannot_be_kept_one_by_one(cell, reason):
    with pytest.raises(ValueError, match=reason):
        Zoneout(INPUT, UNITS, cell=cell)
    assert Dilated(INPUT, UNITS, cell=partial(Zoneout, cell=GRU), layers=2)


@pytest.mark.parametrize("name", [name for name in distinct() if name != "variational-lstm"])
def test_dropping_outputs_changes_what_a_cell_does_or_is_refused(name):
    cell = cell_of(name)
    dropout = partial(around, VariationalDropout, cell, input_rate=0.0)
    if is_refused(partial(dropout, output_rate=0.9)):
        state = cell.initial_state(ROWS, like=X)
        first = torch.zeros_like(state[0], requires_grad=True)
        new = cell.next_state(cell.project(X[0]), cell.make_state([first, *state[1:]]))
        reached = torch.autograd.grad(sum(part.sum() for part in new), first, allow_unused=True)
        assert reached == (None,), "refused, and yet its output is read"
        return
    dropped = dropout(output_rate=0.9)
    torch.manual_seed(0)
    with_masks, _ = unroll_segment(dropped, X, dropped.initial_state(ROWS, like=X), None, None)
    torch.manual_seed(0)
    without, _ = unroll_segment(cell, X, cell.initial_state(ROWS, like=X), None, None)
    assert not torch.allclose(with_masks, without)


def test_a_cell_that_never_reads_its_output_may_still_have_its_input_dropped():
    with pytest.raises(ValueError, match=r"StatisticalRU gives its output out .* pass output_rate=0"):
        around(VariationalDropout, cell_of("statistical-ru"))
    layer = Recurrent(
        partial(VariationalDropout, cell=lambda *sizes, **kind: cell_of("sru"), output_rate=0.0), INPUT, UNITS
    )
    assert not torch.equal(layer.double()(X)[0], layer(X)[0])
    assert Recurrent(partial(VariationalDropout, cell=LSTM), INPUT, UNITS)(X.float())[0].isfinite().all()
