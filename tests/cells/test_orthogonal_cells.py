"""Orthogonal and unitary networks keep the norm of a gradient for 1,000 steps, and their constraints in training."""

from functools import partial

import pytest
import torch
from torch import nn

import holdfast
from holdfast.backends.reference import unroll_segment
from holdfast.cells import EURNN, GORU, RNN, URNN, ExpRNN, IndRNN
from holdfast.initialisers import IndependentRecurrence

SIZE = 10
OPEN = 1e3
KEEPERS = {
    "urnn": URNN,
    "eurnn": EURNN,
    "eurnn fft": partial(EURNN, style="fft"),
    "eurnn with every layer": partial(EURNN, capacity=SIZE),
    "eurnn real": partial(EURNN, field="real"),
    "goru with open gates": GORU,
    "goru tunable": partial(GORU, style="tunable", capacity=3),
    "exprnn": ExpRNN,
    "exprnn henaff": partial(ExpRNN, angles="henaff"),
    "dtriv": partial(ExpRNN, K=5),
}


def state_jacobian(cell, steps, generator):
    """d h_T / d h_0 of one sequence of random input: (n, n)."""
    size = cell.output_size
    start = torch.randn(size, generator=generator, dtype=torch.float64).expand(size, size).clone().requires_grad_()
    x = torch.randn(steps, 1, 3, generator=generator, dtype=torch.float64).expand(-1, size, -1)
    _, (last, *_) = unroll_segment(cell, x, (start,), None, None)
    (rows,) = torch.autograd.grad(last.diagonal().sum(), start)  # row k: the gradient of the k-th number
    return rows


