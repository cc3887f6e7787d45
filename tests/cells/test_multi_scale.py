"""Networks of several time scales keep what they are made for: rates, rest, depth, boundaries."""

import pytest
import torch

from holdfast.backends.reference import unroll_segment
from holdfast.cells import HMLSTM, RHN, ClockworkRNN, GatedRNN
from holdfast.cells.straight_through import binary
from holdfast.compiler.fingerprint import fingerprint
from tolerances import assert_close

STEPS, ROWS, UNITS = 30, 4, 9


def unrolled(cell, x):
    """The state after every step."""
    state, states = cell.initial_state(x.shape[1], like=x), []
    for step in x:
        state = cell.next_state(cell.project(step), state)
        states.append(state)
    return states


@pytest.fixture
def x():
    return torch.randn(STEPS, ROWS, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_a_module_moves_at_the_steps_that_its_period_divides_and_at_no_other(x):
    cell = ClockworkRNN(3, UNITS, groups=3, base=3, dtype=torch.float64)
    assert cell.periods.tolist() == [1, 1, 1, 3, 3, 3, 9, 9, 9]
    h = torch.stack([torch.zeros(ROWS, UNITS, dtype=torch.float64), *(state.h for state in unrolled(cell, x))])
    moved = (h[1:] != h[:-1]).all(1)
    steps = torch.arange(STEPS).unsqueeze(1)
    assert torch.equal(moved, steps % cell.periods.long() == 0)
    assert torch.equal((h[1:] == h[:-1]).all(1), ~moved)


def test_the_clock_is_exact_in_half_precision_for_any_length():
    cell = ClockworkRNN(1, 4, groups=4, dtype=torch.bfloat16)
    *_, last = unrolled(cell, torch.zeros(1001, 1, 1, dtype=torch.bfloat16))
    assert last.clock.item() == 1001 % 8


def test_slow_modules_are_told_nothing_by_faster_ones(x):
    cell = ClockworkRNN(3, UNITS, groups=3, dtype=torch.float64)
    state = [torch.randn(ROWS, UNITS, dtype=torch.float64, requires_grad=True), torch.zeros(ROWS, 1, dtype=x.dtype)]
    h, _ = cell.next_state(cell.project(x[0]), cell.make_state(state))
    for module, told_by in enumerate((slice(0, 9), slice(3, 9), slice(6, 9))):
        (slope,) = torch.autograd.grad(h[:, 3 * module : 3 * module + 3].sum(), state[0], retain_graph=True)
        assert (slope[:, told_by] != 0).all()
        assert torch.count_nonzero(slope) == slope[:, told_by].numel()


def test_a_highway_of_depth_one_is_a_gated_rnn(x):
    cell, gated = RHN(3, UNITS, depth=1, dtype=torch.float64), GatedRNN(3, UNITS, dtype=torch.float64)
    names = {"input": "transform_1", "candidate": "candidate_1"}
    for name in ("weight_ih", "weight_hh", "bias"):
        for theirs, ours in names.items():
            gated.get_parameter(name).data[gated.block(theirs)] = cell.get_parameter(name).data[cell.block(ours)]
    state = gated.initial_state(ROWS, like=x)
    assert_close(unroll_segment(cell, x, state, None, None), unroll_segment(gated, x, state, None, None))


def boundaries(states):
    """z of the first and the second layer, (T, B) bool each."""
    return [torch.stack([state[k].squeeze(-1) for state in states]) == 1 for k in (3, 6)]


def test_a_layer_copies_updates_or_flushes_as_the_boundaries_say(x):
    cell = HMLSTM(3, UNITS, dtype=torch.float64)
    for parameter in cell.parameters():
        parameter.data.normal_(generator=torch.Generator().manual_seed(1))
    states = unrolled(cell, x)
    below, own = boundaries(states)
    assert 0.1 < below.double().mean() < 0.9
    kinds = set()
    for t in range(1, STEPS):
        (h, c), (h_before, c_before) = states[t][4:6], states[t - 1][4:6]
        copies = ~below[t] & ~own[t - 1]
        same = ((h == h_before) & (c == c_before)).all(-1)
        assert torch.equal(same, copies)
        kinds |= {(bool(a), bool(b)) for a, b in zip(below[t], own[t - 1], strict=True)}
    assert len(kinds) == 4


def test_a_flush_forgets_the_memory_and_an_update_does_not(x):
    cell = HMLSTM(3, UNITS, layers=2, dtype=torch.float64)
    for z, forgets in ((1.0, True), (0.0, False)):
        state = [torch.randn(ROWS, n, dtype=x.dtype) for n in cell.state_sizes.values()]
        state[3] = torch.full_like(state[3], z)
        state[2].requires_grad_()
        new = cell.next_state(cell.project(x[0]), cell.make_state(state))
        (slope,) = torch.autograd.grad(new[2].sum(), state[2])
        assert (slope == 0).all() if forgets else (slope > 0).all()


def test_a_decision_is_exact_and_has_the_gradient_of_the_share():
    share = torch.rand(10_000, requires_grad=True)
    decided = binary(share)
    assert torch.equal(decided, (share > 0.5).float())
    (decided * torch.arange(10_000.0)).sum().backward()
    assert share.grad is not None
    assert torch.equal(share.grad, torch.arange(10_000.0))


def test_a_steeper_slope_is_saved_and_has_the_same_kernel(x):
    cell, other = HMLSTM(3, UNITS, dtype=torch.float64), HMLSTM(3, UNITS, dtype=torch.float64)
    state, mark = cell.initial_state(ROWS, like=x), fingerprint(cell)
    cell.slope.fill_(5.0)
    assert mark is not None
    assert fingerprint(cell) == mark
    other.load_state_dict(cell.state_dict())
    found, expected = (unroll_segment(made, x, state, None, None)[0] for made in (cell, other))
    assert_close(found, expected)
    slopes = torch.autograd.grad(found.sum(), cell.levels[0].weight_ih)
    other.slope.fill_(1.0)
    flatter = torch.autograd.grad(unroll_segment(other, x, state, None, None)[0].sum(), other.levels[0].weight_ih)
    assert not torch.allclose(slopes[0][-1], flatter[0][-1])


@pytest.mark.parametrize(
    ("cell", "setting", "words"),
    [
        (ClockworkRNN, {"groups": 5}, "groups must be at most hidden_size, 4, got 5"),
        (ClockworkRNN, {"groups": 2, "base": 0}, "base must be a whole number of at least 1"),
        (RHN, {"depth": 0}, "depth must be a whole number of at least 1"),
        (HMLSTM, {"layers": 1}, "layers must be at least 2, got 1"),
        (HMLSTM, {"slope": 0.0}, "slope must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(cell, setting, words):
    with pytest.raises(ValueError, match=words):
        cell(3, 4, **setting)
