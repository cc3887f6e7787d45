"""Initialisers are pure, follow their stated distributions, and refuse cells that they do not fit."""

import pytest
import torch

import holdfast
from holdfast import Recurrent, make
from holdfast.cells import ALL as CELLS
from holdfast.cells import GRU, LSTM, NRU, RNN, GatedRNN, GaussianLSTM, IndRNN, PeepholeLSTM
from holdfast.initialisers import (
    ALL,
    Chrono,
    ForgetBias,
    IdentityRecurrence,
    IndependentRecurrence,
    IntegerChrono,
    OrthogonalRecurrence,
    UniformGate,
    UniformPeepholes,
    initialise,
)

EXAMPLES = {
    Chrono: (Chrono(100), LSTM),
    IntegerChrono: (IntegerChrono(100), LSTM),
    ForgetBias: (ForgetBias(2.0), LSTM),
    UniformGate: (UniformGate(), LSTM),
    UniformPeepholes: (UniformPeepholes(), PeepholeLSTM),
    OrthogonalRecurrence: (OrthogonalRecurrence(), LSTM),
    IdentityRecurrence: (IdentityRecurrence(), RNN),
    IndependentRecurrence: (IndependentRecurrence(0.5, 0.9), IndRNN),
}


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", ALL)
def test_an_initialiser_is_pure_and_decided_by_its_generator(kind):
    initialiser, cell = EXAMPLES[kind]
    made = cell(3, 16)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    first, again, other = (initialiser(made, seeded(seed)) for seed in (0, 0, 1))
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())
    assert all(torch.equal(first[name], again[name]) for name in first)
    if kind is not ForgetBias:
        assert any(not torch.equal(first[name], other[name]) for name in first)


def drawn_biases(initialiser, cell, block):
    """The initial bias of one block, over many draws, in float64."""
    made, generator = cell(2, 500), seeded(0)
    return torch.cat([initialiser(made, generator)["bias"].double()[made.block(block)] for _ in range(40)])


