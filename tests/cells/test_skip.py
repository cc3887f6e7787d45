"""A cell that rests: when it does, that it then keeps its state, and the gradient that passes straight through."""

from functools import partial
from itertools import cycle

import pytest
import torch
from torch.func import jvp

from holdfast import Recurrent, make
from holdfast.cells import GRU, LSTM, GaussianLSTM, Skip, skip
from tolerances import assert_close

STEPS, ROWS, UNITS = 30, 4, 6
DOUBLE = {"dtype": torch.float64}


def build(name="skip-lstm", **options):
    """A layer that rests at about half of the steps."""
    generator = torch.Generator().manual_seed(0)
    given = {"update_bias": -0.6, "backend": "reference", **DOUBLE, **options}
    return make(name, 3, UNITS, generator=generator, **given)


@pytest.fixture
def x():
    return torch.randn(STEPS, ROWS, 3, generator=torch.Generator().manual_seed(1), **DOUBLE)


def updates_of(layer, x):
    """(T, B) bool: where there was an update."""
    counts = torch.stack([layer(x[: t + 1])[1].updates[0, :, 0] for t in range(len(x))])
    return counts.diff(dim=0, prepend=torch.zeros_like(counts[:1])).bool()


@pytest.mark.parametrize(
    ("name", "backend", "dtype"),
    [
        ("skip-lstm", "reference", torch.float32),
        ("skip-lstm", "compiled", torch.float64),
        ("skip-gru", "compiled", torch.float32),
    ],
)
def test_a_state_at_rest_is_the_same_bit_for_bit(x, name, backend, dtype):
    layer = build(name, backend=backend, dtype=dtype)
    x = x.to(dtype)
    went = updates_of(layer, x)
    assert 0.3 < went.double().mean() < 0.8
    output, state = layer(x)
    same = (output[1:] == output[:-1]).all(-1)
    assert torch.equal(same, ~went[1:])
    assert torch.equal(state.updates[0, :, 0], went.sum(0).to(dtype))


@pytest.mark.parametrize(("share", "every"), [(0.3, 2), (0.2, 3), (0.06, 9), (0.6, 1)])
def test_it_rests_until_the_probability_has_added_up_to_a_half(x, share, every):
    layer = build()
    with torch.no_grad():
        layer.cells[0].weight_update.zero_()
        layer.cells[0].bias_update.copy_(torch.tensor([share], **DOUBLE).logit())
    went = updates_of(layer, x)
    expected = torch.arange(STEPS) % every == 0
    assert torch.equal(went, expected.unsqueeze(1).expand(-1, ROWS))


def test_every_sequence_and_every_episode_begins_with_an_update(x):
    layer = build(update_bias=-5.0)
    assert layer(x)[1].updates.unique().tolist() == [1.0]
    reset = torch.zeros(STEPS, ROWS, dtype=torch.bool)
    reset[11, :2] = True
    output, state = layer(x, reset=reset)
    assert state.updates.flatten().tolist() == [1.0] * ROWS  # the count begins anew, too
    assert not torch.equal(output[11, 0], output[10, 0])
    assert torch.equal(output[11, 3], output[10, 3])


@pytest.mark.filterwarnings("ignore:.*runs on the slow reference. kernels do not run under torch.func")
@pytest.mark.parametrize("cell", [LSTM, GRU, partial(GaussianLSTM, t_max=STEPS)], ids=["lstm", "gru", "gaussian"])
def test_any_cell_can_skip_and_one_that_never_rests_is_the_plain_one(x, cell):
    layer = Recurrent(partial(Skip, cell=cell, update_bias=50.0), 3, UNITS, backend="reference", **DOUBLE)
    plain = Recurrent(cell, 3, UNITS, backend="reference", **DOUBLE)
    plain.cells[0].load_state_dict(layer.cells[0].inner.state_dict())
    output, state = layer(x)
    expected, end = plain(x)
    assert torch.equal(output, expected)
    assert_close(tuple(state)[:-2], (end,) if isinstance(end, torch.Tensor) else tuple(end))
    assert (state.updates == STEPS).all()


def derivatives(layer, x):
    """First and second derivatives of outputs and updates in the parameters, and one along a direction."""

    def value():
        output, state = layer(x)
        return (output * torch.linspace(-1, 1, output.numel(), **DOUBLE).view_as(output)).sum() + state.updates.sum()

    first = torch.autograd.grad(value(), list(layer.parameters()), create_graph=True)
    second = torch.autograd.grad(sum(g.square().sum() for g in first), list(layer.parameters()))
    forward = jvp(lambda x: layer(x)[0], (x,), (torch.ones_like(x),))[1]
    return [g.detach() for g in first], second, forward


@pytest.mark.parametrize("name", ["skip-lstm", "skip-gru"])
def test_the_gradient_is_that_of_rounding_by_a_constant(x, name, monkeypatch):
    """`round(a)` is a plus what was missing; held fast, that is an ordinary function with ordinary derivatives."""
    layer, missing, rounded = build(name), [], skip.binary

    def record(a):
        missing.append((rounded(a) - a).detach())
        return rounded(a)

    monkeypatch.setattr(skip, "binary", record)
    layer(x)
    monkeypatch.setattr(skip, "binary", rounded)
    found = derivatives(layer, x)
    again = cycle(missing)
    monkeypatch.setattr(skip, "binary", lambda a: a + next(again))
    expected = derivatives(layer, x)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other)
    assert all(g.any() for g in found[0])


def test_a_kernel_gives_the_same_first_and_second_derivatives(x):
    layer = build(backend="compiled")

    def both(backend):
        layer.backend = backend
        output, state = layer(x)
        first = torch.autograd.grad(output.square().sum() + state.updates.sum(), layer.parameters(), create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), layer.parameters())
        return [*first, *second]

    assert_close(both("compiled"), both("reference"))
