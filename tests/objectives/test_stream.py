"""Truncated backpropagation over a stream: values of the whole, gradients of a graph that is cut."""

import pytest
import torch

import holdfast
from holdfast.layers.visits import parts
from holdfast.objectives import Stream
from tolerances import assert_close

B, SIZE, H, S = 2, 3, 5, 4


def make(name="lstm", **options):
    return holdfast.make(name, SIZE, H, dtype=torch.float64, backend="reference", **options)


def some_inputs(steps=24):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(steps, B, SIZE, dtype=torch.float64, generator=generator)


def some_resets(steps=24):
    return torch.rand(steps, B, generator=torch.Generator().manual_seed(1)) < 0.1


def cut_by_hand(layer, inputs, end, stride, window, reset):
    """The outputs of the last `stride` steps before `end`, on a graph that begins `window` steps before it."""
    first, state = max(0, end - window), layer.initial_state(B)
    with torch.no_grad():
        if first:
            _, state = layer(inputs[:first], state, reset=reset[:first])
    output, _ = layer(inputs[first:end], state, reset=reset[first:end])
    return output[-stride:]


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("window", [4, 8, 10, 100])
def test_outputs_are_those_of_the_whole_and_gradients_those_of_a_cut_graph(name, window):
    layer, inputs, reset = make(name, num_layers=2), some_inputs(), some_resets()
    whole, _ = layer(inputs, reset=reset)
    stream, parameters = Stream(layer, window=window), list(layer.parameters())
    for first in range(0, len(inputs), S):
        output = stream.read(inputs[first : first + S], reset=reset[first : first + S])
        wanted = cut_by_hand(layer, inputs, first + S, S, window, reset)
        assert_close(output, whole[first : first + S])
        assert_close(*(torch.autograd.grad(found.square().sum(), parameters) for found in (output, wanted)))


def test_readings_of_changing_length_keep_the_window():
    layer, inputs, reset = make(), some_inputs(), some_resets()
    stream, parameters, first = Stream(layer, window=6), list(layer.parameters()), 0
    for steps in (3, 1, 6, 2, 2, 5, 5):
        output = stream.read(inputs[first : first + steps], reset=reset[first : first + steps])
        first += steps
        wanted = cut_by_hand(layer, inputs, first, steps, 6, reset)
        assert_close(*(torch.autograd.grad(found.square().sum(), parameters) for found in (output, wanted)))


def test_a_window_of_none_is_what_is_read_at_a_time_and_runs_nothing_twice():
    layer, calls = make(), []
    layer.register_forward_pre_hook(lambda _, arguments: calls.append(len(arguments[0])))
    stream = Stream(layer)
    for steps in (4, 2, 3):
        stream.read(some_inputs(steps))
    assert calls == [4, 2, 3]


def test_a_stream_holds_no_more_than_its_window_however_long_it_goes_on():
    stream = Stream(make(), window=8)
    for _ in range(10):
        output = stream.read(some_inputs(S))
    held = sum(len(reading.x) for reading in stream._read)
    assert held == 8
    assert output.grad_fn is not None
    assert not any(part.requires_grad for reading in stream._read for part in parts(reading.before))


def test_a_stream_that_forgets_begins_anew():
    stream, inputs = Stream(make(), window=8), some_inputs(S)
    first = stream.read(inputs)
    second = stream.read(inputs)
    stream.forget()
    assert torch.equal(stream.read(inputs), first)
    assert not torch.equal(second, first)


def test_what_a_stream_cannot_do_is_refused():
    with pytest.raises(ValueError, match="window must be at least 1 step, got 0"):
        Stream(make(), window=0)
    with pytest.raises(ValueError, match="bidirectional=False"):
        Stream(make(bidirectional=True))
    stream = Stream(make(), window=4)
    with pytest.raises(ValueError, match="the window of 4 steps is shorter than the 5"):
        stream.read(some_inputs(5))
    stream.read(some_inputs(2))
    with pytest.raises(ValueError, match="this stream has 2 rows, got 1"):
        stream.read(some_inputs(2)[:, :1])
