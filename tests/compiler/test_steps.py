"""Single steps of a stream, through kernels that were made ready for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.func import functional_call

import holdfast
from holdfast.layers.stream import STREAMS

from .workloads import build, twins

pytestmark = pytest.mark.usefixtures("quick_kernels")


@pytest.mark.parametrize("name", ["lstm", "gru", "nru"])
def test_steps_of_a_stream_are_those_of_a_sequence(name):
    layer = build(name, 3, 6)
    x, state, outputs = torch.randn(5, 2, 3), None, []
    with torch.no_grad():
        expected, last = layer(x)
        for step in x:
            output, state = layer.step(step, state)
            outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs), expected)
    torch.testing.assert_close(state, last)


class Leaky(holdfast.Cell):
    """A cell with a setting, and a state of its own to start from."""

    def __init__(self, input_size, hidden_size, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size)
        self.dt, self.leaks = 0.25, [1.0]
        self.weight_hh = torch.nn.Parameter(torch.randn(hidden_size, hidden_size, device=device, dtype=dtype))

    def project(self, x):
        return x

    def step(self, p, state):
        h = torch.tanh(p + torch.nn.functional.linear(state.h, self.weight_hh))
        return state.h + self.dt * (h - self.leaks[0] * state.h)

    def initial_state(self, batch_size, *, like):
        return self.make_state(like.new_ones(batch_size, self.hidden_size))


def weights(layer):
    return {name: 2 * parameter.detach().clone() for name, parameter in layer.named_parameters()}


def double_in_place(layer):
    for parameter in layer.parameters():
        parameter.mul_(2)


def double_data(layer):
    for parameter in layer.parameters():
        parameter.data = parameter.data * 2


def give_new_parameter(layer):
    layer.cells[1].weight_hh = torch.nn.Parameter(layer.cells[1].weight_hh * 2)


def load_by_assignment(layer):
    layer.load_state_dict({name: 2 * value for name, value in layer.state_dict().items()}, assign=True)


def exchange_cells(layer):
    layer.cells[0], layer.cells[1] = layer.cells[1], layer.cells[0]


def choose_another_setting(layer):
    layer.cells[1].dt = 0.5


def choose_another_setting_within_one(layer):
    layer.cells[1].leaks[0] = 0.5


CHANGES = [
    double_in_place,
    double_data,
    give_new_parameter,
    load_by_assignment,
    exchange_cells,
    choose_another_setting,
    choose_another_setting_within_one,
]


@pytest.mark.parametrize("change", CHANGES)
@torch.no_grad()
def test_a_stream_notices_that_its_layer_changed(change):
    fast, slow = (holdfast.Recurrent(Leaky, 6, 6, num_layers=2, backend=b) for b in ("compiled", "reference"))
    slow.load_state_dict(fast.state_dict())
    x = torch.randn(2, 6)
    before, state = fast.step(x)
    for layer in (fast, slow):
        change(layer)
    after = fast.step(x, state)
    assert not torch.allclose(after[0], before)
    torch.testing.assert_close(after, slow.step(x, state))


class OneStep(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer.step(x)[0]


@torch.no_grad()
def test_a_stream_takes_the_weights_of_a_functional_call_and_then_its_own_again():
    fast, slow = twins("lstm", 3, 6)
    x, other = torch.randn(2, 3), {f"layer.{name}": value for name, value in weights(fast).items()}
    own, called = OneStep(fast)(x), functional_call(OneStep(fast), other, (x,))
    torch.testing.assert_close(called, functional_call(OneStep(slow), other, (x,)))
    assert not torch.allclose(called, own)
    assert torch.equal(OneStep(fast)(x), own)


@torch.no_grad()
def test_a_stream_begins_where_its_cell_does():
    layer = holdfast.Recurrent(Leaky, 6, 6)
    x = torch.randn(2, 6)
    assert STREAMS.by_layer.get(layer) is None
    torch.testing.assert_close(layer.step(x), (layer(x[None])[0][0], layer(x[None])[1]))
    assert STREAMS.by_layer.get(layer) is not None


@torch.no_grad()
def test_threads_may_step_one_layer_at_the_same_time():
    layer = build("lstm", 8, 32)
    x = torch.randn(2, 4, 8)
    expected = [follow(layer, x[k], 200) for k in range(2)]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda k: follow(layer, x[k], 200), range(2)))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@torch.no_grad()
def follow(layer, x, steps):
    """The outputs of a stream of equal inputs."""
    outputs, state = [], None
    for _ in range(steps):
        output, state = layer.step(x, state)
        outputs.append(output)
    return torch.stack(outputs)


@torch.no_grad()
def test_batches_of_two_sizes_take_turns_in_one_stream():
    layer = build("lstm", 3, 6)
    x, states = torch.randn(4, 3), {}
    expected = {size: layer(x[:size].expand(3, size, 3)) for size in (1, 4)}
    layer.step(x)
    stream = STREAMS.by_layer[layer]
    for _ in range(3):
        for size in (1, 4):
            output, states[size] = layer.step(x[:size], states.get(size))
    assert STREAMS.by_layer[layer] is stream
    torch.testing.assert_close((output, states[4]), (expected[4][0][-1], expected[4][1]))
    torch.testing.assert_close(states[1], expected[1][1])


def test_frozen_weights_need_no_mode_to_be_quick():
    layer = build("lstm", 3, 6).requires_grad_(False)
    x = torch.randn(2, 3)
    output, state = layer.step(x)
    assert layer in STREAMS.by_layer
    assert not output.requires_grad
    x.requires_grad_()
    gradient = torch.autograd.grad(layer.step(x, state)[0].sum(), x)[0]
    assert gradient.abs().sum() > 0
    state[1].requires_grad_()
    gradient = torch.autograd.grad(layer.step(x.detach(), state)[0].sum(), state[1])[0]
    assert gradient.abs().sum() > 0
    layer.requires_grad_(True)
    assert layer.step(x.detach())[0].requires_grad


@torch.no_grad()
def test_input_and_state_need_not_be_dense():
    layer = build("lstm", 3, 6)
    x, state = torch.randn(3, 2).t(), [torch.randn(1, 6, 2).transpose(1, 2) for _ in range(2)]
    expected = layer(x[None], state)
    assert layer not in STREAMS.by_layer
    torch.testing.assert_close(layer.step(x, state), (expected[0][0], expected[1]))
    assert layer in STREAMS.by_layer


@pytest.mark.parametrize("name", ["variational-lstm", "weight-drop-lstm"])
def test_steps_draw_while_training_and_do_not_afterwards(name):
    layer, reference = twins(name, 3, 6)
    x, state = torch.randn(2, 3), tuple(torch.randn(1, 2, 6) for _ in range(2))
    with torch.no_grad():
        first, second = (layer.step(x, state)[0] for _ in range(2))
        assert not torch.equal(first, second)
        for made in (layer, reference):
            made.eval()
        torch.testing.assert_close(layer.step(x, state)[0], reference.step(x, state)[0])
        layer.train()
        assert not torch.equal(layer.step(x, state)[0], layer.step(x, state)[0])


def test_unbatched_steps_have_no_batch_axis():
    fast, slow = twins("lstm", 3, 6)
    x = torch.randn(3)
    with torch.no_grad():
        _, state = fast.step(x)
        torch.testing.assert_close(fast.step(x, state), slow.step(x, slow.step(x)[1]))


def test_a_step_that_wants_gradients_has_them():
    layer = build("lstm", 3, 6)
    _, state = layer.step(torch.randn(2, 3))
    output, _ = layer.step(torch.randn(2, 3), state)
    output.sum().backward()
    assert layer._cell(0).weight_hh.grad.abs().sum() > 0
