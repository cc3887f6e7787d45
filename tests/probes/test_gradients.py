"""The gradient by lag is what autograd gives directly, lag by lag, through the layer as users call it."""

import pytest
import torch

import holdfast
from holdfast.layers.visits import parts
from holdfast.probes import directions, gradient_by_lag, record
from tolerances import assert_close

STEPS = 6
COUNTERS = {"phased-lstm": "clock", "skip-lstm": "updates"}
"""What is no memory in the state of these cells: its gradient does not count."""


def layer(name, **options):
    generator = torch.Generator().manual_seed(0)
    return holdfast.make(name, 3, 5, dtype=torch.float64, backend="reference", generator=generator, **options).eval()


@pytest.mark.parametrize("name", ["lstm", "gru", "ur-lstm", "nru", "lru", "exprnn", *COUNTERS])
def test_the_gradient_by_lag_is_that_of_autograd_on_a_short_sequence(name):
    made = layer(name, num_layers=2, **({"memory_size": 9} if name == "nru" else {}))
    x = torch.randn(STEPS, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    tracks = record(made, x)
    counted = [k for k, part in enumerate(made.cells[0].state_sizes) if part != COUNTERS.get(name)]
    v = directions(tracks[-1].output[-1], generator=torch.Generator().manual_seed(2))
    found = gradient_by_lag(tracks, v)
    assert found.shape == (2, STEPS)
    for lag in range(1, STEPS + 1):
        start = made(x[:-lag])[1] if lag < STEPS else made.initial_state(4)
        state = [part.detach().requires_grad_() for part in parts(start)]
        output, _ = made(x[-lag:], state[0] if len(state) == 1 else tuple(state))
        slopes = torch.autograd.grad((v * output[-1]).sum(), state, allow_unused=True)
        slopes = [slopes[k] for k in counted if slopes[k] is not None]
        squares = sum(slope.square().sum(-1) for slope in slopes)  # (layers, B)
        assert_close(found[:, lag - 1], squares.mean(1).sqrt())


@pytest.mark.parametrize("weight", [0.7, 1.1])
def test_gradients_whose_squares_are_beyond_single_precision_are_told(weight):
    made = holdfast.make("irnn", 3, 1, backend="reference").eval()
    with torch.no_grad():
        made.cells[0].weight_hh.fill_(weight)
        made.cells[0].weight_ih.fill_(1.0)
    found = gradient_by_lag(record(made, torch.ones(480, 2, 3)), torch.ones(2, 1))
    lags = torch.arange(1, 481, dtype=torch.float64)[: 200 if weight < 1 else None]
    expected = weight**lags
    torch.testing.assert_close(found[0, : len(lags)], expected, atol=0, rtol=1e-4)


def test_recording_gives_the_outputs_and_states_of_the_layer():
    made, x = layer("ur-lstm", num_layers=2), torch.randn(5, 2, 3, dtype=torch.float64)
    tracks = record(made, x)
    output, (h, c) = made(x)
    assert_close(tracks[-1].output, output)
    for k, track in enumerate(tracks):
        assert_close((track.after[0][-1], track.after[1][-1]), (h[k], c[k]))
        assert_close(track.before[1][1:], track.after[1][:-1])
        assert not track.before[0][0].any()


def test_a_layer_that_can_not_be_probed_says_so():
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    with pytest.raises(ValueError, match="bidirectional"):
        record(layer("rnn", bidirectional=True), x)
    with pytest.raises(ValueError, match="evaluation mode"):
        record(layer("rnn").train(), x)
    with pytest.raises(ValueError, match="expects a recurrent layer, got a Linear"):
        record(torch.nn.Linear(2, 2), x)
