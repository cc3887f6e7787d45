"""Gates are read as the cells use them, and their figures are those of plain definitions."""

import math
from functools import partial

import pytest
import torch

import holdfast
from conformance.conftest import options
from holdfast.cells import SLSTM, LinearCell, Skip, WeightDrop
from holdfast.layers import CATALOGUE
from holdfast.layers.catalogue import distinct
from holdfast.probes import correlation_with_time, gates_of, record, saturation, time_scales
from tolerances import assert_close

WITH_GATES = {"lstm", "gru", "ur-lstm", "ur-gru", "janet", "peephole-lstm", "layernorm-lstm", "kaf-lstm", "kaf-gru"}


def track_of(name):
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make(
        name, 3, 6, dtype=torch.float64, backend="reference", generator=generator, **options(name)
    ).eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator)
    x = torch.randn(5, 4, 3, dtype=torch.float64, generator=generator)
    return record(layer, x)[0]


def after_a_step(track):
    """The states after every step of all rows, and those before it, as leaves."""
    before = [part.detach().flatten(0, 1).requires_grad_() for part in track.before]
    p = track.p.detach().flatten(0, 1).requires_grad_()
    return p, before, track.cell.next_state(p, track.cell.make_state(before))


@pytest.mark.parametrize("name", distinct())
def test_a_gate_that_keeps_a_memory_is_the_slope_of_the_memory(name):
    track = track_of(name)
    gates = gates_of(track)
    assert gates or name not in WITH_GATES
    if "forget" not in gates or isinstance(track.cell, LinearCell) or len(track.before) == 1 or name == "slstm":
        return
    _, before, after = after_a_step(track)
    (slope,) = torch.autograd.grad(after[1].sum(), before[1])
    if name == "peephole-lstm":  # there the gates see the memory too
        with torch.no_grad():
            track.cell.peephole_forget.zero_()
            track.cell.peephole_input.zero_()
        gates = gates_of(track)
        _, before, after = after_a_step(track)
        (slope,) = torch.autograd.grad(after[1].sum(), before[1])
    assert_close(gates["forget"].flatten(0, 1), slope)


def sigmoids_of(track, p, *names):
    """Gates with these pre-activations besides what the state adds."""
    cell = track.cell.unmodified
    pre = p + torch.nn.functional.linear(track.before[0], cell.weight_hh)
    return [pre[..., cell.block(name)].sigmoid() for name in names]


def test_what_cells_keep_besides_their_forget_gates_is_counted():
    zoneout, gaussian = track_of("zoneout-lstm"), track_of("gaussian-lstm")
    rate, width = zoneout.cell.memory_rate, len(zoneout.cell.unmodified.bias)
    (f,) = sigmoids_of(zoneout, zoneout.p[..., :width], "forget")
    assert_close(gates_of(zoneout)["forget"], rate + (1 - rate) * f)

    gated = track_of("gated-rnn")
    (i,) = sigmoids_of(gated, gated.p, "input")
    n = (gated.after[0] - (1 - i) * gated.before[0]) / i
    assert n.abs().max() < 1
    assert_close(gates_of(gated)["forget"], 1 - i)

    (f,) = sigmoids_of(gaussian, gaussian.p[..., :width], "forget")
    openness = (1 - gates_of(gaussian)["forget"]) / (1 - f)
    assert ((openness >= 0) & (openness <= 1)).all()
    assert_close(openness, openness[:, :1].expand_as(openness))  # it depends on the step, not on the row

    leaky = track_of("leaky-rnn")
    assert_close(gates_of(leaky)["forget"][3, 2], 1 - leaky.cell.leak.detach().sigmoid())