def test_chrono_spreads_forgetting_times_uniformly():
    times = 1 / (1 - drawn_biases(Chrono(t_max=101.0), LSTM, "forget").sigmoid())
    assert times.min() >= 2 - 1e-3
    assert times.max() <= 101 + 1e-2
    quartiles = torch.quantile(times, torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
    assert torch.allclose(quartiles, torch.tensor([26.75, 51.5, 76.25], dtype=torch.float64), atol=1.5)


def test_chrono_of_the_one_gate_network_is_that_of_its_input_gate():
    times = 1 / drawn_biases(Chrono(t_max=101.0), GatedRNN, "input").sigmoid()
    assert float(times.mean()) == pytest.approx(51.5, abs=1)
    assert (drawn_biases(Chrono(t_max=101.0), GatedRNN, "candidate") == 0).all()


def test_integer_chrono_draws_logarithms_of_whole_numbers():
    k = drawn_biases(IntegerChrono(20), LSTM, "forget").exp()
    assert torch.allclose(k, k.round(), atol=1e-4)
    assert set(k.round().int().tolist()) == set(range(1, 21))


def test_the_other_biases_are_zero_under_chrono():
    for cell in (LSTM(3, 8), GRU(3, 8)):
        initialise(cell, Chrono(50), seeded(0))
        keep = "forget" if "forget" in cell.blocks else "update"
        others = set(cell.blocks) - {keep, "input"}
        assert all((cell.bias[cell.block(name)] == 0).all() for name in others)
    assert (cell.bias_hh_candidate == 0).all()


@pytest.mark.parametrize("size", [1, 2, 3, 256])
def test_uniform_gates_start_inside_their_range_for_any_size(size):
    made = LSTM(2, size)
    f = UniformGate()(made, seeded(0))["bias"].double()[made.block("forget")].sigmoid()
    edge = 1 / size if size > 2 else 0.25
    assert ((f >= edge - 1e-6) & (f <= 1 - edge + 1e-6)).all()


def with_eight_units(cell):
    """A cell; one with a time gate needs to be told how long sequences are."""
    needed = {"t_max": 10} if cell is GaussianLSTM else {}
    return cell(3, 8, **needed)


def has_rows_for_every_block(cell):
    """Whether weight_hh is made of the cell's blocks, and of nothing else."""
    made = with_eight_units(cell)
    rows = len(getattr(made, "weight_hh", ()))
    return cell is not NRU and rows == sum(made.block_sizes.values()) > 0


@pytest.mark.parametrize("cell", [cell for cell in CELLS if has_rows_for_every_block(cell)])
def test_orthogonal_recurrence_makes_every_block_orthogonal(cell):
    made = with_eight_units(cell)
    weight = OrthogonalRecurrence()(made, seeded(0))["weight_hh"].double()
    for block in made.blocks:
        rows = weight[made.block(block)]
        torch.testing.assert_close(rows @ rows.T, torch.eye(len(rows), dtype=torch.float64), atol=1e-5, rtol=0)


def test_independent_recurrence_fills_its_range():
    made = IndRNN(3, 1000)
    initialise(made, IndependentRecurrence(0.5, 0.9), seeded(0))
    assert 0.5 <= made.recurrence.min() < 0.51
    assert 0.89 < made.recurrence.max() <= 0.9


def test_identity_recurrence_starts_an_irnn():
    layer = make("irnn", 3, 200, generator=seeded(0))
    cell = layer.cells[0]
    assert torch.equal(cell.weight_hh, torch.eye(200))
    assert cell.weight_ih.std().item() == pytest.approx(0.001, rel=0.1)
    assert (cell.bias == 0).all()
    assert cell.nonlinearity == "relu"


def started(name, **options):
    """The cell of a layer with 30 inputs and 200 units."""
    return make(name, 30, 200, generator=seeded(0), **options).cells[0]


COMPARED = {
    "orthogonal-lstm": {},
    "orthogonal-chrono-lstm": {"t_max": 20},
    "orthogonal-gru": {},
    "orthogonal-janet": {"t_max": 20},
    "identity-rnn": {},
}
"""The baselines of Chandar et al., and their options."""


@pytest.mark.parametrize("name", COMPARED)
def test_a_compared_baseline_starts_with_glorots_input_weights_and_an_orthogonal_recurrence(name):
    cell = started(name, **COMPARED[name])
    gain = 2**0.5 if name == "identity-rnn" else 1.0
    for block in cell.blocks:
        rows = cell.block(block)
        assert cell.weight_ih[rows].std().item() == pytest.approx(gain * (2 / 230) ** 0.5, rel=0.05)
        recurrence = cell.weight_hh[rows]
        torch.testing.assert_close(recurrence @ recurrence.T, torch.eye(200), atol=1e-4, rtol=0)
        assert torch.equal(recurrence, torch.eye(200)) == (name == "identity-rnn")


@pytest.mark.parametrize("name", COMPARED)
def test_a_compared_baseline_starts_with_the_biases_and_peepholes_of_the_code(name):
    cell = started(name, **COMPARED[name])
    keep = {block: cell.bias[cell.block(block)] for block in cell.blocks}
    if "t_max" in COMPARED[name]:
        k = keep["forget"].exp()
        assert set(k.round().int().tolist()) == set(range(1, 21))
        assert torch.allclose(k, k.round(), atol=1e-4)
        assert "input" not in keep or torch.equal(keep["input"], -keep["forget"])
    elif "forget" in keep:
        assert (keep["forget"] == 1).all()
    still = set(keep) - {"forget"} - ({"input"} if "chrono" in name else set())
    assert all((keep[block] == 0).all() for block in still)
    peepholes = [value for part, value in cell.named_parameters() if part.startswith("peephole")]
    assert len(peepholes) == (3 if name.endswith("lstm") else 0)
    assert all(0 <= v.min() < 0.05 and 0.95 < v.max() <= 1 and abs(v.mean() - 0.5) < 0.07 for v in peepholes)


def test_a_generator_decides_every_parameter_and_leaves_the_global_one_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = (make("ur-gru", 3, 8, generator=seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    for a, b, c in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_several_initialisers_are_applied_in_order():
    layer = Recurrent(LSTM, 3, 8, initialiser=[OrthogonalRecurrence(), ForgetBias(1.5)])
    cell = layer.cells[0]
    assert (cell.bias[cell.block("forget")] == 1.5).all()
    rows = cell.weight_hh[cell.block("input")]
    torch.testing.assert_close(rows @ rows.T, torch.eye(8), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Chrono(1.5), "1 < t_min < t_max"),
        (lambda: IntegerChrono(0), "at least 1 step"),
        (lambda: UniformGate(refine="up"), "'mirrored' or 'centred'"),
        (lambda: Recurrent(NRU, 3, 8, initialiser=Chrono(9)), "NRU has only candidate"),
        (lambda: Recurrent(LSTM, 3, 8, initialiser=IdentityRecurrence()), "square recurrent matrix"),
        (lambda: make("goru", 3, 8, initialiser=OrthogonalRecurrence()), "rows for every block of GORU"),
        (lambda: make("lstm", 3, 8, initialiser=IndependentRecurrence()), "no parameter 'recurrence'"),
        (lambda: IndependentRecurrence(1, 0), "low <= high"),
        (lambda: make("lstm", 3, 8, initialiser=UniformPeepholes()), "a cell with peepholes, got LSTM"),
    ],
)
def test_a_wrong_choice_is_explained(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_orthogonal_recurrence_draws_in_half_precision_too(dtype):
    weight = OrthogonalRecurrence()(LSTM(3, 8, dtype=dtype), seeded(0))["weight_hh"]
    assert weight.dtype == dtype
    rows = weight[:8].float()
    torch.testing.assert_close(rows @ rows.T, torch.eye(8), atol=0.05, rtol=0)


def test_a_gate_bias_needs_a_bias():
    with pytest.raises(ValueError, match="build it with bias=True"):
        holdfast.LSTM(3, 8, bias=False, initialiser=Chrono(10))
