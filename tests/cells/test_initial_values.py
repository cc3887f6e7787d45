"""Cells that draw their own parameters draw them as their papers say."""

import math
from functools import partial

import pytest
import torch

from holdfast.cells import (
    EURNN,
    GORU,
    GRU,
    HMLSTM,
    JANET,
    KAFGRU,
    KAFLSTM,
    LEM,
    LINEAR,
    LMU,
    LSTM,
    MLSTM,
    NRU,
    ONLSTM,
    RHN,
    RNN,
    SLSTM,
    SRU,
    URNN,
    BinaryGateLSTM,
    ClockworkRNN,
    CoRNN,
    Dilated,
    ExpRNN,
    GatedGRU,
    GatedLSTM,
    GatedRNN,
    GaussianLSTM,
    IndRNN,
    LayerNorm,
    LayerNormLSTM,
    LeakyRNN,
    NoisyLSTM,
    PeepholeLSTM,
    PhasedLSTM,
    Skip,
    StatisticalRU,
    UnICORNN,
    VariationalDropout,
    WeightDrop,
    Zoneout,
)
from holdfast.layers import CATALOGUE

INPUT, SIZE = 40, 300
PI = math.pi


def uniform(low, high):
    """Whether values fill (low, high) evenly: the ends to 2 %, the moments to five standard errors."""

    def check(values):
        values, width = values.detach().double().flatten(), high - low
        error = width / math.sqrt(12 * len(values))
        assert low - 1e-6 <= values.min() < low + 0.02 * width + 5 * width / len(values)
        assert high + 1e-6 >= values.max() > high - 0.02 * width - 5 * width / len(values)
        assert abs(values.mean() - (low + high) / 2) < 5 * error
        assert abs(values.std() - width / math.sqrt(12)) < 5 * error

    return check


def around_zero(bound):
    return uniform(-bound, bound)


def normal(deviation):
    def check(values):
        values = values.detach().double().flatten()
        assert abs(values.mean()) < 5 * deviation / math.sqrt(len(values))
        assert values.std() == pytest.approx(deviation, rel=5 / math.sqrt(2 * len(values)))
        assert 0.65 < (values.abs() < deviation).double().mean() < 0.72  # 0.683 of a normal distribution

    return check


def always(number):
    def check(values):
        assert (values == torch.tensor(number).to(values)).all()

    return check


def cayley(skew):
    """The entries next to the diagonal are -tan(s / 2), s ~ U(0, pi/2); all others 0."""
    uniform(0, PI / 2)(-2 * next_to_diagonal(skew).atan())


def henaff(skew):
    around_zero(PI)(next_to_diagonal(skew))


def next_to_diagonal(skew):
    """The entries (0, 1), (2, 3), ... of the matrix; checks that there are no others."""
    matrix = torch.zeros(SIZE, SIZE)
    matrix[tuple(torch.triu_indices(SIZE, SIZE, 1))] = skew.detach()
    entries = matrix.diagonal(1)[::2].clone()
    matrix.diagonal(1)[::2] = 0
    assert not matrix.any()
    return entries


AFFINE = dict.fromkeys(("weight_ih", "weight_hh"), around_zero(1 / math.sqrt(SIZE)))
KAIMING = math.sqrt(6 / (65 * INPUT))
LEVELS = [f"levels.{k}.{name}" for k in range(3) for name in ("weight_ih", "weight_hh", "bias")]
LEVELS += ["levels.0.weight_top", "levels.1.weight_top"]
INNER = {f"inner.{name}": check for name, check in AFFINE.items()}
PEEPHOLES = dict.fromkeys(("peephole_input", "peephole_forget", "peephole_output"), around_zero(1 / math.sqrt(SIZE)))
ELSEWHERE = {*LINEAR, SLSTM, MLSTM, SRU, StatisticalRU, KAFLSTM, KAFGRU}
"""Whose start has tests of its own: tests/initialisers/test_starts_of_linear_cells.py, test_kaf.py."""