@pytest.mark.parametrize(
    "cell",
    [SLSTM, partial(Skip, cell=SLSTM), partial(WeightDrop, cell=SLSTM, weight="weight_heads")],
    ids=["alone", "skip", "weight-drop"],
)
def test_what_an_slstm_keeps_is_the_slope_of_the_quotient_that_it_reads(cell):
    """r = c / n; the weights of the past and of the new value add up to 1, so r_t is between r_{t-1} and tanh(z)."""
    layer = holdfast.Recurrent(cell, 3, 4, dtype=torch.float64, backend="reference").eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(parameter)))
    track = record(layer, 3 * torch.randn(9, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))[0]
    kept = gates_of(track)["forget"]
    assert not kept[0].any()
    assert ((kept >= 0) & (kept <= 1)).all()
    before = [part.detach() for part in track.before]
    n = before[2]
    quotient = (before[1] / n).nan_to_num().requires_grad_()
    state = track.cell.make_state([before[0], quotient * n, *before[2:]])
    after = track.cell.next_state(track.p.detach(), state)
    (slope,) = torch.autograd.grad((after[1] / after[2]).sum(), quotient)
    assert_close(kept, slope)


def test_a_matrix_memory_has_no_unit_of_which_it_could_be_told_what_is_kept():
    layer = holdfast.make("mlstm", 3, 4, heads=4, backend="reference").eval()
    assert layer.cells[0].state_sizes["c"] == 4
    assert gates_of(record(layer, torch.randn(5, 2, 3))[0]) == {}


@pytest.mark.parametrize("name", ["gru", "reset-before-gru", "ur-gru", "kaf-gru"])
def test_the_update_gate_is_what_is_kept_of_the_state(name):
    """h' = z h + (1 - z) n with n = tanh(candidate), so dh'/dp = (1 - z)(1 - n^2) in the candidate's block."""
    track = track_of(name)
    z = gates_of(track)["update"].flatten(0, 1)
    p, before, after = after_a_step(track)
    n = (after[0] - z * before[0]) / (1 - z)
    (slope,) = torch.autograd.grad(after[0].sum(), p)
    assert_close(slope[:, track.cell.block("candidate")], ((1 - z) * (1 - n**2)).detach(), scale=100)


def test_the_gates_of_an_lstm_make_its_step():
    for name in ("lstm", "peephole-lstm", "kaf-lstm"):
        track = track_of(name)
        gates = gates_of(track)
        assert set(gates) == {"input", "forget", "output"}
        assert_close(track.after[0], gates["output"] * track.after[1].tanh())
        written = (track.after[1] - gates["forget"] * track.before[1]) / gates["input"]
        assert float(written.detach().abs().max()) < 1  # a tanh


def test_the_gate_of_a_linear_memory_is_the_modulus_of_its_factor():
    track = track_of("lru")
    assert_close(gates_of(track)["forget"][0, 0], torch.exp(-torch.exp(track.cell.nu.detach())))


def test_every_name_in_the_list_is_one_of_the_catalogue():
    assert set(CATALOGUE) >= WITH_GATES


def test_a_steady_gate_remembers_for_its_time_scale():
    gate = torch.tensor([0.5, math.exp(-1 / 30), 1.0, 0.0], dtype=torch.float64).expand(7, 2, 4)
    scales = time_scales(gate)
    assert scales[:3].tolist() == [pytest.approx(1 / math.log(2)), pytest.approx(30), math.inf]
    assert 0 < scales[3] < 0.1


def test_saturation_is_the_share_of_the_time():
    gate = torch.tensor([0.05, 0.5, 0.95, 0.99]).view(4, 1, 1)
    assert [float(each) for each in saturation(gate)] == [0.25, 0.5]


def test_correlation_with_time_is_that_of_torch():
    gate = torch.rand(9, 3, 2, generator=torch.Generator().manual_seed(0))
    gate[..., 1] = 0.7
    times = torch.arange(9.0).repeat_interleave(3)
    expected = torch.corrcoef(torch.stack([gate[..., 0].flatten(), times]))[0, 1]
    found = correlation_with_time(gate)
    assert float(found[0]) == pytest.approx(float(expected), abs=1e-6)
    assert math.isnan(found[1])
