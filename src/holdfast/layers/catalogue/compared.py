"""The baselines of Chandar et al. 2019, started as in the authors' code: orthogonal, and with peepholes in the LSTM."""

from functools import partial

from holdfast import cells
from holdfast.cells import Sigmoid
from holdfast.initialisers import (
    ForgetBias,
    IdentityRecurrence,
    Initialiser,
    IntegerChrono,
    OrthogonalRecurrence,
    UniformPeepholes,
)
from holdfast.layers.catalogue.entry import Entry
from holdfast.layers.catalogue.gates import CHO, JANET_SOURCES, PEEPHOLE_SOURCES
from holdfast.layers.catalogue.plain import RELU_NORMALISED

CHANDAR = ("chandar2019towards",)


def orthogonal_peepholes(forget_bias: float = 1.0) -> tuple[Initialiser, ...]:
    """Recurrent matrices start orthogonal, peepholes between 0 and 1, and memories fade.

        W_hh: orthogonal,   W_ih ~ N(0, 2 / (I + H)),   block by block;   v ~ U(0, 1)
        b_forget = forget_bias,   other biases 0

    Args:
        forget_bias: of every unit.
    """
    return OrthogonalRecurrence(), ForgetBias(forget_bias), UniformPeepholes()


def orthogonal_chrono_peepholes(t_max: int) -> tuple[Initialiser, ...]:
    """Recurrent matrices start orthogonal, peepholes between 0 and 1, and forgetting times cover those of the task.

        W_hh: orthogonal,   W_ih ~ N(0, 2 / (I + H)),   block by block;   v ~ U(0, 1)
        b_forget = log(k),  k uniform in {1, ..., t_max};   b_input = -b_forget;   other biases 0

    Args:
        t_max: longest forgetting time, in steps, at least 1; the length of the sequences in the authors' code.
    """
    return OrthogonalRecurrence(), IntegerChrono(t_max), UniformPeepholes()


def orthogonal_chrono(t_max: int) -> tuple[Initialiser, ...]:
    """Recurrent matrices start orthogonal, and forgetting times cover those of the task.

        W_hh: orthogonal,   W_ih ~ N(0, 2 / (I + H)),   block by block
        b_forget = log(k),  k uniform in {1, ..., t_max};   other biases 0

    Args:
        t_max: longest forgetting time, in steps, at least 1; the length of the sequences in the authors' code.
    """
    return OrthogonalRecurrence(), IntegerChrono(t_max)


ENTRIES = (
    Entry(
        "orthogonal-lstm",
        "gates",
        "LSTM with peepholes that starts orthogonal, forget bias 1",
        cells.PeepholeLSTM,
        CHANDAR + PEEPHOLE_SOURCES,
        initialiser=orthogonal_peepholes,
    ),
    Entry(
        "orthogonal-chrono-lstm",
        "gates",
        "LSTM with peepholes that starts orthogonal and chrono",
        cells.PeepholeLSTM,
        CHANDAR + PEEPHOLE_SOURCES,
        initialiser=orthogonal_chrono_peepholes,
    ),
    Entry(
        "orthogonal-gru",
        "gates",
        "GRU as published that starts orthogonal",
        cells.GatedGRU,
        CHANDAR + CHO,
        choices={"gate": Sigmoid()},
        initialiser=OrthogonalRecurrence,
    ),
    Entry(
        "orthogonal-janet",
        "gates",
        "JANET that starts orthogonal and chrono",
        cells.JANET,
        CHANDAR + JANET_SOURCES,
        initialiser=orthogonal_chrono,
    ),
    Entry(
        "identity-rnn",
        "plain",
        "ReLU network that starts as the identity, with layer normalisation",
        cells.RNN,
        (*CHANDAR, "le2015simple"),
        choices=RELU_NORMALISED,
        initialiser=partial(IdentityRecurrence, std=None),
    ),
)
