"""Forgetting, spectrum, the search for a lag, and all of them together."""

import json
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import holdfast
from holdfast.probes import forgetting_curve, jacobian_spectrum, longest_lag, probe, record
from holdfast.report import draw_probes
from tolerances import assert_close


class Rotating(holdfast.Cell):
    """h_t = A h_{t-1} + x_t, with an A that is given."""

    def __init__(self, input_size, hidden_size, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size)
        self.matrix = nn.Parameter(0.9 * torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64))

    def project(self, x):
        return x

    def step(self, p, state):
        return p + F.linear(state.h, self.matrix)


@pytest.fixture
def rotating():
    return holdfast.Recurrent(Rotating, 2, 2, backend="reference").eval()


def inputs(steps, generator=None):
    return torch.randn(steps, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(steps))


def test_a_linear_memory_forgets_at_its_rate(rotating):
    curve = forgetting_curve(rotating, inputs(4), inputs(5)[:4], inputs(11))
    assert curve.steps == (0, 1, 2, 4, 8, 11)
    assert curve.distance == pytest.approx([0.9**n for n in curve.steps])


def test_pasts_that_are_alike_are_refused(rotating):
    with pytest.raises(ValueError, match="give pasts that differ"):
        forgetting_curve(rotating, inputs(4), inputs(4), inputs(5))


def relu_layer(weight, bias=0.0):
    """One unit, h = relu(weight h + x + bias)."""
    layer = holdfast.make("irnn", 2, 1, backend="reference").eval()
    with torch.no_grad():
        for parameter, value in zip(layer.cells[0].parameters(), (1.0, weight, bias), strict=True):
            parameter.fill_(value)
    return layer


def test_a_network_that_is_dead_after_any_past_is_measured_without_its_forgetting():
    found = probe(relu_layer(0.5, bias=-1e3), torch.randn(16, 3, 2), generator=torch.Generator())
    assert found.forgetting is None
    assert found.gradients == ((0.0,) * 16,)


def test_where_short_pasts_lead_to_the_same_state_longer_ones_are_forgotten():
    layer, x = relu_layer(0.5), -torch.ones(16, 3, 2)
    x[3] = torch.arange(6.0).view(3, 2)  # behind the first eighth, within the first quarter
    x[0] = -torch.arange(6.0).view(3, 2)
    found = probe(layer, x, generator=torch.Generator()).forgetting
    assert found.steps[-1] == 12
    assert found == forgetting_curve(layer, x[:4], x[:4].roll(1, 1), x[4:])


