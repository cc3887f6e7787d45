"""Cells that know the time: what it is, and what a gate on it does."""

import math

import pytest
import torch

from holdfast import Recurrent, make
from holdfast.cells import LSTM, GaussianLSTM, PeepholeLSTM, PhasedLSTM
from tolerances import assert_close

DOUBLE = {"dtype": torch.float64}
STEPS = 7


def time_of(*steps):
    return torch.tensor(steps, dtype=torch.float64).unsqueeze(-1)


def gaussian(**options):
    return make("gaussian-lstm", 3, 6, t_max=STEPS, generator=torch.Generator().manual_seed(0), **DOUBLE, **options)


def stamped(x, stamps):
    """An input with a time stamp behind its features, and the layer that reads it."""
    rows = stamps.view(-1, 1, 1).expand(-1, x.shape[1], 1).to(x)
    return torch.cat([x, rows], -1)


@pytest.fixture
def x():
    return torch.randn(STEPS, 4, 3, generator=torch.Generator().manual_seed(1), **DOUBLE)


def test_a_gaussian_gate_is_widest_open_at_its_centre_and_a_closed_one_keeps_the_state():
    cell = GaussianLSTM(3, 2, t_max=100, width=0.05, **DOUBLE)
    with torch.no_grad():
        cell.centre.copy_(torch.tensor([0.2, 0.9], **DOUBLE))
    k = cell.openness(time_of(20, 25, 90, 100))
    assert_close(k[:, 0], torch.tensor([1.0, math.exp(-1), math.exp(-196), math.exp(-256)], **DOUBLE))
    assert k[2, 1] == 1


def test_a_phased_gate_rises_falls_and_leaks_only_in_training():
    cell = PhasedLSTM(3, 1, open_ratio=0.4, leak=0.1, **DOUBLE)
    with torch.no_grad():
        cell.log_period.fill_(math.log(10))
        cell.phase.fill_(0.5)
    times = time_of(5.5, 6, 7, 8, 9.5, 12, 14.5, 16)
    assert_close(cell.openness(times).flatten(), torch.tensor([0.25, 0.5, 1, 0.5, 0.045, 0.07, 0.095, 0.5], **DOUBLE))
    still = cell.eval().openness(times).flatten()
    assert_close(still, torch.tensor([0.25, 0.5, 1, 0.5, 0, 0, 0, 0.5], **DOUBLE))


@pytest.mark.parametrize("peepholes", [False, True])
def test_with_gates_wide_open_it_is_an_lstm_to_the_last_bit(x, peepholes):
    layer = gaussian(peepholes=peepholes, backend="reference")
    plain = Recurrent(PeepholeLSTM if peepholes else LSTM, 3, 6, backend="reference", **DOUBLE)
    own = layer.cells[0].state_dict()
    plain.cells[0].load_state_dict({name: own[name] for name in plain.cells[0].state_dict()})
    with torch.no_grad():
        layer.cells[0].log_width.fill_(math.inf)
    output, (h, c, _) = layer(x)
    expected, (same_h, same_c) = plain(x)
    assert torch.equal(output, expected)
    assert torch.equal(h, same_h)
    assert torch.equal(c, same_c)


def test_a_count_of_steps_is_the_same_as_stamps_that_count(x):
    counted, given = gaussian(), Recurrent(gaussian_with_stamps, 4, 6, **DOUBLE)
    given.load_state_dict(counted.state_dict())
    output, (h, c, clock) = counted(x)
    same, (same_h, same_c) = given(stamped(x, torch.arange(1, STEPS + 1)))
    assert_close(output, same)
    assert_close((h, c), (same_h, same_c))
    assert (clock == STEPS).all()


def gaussian_with_stamps(*sizes, **options):
    return GaussianLSTM(*sizes, t_max=STEPS, clock="stamps", **options)


def phased_with_stamps(*sizes, **options):
    return PhasedLSTM(*sizes, open_ratio=0.5, longest=9, clock="stamps", **options)


@pytest.mark.parametrize("cell", [gaussian_with_stamps, phased_with_stamps])
def test_every_cell_of_a_stack_is_given_the_stamps_in_both_directions(x, cell):
    layer = Recurrent(cell, 4, 5, num_layers=2, bidirectional=True, **DOUBLE)
    input = stamped(x, torch.tensor([0.5, 0.7, 1.9, 3.0, 3.1, 4.0, 6.5]))
    stamps = input[..., -1:]
    backwards, forwards = [Recurrent(cell, 4, 5, **DOUBLE) for _ in range(2)]
    forwards.cells[0], backwards.cells[0] = layer.cells[0], layer.cells[1]
    first = torch.cat([forwards(input)[0], backwards(input.flip(0))[0].flip(0)], -1)
    top = Recurrent(cell, 11, 5, **DOUBLE)
    top.cells[0] = layer.cells[2]
    expected = top(torch.cat([first, stamps], -1))[0]
    assert_close(layer(input)[0][..., :5], expected)


def test_a_stream_with_stamps_steps_through_a_stack(x):
    layer = Recurrent(gaussian_with_stamps, 4, 5, num_layers=2, dtype=torch.float32)
    input = stamped(x, torch.arange(STEPS)).float()
    state = None
    with torch.no_grad():
        output, _ = layer(input)
        for t in range(STEPS):
            y, state = layer.step(input[t], state)
            torch.testing.assert_close(y, output[t])


def test_a_reset_begins_a_count_anew_but_stamps_go_on(x):
    reset = torch.zeros(STEPS, 4, dtype=torch.bool)
    reset[3] = True
    _, (_, _, clock) = gaussian()(x, reset=reset)
    assert (clock == STEPS - 3).all()
    given = Recurrent(gaussian_with_stamps, 4, 6, **DOUBLE)
    input = stamped(x, torch.arange(STEPS))
    assert_close(given(input, reset=reset)[0][3:], given(input[3:])[0])


@pytest.mark.parametrize("clock", ["steps", "stamps"])
@pytest.mark.parametrize("cell", [GaussianLSTM, PhasedLSTM])
def test_a_kernel_knows_the_time_and_the_mode(x, cell, clock):
    options = {"t_max": STEPS} if cell is GaussianLSTM else {"leak": 0.3, "open_ratio": 0.3, "longest": 5.0}

    def make_cell(*sizes, **given):
        return cell(*sizes, clock=clock, **options, **given)

    layer = Recurrent(make_cell, 4, 6, backend="compiled", **DOUBLE)
    input = stamped(x, torch.arange(STEPS))
    outputs = []
    for mode in (True, False):
        layer.train(mode).backend = "compiled"
        outputs.append(layer(input)[0])
        layer.backend = "reference"
        assert_close(outputs[-1], layer(input)[0])
    assert torch.equal(*outputs) == (cell is GaussianLSTM)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianLSTM(3, 4, t_max=0), "t_max and width must be above 0"),
        (lambda: GaussianLSTM(3, 4, t_max=5, earliest=0.6, latest=0.4), "earliest at most latest"),
        (lambda: GaussianLSTM(1, 4, t_max=5, clock="stamps"), "input_size must be at least 2"),
        (lambda: PhasedLSTM(3, 4, clock="hours"), "clock must be 'steps' or 'stamps'"),  # pyright: ignore
        (lambda: PhasedLSTM(3, 4, open_ratio=0), r"open_ratio in \(0, 1\]"),
        (lambda: make("gaussian-lstm", 3, 4), "'gaussian-lstm' needs t_max"),
    ],
)
def test_a_wrong_choice_is_explained(build, message):
    with pytest.raises(ValueError, match=message):
        build()
