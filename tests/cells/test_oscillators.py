"""Networks from differential equations have the properties that their papers prove."""

import math

import pytest
import torch

from holdfast.cells import LEM, LMU, CoRNN, UnICORNN
from holdfast.cells.lmu import zero_order_hold

DOUBLE = {"dtype": torch.float64}


def legendre(order, points):
    """P_0 ... P_{M-1} at `points` in [-1, 1], by the three-term recursion: (M, points)."""
    values = [torch.ones_like(points), points]
    for n in range(1, order - 1):
        values.append(((2 * n + 1) * points * values[n] - n * values[n - 1]) / (n + 1))
    return torch.stack(values[:order])


def test_the_memory_of_an_lmu_holds_the_window_of_the_past():
    """u(t - r theta) is the sum of P_i(2 r - 1) m_i, for a smooth signal."""
    theta, order = 200, 12
    cell = LMU(1, 1, memory_size=order, theta=theta, feedback="none", encoder="ones", **DOUBLE)
    time = torch.arange(600, dtype=torch.float64)
    signal = (time * 2 * math.pi / 150).sin()
    state = cell.initial_state(1, like=signal)
    for u in signal:
        state = cell.next_state(cell.project(u.view(1, 1)), state)
    share = torch.linspace(0, 1, 11, dtype=torch.float64)
    decoded = state.m @ legendre(order, 2 * share - 1)
    wanted = ((time[-1] + 0.5 - share * theta) * 2 * math.pi / 150).sin()  # u is held: it stands for the step's middle
    torch.testing.assert_close(decoded[0], wanted, atol=0.01, rtol=0)


def test_a_memory_of_one_polynomial_is_a_leaky_average():
    """For M = 1: theta dm/dt = -m + u, so m_t = e^(-1/theta) m_{t-1} + (1 - e^(-1/theta)) u_t."""
    transition, injection = zero_order_hold(1, 5.0)
    assert transition.item() == pytest.approx(math.exp(-1 / 5))
    assert injection.item() == pytest.approx(1 - math.exp(-1 / 5))


def test_the_published_lmu_can_be_said():
    cell = LMU(1, 212, memory_size=256, theta=784, feedback="none", encoder="ones")
    assert cell.encoder_ih.item() == 1
    assert (cell.encoder_hh, cell.encoder_mh) == (None, None)
    assert torch.linalg.eigvals(cell.transition.double()).abs().max() < 1
    assert sum(p.numel() for p in cell.parameters()) == 212 * (1 + 212 + 256 + 1) + 1


def test_a_unicornn_can_be_run_backwards():
    """The step is symplectic Euler, which has an inverse: no memory is lost."""
    cell = UnICORNN(3, 8, **DOUBLE)
    p = cell.project(torch.randn(50, 2, 3, **DOUBLE))
    state = start = cell.make_state((torch.randn(2, 8, **DOUBLE), torch.randn(2, 8, **DOUBLE)))
    for now in p:
        state = cell.next_state(now, state)
    y, z = state
    s = cell.dt * cell.rate.sigmoid()
    for now in p.flip(0):
        y = y - s * z
        z = z + s * ((cell.recurrence * y + now).tanh() + cell.alpha * y)
    torch.testing.assert_close((y, z), tuple(start), atol=1e-9, rtol=0)


def test_a_cornn_without_input_comes_to_rest():
    cell = CoRNN(3, 8, dt=0.05, **DOUBLE)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
    state = cell.make_state((torch.randn(2, 8, **DOUBLE), torch.randn(2, 8, **DOUBLE)))
    for _ in range(400):
        state = cell.next_state(torch.zeros(2, 8, **DOUBLE), state)
    assert max(part.abs().max() for part in state) < 1e-3


def test_states_of_a_lem_stay_within_one():
    cell = LEM(3, 8, **DOUBLE)
    state = cell.initial_state(5, like=torch.zeros(1, **DOUBLE))
    for x in 9 * torch.randn(100, 5, 3, **DOUBLE):
        state = cell.next_state(cell.project(x), state)
    assert max(part.abs().max() for part in state) <= 1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CoRNN(3, 4, dt=0), "dt, gamma and epsilon must be above 0"),
        (lambda: UnICORNN(3, 4, alpha=-1), "dt and alpha must be above 0"),
        (lambda: LEM(3, 4, dt=-0.1), "dt must be above 0"),
        (lambda: LMU(3, 4, theta=0), "theta must be above 0 steps"),
        (lambda: LMU(3, 4, memory_size=0), "memory_size must be a whole number"),
        (lambda: LMU(3, 4, feedback="some"), "'all' or 'none'"),
        (lambda: LMU(3, 4, encoder="zeros"), "'lecun' or 'ones'"),
    ],
)
def test_a_wrong_choice_is_explained(build, message):
    with pytest.raises(ValueError, match=message):
        build()