@pytest.mark.parametrize("name", KEEPERS)
def test_the_state_jacobian_keeps_every_norm_over_1000_steps(name):
    """Without the nonlinearity, which modReLU is at b = 0; parameters far from where they started."""
    generator = torch.Generator().manual_seed(0)
    cell = KEEPERS[name](3, SIZE, dtype=torch.float64)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.copy_(2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        cell.bias_modulus.zero_()
        if isinstance(cell, GORU):  # gates held: all is turned, nothing is kept
            cell.weight_hh.zero_()
            cell.bias[cell.block("reset")], cell.bias[cell.block("update")] = OPEN, -OPEN
    singular = torch.linalg.svdvals(state_jacobian(cell, 1000, generator))
    torch.testing.assert_close(singular, torch.ones_like(singular), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", KEEPERS)
def test_a_weight_in_single_precision_is_orthogonal_to_its_last_bits(name):
    cell = KEEPERS[name](3, 50)
    weight = cell.derive()[0].detach().double()[-cell.output_size :]
    torch.testing.assert_close(weight @ weight.T, torch.eye(len(weight)).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", KEEPERS)
def test_weights_are_derived_once_for_a_sequence(name, monkeypatch):
    cell, calls = KEEPERS[name](3, SIZE), []
    derive = cell.derive
    monkeypatch.setattr(cell, "derive", lambda: calls.append(1) or derive())
    unroll_segment(cell, torch.randn(7, 2, 3), cell.initial_state(2, like=torch.zeros(1)), None, None)
    assert len(calls) == 1


def test_as_many_layers_as_units_reach_every_rotation():
    """Capacity counts: H layers of neighbours hold H (H - 1) / 2 angles, the dimension of the orthogonal group."""
    for size in (2, 5, 8):
        assert len(EURNN(3, size, capacity=size, field="real").angles) == size * (size - 1) // 2


@pytest.mark.parametrize("size", [1, 2, 3, 8, 11])
@pytest.mark.parametrize("style", ["tunable", "fft"])
def test_rotations_fit_any_number_of_units(style, size):
    cell = EURNN(3, size, style=style, dtype=torch.float64)
    assert len(cell.angles) == sum(layer.pairs for layer in cell.layers)
    weight = cell.derive()[0]
    torch.testing.assert_close(weight @ weight.T, torch.eye(2 * size, dtype=torch.float64))
    if style == "fft":
        assert (cell.angles.numel() == 0) == (size == 1)
        mixed = (weight[:size, :size].abs() + weight[size:, :size].abs()) > 0
        assert mixed.all() or size not in (1, 2, 8)


def test_a_training_sequence_brings_a_recurrent_weight_back_to_its_bound():
    layer = holdfast.make("indrnn", 3, 8, t_max=4, initialiser=IndependentRecurrence(5, 5), backend="reference")
    cell, bound = layer.cells[0], 2 ** (1 / 4)
    x = torch.randn(4, 2, 3)
    with torch.no_grad():
        layer(x)
    assert (cell.recurrence == 5).all()  # nothing is trained, nothing is changed
    layer(x)
    torch.testing.assert_close(cell.recurrence.detach(), torch.full((8,), bound))


def test_a_recurrent_weight_beyond_its_bound_acts_as_the_bound():
    beyond, at = (IndRNN(3, 8, t_max=2) for _ in range(2))
    at.load_state_dict(beyond.state_dict())
    nn.init.constant_(beyond.recurrence, -9.0)
    nn.init.constant_(at.recurrence, -(2**0.5))
    p, state = torch.randn(2, 8), beyond.make_state(torch.rand(2, 8))
    torch.testing.assert_close(beyond.step(p, state), at.step(p, state))


def test_a_recurrent_weight_at_its_bound_can_still_learn_to_shrink():
    layer = holdfast.make("indrnn", 1, 1, initialiser=IndependentRecurrence(3, 3), backend="reference")
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        layer(torch.ones(3, 1, 1), torch.ones(1, 1, 1))[0].sum().backward()
        optimiser.step()
    assert layer.cells[0].recurrence.item() < 1


def trained(layer, updates, seed=0):
    """A few steps of training by an ordinary loop; yields after each."""
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.05)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(updates):
        optimiser.zero_grad()
        x = torch.randn(4, 2, 3, generator=generator, dtype=torch.float64)
        layer(x)[0].square().mean().backward()
        optimiser.step()
        yield


def dtriv(**options):
    generator = torch.Generator().manual_seed(1)
    return holdfast.make("exprnn", 3, 6, K=3, dtype=torch.float64, backend="reference", generator=generator, **options)


def test_the_base_moves_every_k_updates_in_an_ordinary_loop():
    layer = dtriv()
    x, moved = torch.zeros(1, 1, 3, dtype=torch.float64), []
    for _ in trained(layer, 7):
        before = layer.cells[0].base.clone()
        layer(x), layer(x)  # a second look at the same parameters is no update
        moved.append(not torch.equal(before, layer.cells[0].base))
    assert moved == [False, False, True, False, False, True, False]


def test_a_moved_base_is_the_same_matrix_and_stays_orthogonal():
    layer = dtriv()
    cell = layer.cells[0]
    for _ in trained(layer, 3):
        before = cell.derive()[0]
    cell.settle()
    assert not cell.skew.any()
    torch.testing.assert_close(cell.derive()[0], before, atol=1e-12, rtol=0)
    for _ in trained(layer, 60):
        pass
    identity = torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(cell.base @ cell.base.T, identity, atol=1e-14, rtol=0)


def test_training_with_a_moving_base_resumes_to_the_same_bits():
    whole, first = dtriv(), dtriv()
    for _ in trained(whole, 4):
        pass
    for _ in trained(first, 4):
        pass
    second = dtriv()
    second.load_state_dict(first.state_dict())
    for layer in (whole, second):
        for _ in trained(layer, 4, seed=1):
            pass
    ends = whole.state_dict(), second.state_dict()
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_torchs_own_parametrisations_serve_any_cell_and_its_kernel():
    layer = holdfast.Recurrent(RNN, 3, 6, dtype=torch.float64)
    nn.utils.parametrizations.orthogonal(layer.cells[0], "weight_hh", orthogonal_map="matrix_exp")
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.5)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    for _ in range(3):
        optimiser.zero_grad()
        output = layer(x)[0]
        output.square().sum().backward()
        optimiser.step()
    weight = layer.cells[0].weight_hh
    torch.testing.assert_close(weight @ weight.T, torch.eye(6, dtype=torch.float64))
    (choice,) = layer.explain().choices.values()
    expected, _ = unroll_segment(layer.cells[0], x, (torch.zeros(2, 6, dtype=torch.float64),), None, None)
    torch.testing.assert_close(layer(x)[0], expected)
    assert choice.backend.name == "compiled" or "compiler" in str(choice)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: IndRNN(3, 4, nonlinearity="elu"), "'tanh' or 'relu'"),
        (lambda: IndRNN(3, 4, t_max=0), "t_max and max_gain of at least 1"),
        (lambda: EURNN(3, 4, style="dense"), "'tunable' or 'fft'"),
        (lambda: EURNN(3, 4, capacity=5), "at most hidden_size 4"),
        (lambda: EURNN(3, 4, field="quaternion"), "'complex' or 'real'"),
        (lambda: GORU(3, 4, style="tunable", capacity=0), "capacity must be a whole number"),
        (lambda: ExpRNN(3, 4, angles="haar"), "'cayley' or 'henaff'"),
        (lambda: ExpRNN(3, 4, K=0), "K must be a whole number"),
    ],
)
def test_a_wrong_choice_is_explained(build, message):
    with pytest.raises(ValueError, match=message):
        build()
