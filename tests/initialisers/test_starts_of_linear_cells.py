"""How linear recurrences and their neighbours start: as their papers say."""

import math

import pytest
import torch
from torch import Tensor

from holdfast.cells import LRU, MLSTM, RGLRU, SLSTM, SRU, MinGRU, MinLSTM, StatisticalRU
from holdfast.initialisers import Chrono, initialise

QUANTILES = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)


def started(cell, *sizes, **options):
    """A cell drawn from a generator, in float64."""
    made = cell(*sizes, dtype=torch.float64, **options)
    made.reset_parameters(torch.Generator().manual_seed(0))
    return made.requires_grad_(False)


def assert_uniform(values: Tensor, low: float, high: float) -> None:
    """Spread evenly between two bounds."""
    assert low <= values.min() <= values.max() <= high
    expected = low + (high - low) * QUANTILES
    assert (values.flatten().quantile(QUANTILES) - expected).abs().max() < 0.04 * (high - low)


def assert_normal(values: Tensor, std: float) -> None:
    """Normal, around 0."""
    assert values.std() == pytest.approx(std, rel=0.03)
    assert values.mean().abs() < 0.05 * std
    assert (values.abs() < std).double().mean() == pytest.approx(0.6827, abs=0.02)


def test_the_lru_starts_evenly_spread_over_a_ring():
    cell = started(LRU, 20, 50, state_size=4000, r_min=0.6, r_max=0.95, max_phase=0.7)
    assert_uniform((-2 * cell.nu.exp()).exp(), 0.6**2, 0.95**2)
    assert_uniform(cell.theta.exp(), 0, 0.7)
    torch.testing.assert_close((2 * cell.gamma).exp(), 1 - (-2 * cell.nu.exp()).exp())
    assert_normal(cell.weight_ih[cell.block("real")], math.sqrt(1 / 40))
    assert_normal(cell.weight_ih[cell.block("imaginary")], math.sqrt(1 / 40))
    assert_normal(cell.weight_re, math.sqrt(1 / 4000))
    assert_normal(started(LRU, 20, 2000, state_size=3).weight_ih[6:], math.sqrt(1 / 20))


def test_an_lru_driven_by_noise_has_units_of_power_1():
    cell = started(LRU, 20, 5, state_size=500, r_min=0.5, r_max=0.9)
    x = torch.randn(400, 4, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    h = cell.initial_state(4, like=x)
    for p in cell.project(x):
        h = cell.next_state(p, h)
    real, imaginary = h.h.chunk(2, -1)
    assert (real**2 + imaginary**2).mean() == pytest.approx(1, abs=0.05)


def test_every_modulus_of_an_lru_is_below_1():
    cell = started(LRU, 3, 8, r_min=0.999999, r_max=1.0)
    assert ((-cell.nu.exp()).exp() < 1).all()
    assert cell.gamma.isfinite().all()


def test_the_rg_lru_starts_with_radii_near_1():
    cell = started(RGLRU, 100, 400, heads=2)
    assert_uniform((-2 * torch.nn.functional.softplus(cell.decay)).exp(), 0.9**2, 0.999**2)
    assert_normal(cell.weight_ih, math.sqrt(1 / 100))
    assert_normal(cell.weight_gate, math.sqrt(1 / 200))
    assert not cell.bias_ih.any()
    assert not cell.bias_gate.any()


def test_an_open_rg_lru_forgets_nothing_and_a_closed_one_all():
    cell = started(RGLRU, 3, 5)
    p = torch.full((1, 15), 1.0, dtype=torch.float64)
    for gate, expected in ((-200.0, 1.0), (200.0, 0.0)):
        p[:, 5:10] = gate
        cell.decay.fill_(50.0)
        assert cell.coefficients(p)[0].sub(expected).abs().max() < 1e-12


@pytest.mark.parametrize("depth", [0.0, 1.0])
def test_the_slstm_starts_with_forget_gates_from_5_to_minus_7_in_every_head(depth):
    cell = started(SLSTM, 50, 80, heads=4, depth=depth)
    forget = cell.bias[cell.block("forget")].view(4, 20)
    assert (forget == forget[0]).all()
    assert forget[0, 0] == 5
    assert forget[0, -1] == -7
    assert forget[0, 7] == pytest.approx(5 - 12 * (7 / 19) ** (0.3 + 1.3 * depth))
    others = [name for name in cell.blocks if name != "forget"]
    assert not any(cell.bias[cell.block(name)].any() for name in others)
    assert not cell.weight_heads.any()
    assert_normal(cell.weight_ih, math.sqrt(2 / 250))


def test_the_mlstm_starts_with_gates_that_do_not_see_the_input():
    cell = started(MLSTM, 50, 4000, heads=2000)
    assert_normal(cell.weight_ih[: 4 * 4000], math.sqrt(2 / 250))
    assert not cell.weight_ih[4 * 4000 :].any()
    assert_normal(cell.bias[cell.block("head_input")], 0.1)
    torch.testing.assert_close(cell.bias[cell.block("head_forget")], torch.linspace(3, 6, 2000).double())
    assert not cell.bias[: 4 * 4000].any()


def test_the_sru_keeps_the_variance_of_its_input():
    cell = started(SRU, 30, 2000, highway_bias=-2.0)
    bound = math.sqrt(3 / 30)
    assert_uniform(cell.weight_ih[cell.block("candidate")], -bound, bound)
    assert_uniform(cell.weight_ih[cell.block("forget")], -bound * math.sqrt(0.5), bound * math.sqrt(0.5))
    scale = math.sqrt(1 + 2 * math.exp(-2))
    assert_uniform(cell.weight_ih[cell.block("skip")], -bound * scale, bound * scale)
    assert_uniform(cell.peephole, -math.sqrt(1.5), math.sqrt(1.5))
    assert (cell.bias[cell.block("reset")] == -2).all()
    assert (cell.bias[cell.block("forget")] == 0).all()


def test_the_statistical_unit_starts_glorot_uniform_for_relus():
    cell = started(StatisticalRU, 30, 200, statistics_size=100, summary_size=50)
    for weight, fans in (
        (cell.weight_ih, 30 + 50 + 100),
        (cell.weight_statistics, 30 + 50 + 100),
        (cell.weight_summary, 500 + 50),
        (cell.weight_output, 500 + 200),
    ):
        assert_uniform(weight, -math.sqrt(12 / fans), math.sqrt(12 / fans))
    assert not any(p.any() for name, p in cell.named_parameters() if name.startswith("bias"))


@pytest.mark.parametrize("cell", [MinGRU, MinLSTM])
def test_minimal_cells_start_as_a_linear_map_of_torch(cell):
    assert_uniform(started(cell, 25, 400).weight_ih, -0.2, 0.2)


@pytest.mark.parametrize("cell", [MinGRU, MinLSTM])
def test_minimal_cells_take_chrono_initialisation(cell):
    made = started(cell, 3, 2000)
    initialise(made, Chrono(100), torch.Generator().manual_seed(0))
    kept, _ = made.coefficients(made.project(torch.zeros(1, 3, dtype=torch.float64)))
    assert_uniform(1 / (1 - kept), 2, 100)
