"""Gates and memories are values, and combine into the models that have names."""

from functools import partial

import pytest
import torch

from holdfast import make
from holdfast.backends.reference import unroll_segment
from holdfast.cells import GRU, LSTM, Cumax, GatedGRU, GatedLSTM, Independent, Master, Refine, Sigmoid
from holdfast.initialisers import Chrono, UniformGate, initialise
from oracles.gate_quantiles import HIDDEN_SIZE, PROBABILITIES, TABLE, TIME_SCALES

GATES = [Sigmoid(), Cumax(), Refine(), Master(), Refine(Cumax()), Master(Cumax())]


@pytest.mark.parametrize("gate", GATES, ids=repr)
def test_a_gate_lies_between_0_and_1_and_says_how_many_pre_activations_it_takes(gate):
    pre = [4 * torch.randn(50, 7, generator=torch.Generator().manual_seed(i)) for i in range(1 + len(gate.auxiliary))]
    g = gate(*pre)
    assert g.shape == (50, 7)
    assert ((g >= 0) & (g <= 1 + 1e-6)).all()
    with pytest.raises(ValueError, match="unpack"):
        gate(*pre, pre[0])


def test_refine_moves_within_the_band_and_master_within_its_lower_half():
    a, b = torch.randn(2, 100, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    f, refined, mastered = a.sigmoid(), Refine()(a, b), Master()(a, b)
    assert ((f**2 <= refined) & (refined <= 1 - (1 - f) ** 2)).all()
    assert ((f**2 <= mastered) & (mastered <= f)).all()
    assert torch.allclose(Refine()(a, torch.zeros_like(b)), f)


def test_the_lstm_and_the_gru_are_combinations_of_the_same_choices():
    x, h, c = torch.randn(9, 2, 3), torch.randn(2, 8), torch.randn(2, 8)
    lstm, gated = LSTM(3, 8), GatedLSTM(3, 8, gate=Sigmoid(), memory=Independent())
    gated.load_state_dict(lstm.state_dict())
    assert gated.blocks == lstm.blocks
    torch.testing.assert_close(
        unroll_segment(gated, x, (h, c), None, None), unroll_segment(lstm, x, (h, c), None, None)
    )
    gru, gated = GRU(3, 8), GatedGRU(3, 8, gate=Sigmoid())
    assert gated.blocks == gru.blocks
    for cell in (gru, gated):  # without the candidate's recurrence, the reset gate has nothing to act on
        cell.weight_hh.data[cell.block("candidate")] = 0
    gru.bias_hh_candidate.data.zero_()
    gated.load_state_dict({k: v for k, v in gru.state_dict().items() if k != "bias_hh_candidate"})
    run = partial(unroll_segment, x=x, state=(h,), valid=None, reset=None)
    torch.testing.assert_close(run(gated), run(gru))


ROWS = {
    "tied-lstm": (Sigmoid(), ("forget", "candidate", "output")),
    "tied-chrono-lstm": (Sigmoid(), ("forget", "candidate", "output")),
    "cumax-lstm": (Cumax(), ("forget", "candidate", "output")),
    "uniform-lstm": (Sigmoid(), ("forget", "candidate", "output")),
    "refine-lstm": (Refine(), ("forget", "refine", "candidate", "output")),
    "om-lstm": (Master(Cumax()), ("forget", "master", "candidate", "output")),
    "or-lstm": (Refine(Cumax()), ("forget", "refine", "candidate", "output")),
    "um-lstm": (Master(), ("forget", "master", "candidate", "output")),
    "ur-lstm": (Refine(), ("forget", "refine", "candidate", "output")),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_nine_rows_of_the_ablation_are_one_cell(name):
    layer = make(name, 3, 8, **({"t_max": 10} if "chrono" in name else {}))
    gate, blocks = ROWS[name]
    cell = layer.cells[0]
    assert type(cell) is GatedLSTM
    assert (cell.gate, cell.blocks) == (gate, blocks)


def test_a_ur_lstm_has_as_many_parameters_as_an_lstm():
    count = lambda name: sum(p.numel() for p in make(name, 5, 16).parameters())  # noqa: E731
    assert count("ur-lstm") == count("lstm")


def keep_gate(cell, initialiser, generator):
    """The gate that keeps the memory, at zero input and state: (H,), float64."""
    initialise(cell, initialiser, generator)
    blocks = ("forget", *cell.gate.auxiliary)
    return cell.gate(*(cell.bias.detach().double()[cell.block(name)] for name in blocks))


STARTS = {
    "none": (Sigmoid(), UniformGate()),
    "minus": (Refine(), UniformGate()),
    "chrono": (Sigmoid(), Chrono(HIDDEN_SIZE)),
}


@pytest.mark.parametrize("row", STARTS)
def test_initial_gates_have_the_quantiles_and_time_scales_of_the_table(row):
    gate, initialiser = STARTS[row]
    cell = GatedLSTM(1, HIDDEN_SIZE, gate=gate)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.cat([keep_gate(cell, initialiser, generator) for _ in range(200)])
    table = TABLE[row]
    found = torch.quantile(drawn, torch.tensor(PROBABILITIES, dtype=torch.float64))
    expected = torch.tensor([float(table.quantile(q)) for q in PROBABILITIES], dtype=torch.float64)
    assert torch.allclose(found, expected, atol=0.01)
    for scale, printed in zip(TIME_SCALES, table.tails, strict=True):
        assert float((1 / (1 - drawn) > scale).double().mean()) == pytest.approx(float(printed), abs=0.015)
    assert 1 / (1 - drawn.max()) <= 1.01 * table.longest


def test_a_centred_refine_gate_starts_as_the_primary_gate():
    cell = GatedLSTM(1, 64, gate=Refine())
    g = keep_gate(cell, UniformGate(refine="centred"), torch.Generator().manual_seed(0))
    torch.testing.assert_close(g, cell.bias.detach().double()[cell.block("forget")].sigmoid())


@pytest.mark.parametrize("cell", [GatedLSTM, GatedGRU, partial(GatedLSTM, memory=Independent())])
@pytest.mark.parametrize("gate", GATES, ids=repr)
@pytest.mark.parametrize("initialiser", [UniformGate(), Chrono(50)], ids=repr)
def test_any_gate_meets_any_initialiser_in_any_gated_cell(cell, gate, initialiser):
    made = cell(3, 8, gate=gate)
    initialise(made, initialiser, torch.Generator().manual_seed(0))
    keep = made.bias[made.block("update" if "update" in made.blocks else "forget")]
    assert keep.std() > 0
    if "input" in made.blocks:
        torch.testing.assert_close(made.bias[made.block("input")], -keep)
    assert (made.bias[made.block("candidate")] == 0).all()