def test_what_grows_beyond_numbers_is_none_and_is_drawn_as_far_as_it_goes():
    layer = relu_layer(1.4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = probe(layer, torch.rand(500, 3, 2), generator=torch.Generator()).as_dict()
        draw_probes({"irnn": {"before": found, "after": found}})
    json.dumps(found, allow_nan=False)
    assert found["forgetting"]["distance"][-1] is None
    assert found["forgetting"]["distance"][3] == pytest.approx(1.4**4)


def test_the_eigenvalues_of_a_step_that_is_no_number_are_none_and_the_rest_is_measured(rotating):
    x = inputs(6)
    x[4] = torch.inf
    rotating.cells[0].matrix.data[0, 0] = torch.nan
    found = probe(rotating, x, generator=torch.Generator())
    assert found.spectrum[0] == (None,) * 8
    assert found.forgetting is None
    assert draw_probes({"own": {"after": found.as_dict()}})["spectrum"]


def resting():
    """A skip-lstm, and inputs under which two pasts have updated it more and less often."""
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("skip-lstm", 2, 4, update_bias=0.0, dtype=torch.float64, generator=generator).eval()
    with torch.no_grad():
        layer.cells[0].weight_update *= 8
    return layer, [torch.randn(steps, 3, 2, dtype=torch.float64, generator=generator) for steps in (30, 30, 100)]


def test_a_count_of_updates_that_no_step_reads_is_not_part_of_what_is_to_be_forgotten():
    layer, (past, other, future) = resting()
    with torch.no_grad():
        start = [layer(each)[1] for each in (past, other)]
        after = [layer(future[:4], state)[1] for state in start]
    assert not torch.equal(start[0].updates, start[1].updates)
    curve = forgetting_curve(layer, past, other, future)
    pairs = [zip(one[:-1], two[:-1], strict=True) for one, two in (start, after)]
    first, later = (sum((a - b).square().mean() for a, b in pair) for pair in pairs)
    assert curve.distance[3] == pytest.approx(float((later / first).sqrt()))


@pytest.mark.parametrize("name", ["phased-lstm", "skip-lstm"])
def test_the_spectrum_is_without_the_eigenvalue_of_a_clock_or_a_count(name):
    layer = holdfast.make(name, 2, 3, dtype=torch.float64, backend="reference").eval()
    (track,) = record(layer, inputs(5))
    sizes = list(track.cell.state_sizes.values())

    def step(flat):
        return torch.cat(track.cell.next_state(track.p[2, 1:2], track.cell.make_state(flat.split(sizes, -1))), -1)[0]

    before = torch.cat([part[2, 1:2] for part in track.before], -1).detach()
    whole = torch.linalg.eigvals(torch.autograd.functional.jacobian(step, before)[:, 0]).abs()
    found = jacobian_spectrum(track, torch.tensor([[2, 1]]))[0].abs()
    assert_close(torch.cat([found, found.new_ones(1)]).sort().values, whole.sort().values)


def test_the_spectrum_is_that_of_the_matrix(rotating):
    (track,) = record(rotating, inputs(6))
    found = jacobian_spectrum(track, torch.tensor([[1, 0], [4, 2]]))
    expected = 0.9 * torch.tensor([0.6 + 0.8j, 0.6 - 0.8j], dtype=torch.complex128)
    assert_close(found.imag.sort(-1).values, expected.imag.sort().values.expand(2, 2))
    assert_close(found.real, expected.real.expand(2, 2))


def test_the_spectrum_of_a_gated_cell_is_that_of_its_jacobian():
    layer = holdfast.make("lstm", 2, 3, dtype=torch.float64, backend="reference").eval()
    (track,) = record(layer, inputs(5))
    p, before = track.p[2, 1:2].detach(), [part[2, 1:2].detach() for part in track.before]

    def step(h, c):
        return tuple(track.cell.next_state(p, track.cell.make_state((h, c))))

    blocks = torch.autograd.functional.jacobian(step, tuple(before))
    whole = torch.cat([torch.cat([block[0, :, 0] for block in row], 1) for row in blocks])
    expected = torch.linalg.eigvals(whole)
    found = jacobian_spectrum(track, torch.tensor([[2, 1]]))[0]
    assert_close(found.abs(), expected.abs().sort(descending=True).values)


@pytest.mark.parametrize(
    ("solvable", "longest", "tried"),
    [
        (70, 64, [16, 32, 64, 128]),
        (1000, 512, [16, 32, 64, 128, 256, 512]),
        (5, 4, [16, 8, 4]),
        (0, None, [16, 8, 4, 2, 1]),
    ],
)
def test_the_longest_lag_is_found_by_doubling_and_halving(solvable, longest, tried):
    search = longest_lag(lambda lag: lag <= solvable, 16, limit=1000)
    assert search.longest == longest
    assert [lag for lag, _ in search.tried] == tried


def test_a_search_that_can_not_begin_is_refused():
    with pytest.raises(ValueError, match="1 <= least <= start <= limit, got least 1, start 9 and limit 8"):
        longest_lag(bool, 9, limit=8)


def test_no_lag_below_the_least_is_tried():
    assert [lag for lag, _ in longest_lag(lambda lag: False, 50, limit=99, least=10).tried] == [50, 25, 12]


def test_a_probe_is_plain_numbers():
    layer = holdfast.make("gru", 2, 3, num_layers=2, backend="reference").eval()
    x = torch.randn(7, 3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = probe(layer, x, generator=torch.Generator().manual_seed(0))
    again = probe(layer, x, generator=torch.Generator().manual_seed(0))
    assert found == again
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["steps"] == 7
    assert [(gate.cell, gate.name) for gate in found.gates] == [(k, n) for k in (0, 1) for n in ("reset", "update")]
    assert all(parameter.grad is None for parameter in layer.parameters())


def test_one_row_has_no_neighbour_to_be_told_from():
    layer = holdfast.make("rnn", 2, 3, backend="reference").eval()
    found = probe(layer, torch.randn(6, 1, 2), generator=torch.Generator())
    assert found.forgetting is None
    assert found.gates == ()
    with pytest.raises(ValueError, match="at least 2 steps, got 1"):
        probe(layer, torch.randn(1, 1, 2), generator=torch.Generator())