STATEMENTS = {
    **dict.fromkeys((RNN, LSTM, GatedRNN, GatedLSTM, GatedGRU, JANET, ONLSTM, BinaryGateLSTM), AFFINE),
    **dict.fromkeys((Zoneout, VariationalDropout, WeightDrop), INNER),
    LayerNorm: INNER | dict.fromkeys(("inner.norm_ih.weight", "inner.norm_hh.weight"), always(1.0)),
    LeakyRNN: AFFINE | {"leak": around_zero(1 / math.sqrt(SIZE))},
    PeepholeLSTM: AFFINE | PEEPHOLES,
    GRU: AFFINE | {"bias_hh_candidate": around_zero(1 / math.sqrt(SIZE))},
    NoisyLSTM: AFFINE | {"sensitivity": always(1.0)},
    LayerNormLSTM: AFFINE
    | dict.fromkeys(("norm_ih.weight", "norm_hh.weight", "norm_c.weight"), always(1.0))
    | {"norm_c.bias": always(0.0)},
    NRU: dict.fromkeys(("weight_ih", "weight_hh", "weight_mh", "bias"), around_zero((INPUT + SIZE + 64) ** -0.5))
    | dict.fromkeys(("weight_head", "bias_head"), around_zero((SIZE + 64) ** -0.5)),
    Skip: INNER | {"weight_update": around_zero(1 / math.sqrt(SIZE)), "bias_update": always(1.0)},
    IndRNN: {"recurrence": uniform(0, 1), "bias": always(0.0), "weight_ih": around_zero(1 / math.sqrt(INPUT))},
    URNN: {
        "weight_ih": around_zero(math.sqrt(6 / (INPUT + SIZE))),
        "phases": around_zero(PI),
        "reflections": around_zero(math.sqrt(6 / (2 + 2 * SIZE))),
        "bias_modulus": around_zero(0.01),
    },
    EURNN: {
        "weight_ih": around_zero(0.01),
        "angles": around_zero(PI),
        "phases": around_zero(PI),
        "diagonal": around_zero(PI),
        "bias_modulus": always(0.0),
    },
    GORU: {
        "weight_ih": around_zero(0.01),
        "weight_hh": around_zero(0.01),
        "angles": around_zero(PI),
        "bias": always([2.0] * SIZE + [0.0] * SIZE),
        "bias_modulus": always(0.011),
    },
    ExpRNN: {"weight_ih": normal(math.sqrt(2 / INPUT)), "skew": cayley, "bias_modulus": around_zero(0.01)},
    CoRNN: dict.fromkeys(("weight_ih", "weight_hh", "weight_zh", "bias"), around_zero(1 / math.sqrt(INPUT + 2 * SIZE))),
    UnICORNN: {
        "weight_ih": around_zero(KAIMING),
        "recurrence": uniform(0, 1),
        "rate": around_zero(0.1),
        "bias": always(0.0),
    },
    LEM: dict.fromkeys(("weight_ih", "weight_hh"), around_zero(1 / math.sqrt(SIZE))),
    LMU: {
        "weight_ih": normal(math.sqrt(2 / (INPUT + SIZE))),
        "weight_hh": normal(math.sqrt(2 / (SIZE + SIZE))),
        "weight_mh": normal(math.sqrt(2 / (64 + SIZE))),
        "bias": always(0.0),
        "encoder_ih": around_zero(math.sqrt(3 / INPUT)),
        "encoder_hh": around_zero(math.sqrt(3 / SIZE)),
        "encoder_mh": always(0.0),
    },
    partial(GaussianLSTM, t_max=100.0): AFFINE | {"centre": uniform(0, 1), "log_width": always(math.log(1 / 3))},
    PhasedLSTM: AFFINE | PEEPHOLES | {"log_period": uniform(1, 6), "phase": uniform(0, 1)},
    ClockworkRNN: dict.fromkeys(("weight_ih", "weight_hh"), normal(0.1)) | {"bias": always(0.0)},
    partial(RHN, depth=2): AFFINE | {"bias": always(([0.0] * SIZE + [-2.0] * SIZE) * 2)},
    HMLSTM: dict.fromkeys(("weight_gate", "weight_out", *LEVELS), around_zero(1 / math.sqrt(SIZE))),
    partial(Dilated, cell=RNN, layers=2): {f"layers.{k}.{name}": AFFINE[name] for k in (0, 1) for name in AFFINE},
}


@pytest.mark.parametrize("cell", STATEMENTS, ids=lambda cell: getattr(cell, "func", cell).__name__)
def test_parameters_start_as_the_paper_says(cell):
    made = cell(INPUT, SIZE)
    made.reset_parameters(torch.Generator().manual_seed(0))
    for name, check in STATEMENTS[cell].items():
        check(made.get_parameter(name))
    unsaid = set(dict(made.named_parameters())) - set(STATEMENTS[cell])
    assert {name.rpartition(".")[-1] for name in unsaid} <= {"bias"}


def test_every_cell_of_the_catalogue_has_a_test_of_its_start():
    stated = {getattr(cell, "func", cell) for cell in STATEMENTS}
    assert {entry.cell for entry in CATALOGUE.values()} <= stated | ELSEWHERE
    assert not stated & ELSEWHERE


def test_henaffs_angles_fill_the_circle():
    made = ExpRNN(INPUT, SIZE, angles="henaff")
    made.reset_parameters(torch.Generator().manual_seed(0))
    henaff(made.skew)
    turns = torch.linalg.eigvals(made.derive()[0].double()).angle().abs()
    uniform(0, PI)(turns)


def test_a_permutation_is_drawn_from_the_generator():
    first, again, other = (URNN(3, 50) for _ in range(3))
    for cell, seed in ((first, 0), (again, 0), (other, 1)):
        cell.reset_parameters(torch.Generator().manual_seed(seed))
    assert torch.equal(first.permutation, again.permutation)
    assert not torch.equal(first.permutation, other.permutation)
    assert torch.equal(first.permutation.sort()[0], torch.arange(50))
