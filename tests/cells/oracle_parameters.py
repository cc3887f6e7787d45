"""How a cell's fused parameters correspond to an oracle's parameters, gate by gate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from cells.flexible_cases import FLEXIBLE
from cells.linear_cases import LINEAR
from cells.multi_scale_cases import MULTI_SCALE
from holdfast.cells import (
    EURNN,
    GORU,
    GRU,
    JANET,
    LEM,
    LMU,
    LSTM,
    NRU,
    ONLSTM,
    RNN,
    URNN,
    CoRNN,
    Cumax,
    ExpRNN,
    GatedGRU,
    GatedLSTM,
    GatedRNN,
    GaussianLSTM,
    Independent,
    IndRNN,
    LeakyRNN,
    Master,
    PeepholeLSTM,
    PhasedLSTM,
    Refine,
    Sigmoid,
    Tied,
    UnICORNN,
)
from oracles.orthogonal import PERMUTATION
from oracles.oscillators import WINDOW
from oracles.timed import LEAK, OPEN, T_MAX


@dataclass(frozen=True)
class Case:
    """A cell and the oracle that it must agree with.

    Args:
        oracle: the oracle's name.
        cell: makes the cell when called with input and hidden size.
        extras: our parameter for each of the oracle's that is no block of weight_ih, weight_hh or bias; with the index
            into it, if it is only part of ours.
    """

    oracle: str
    cell: Callable[..., Any]
    extras: Mapping[str, str | tuple[str, Any]] = field(default_factory=dict)


PEEPHOLES = {f"p_{gate}": f"peephole_{gate}" for gate in ("input", "forget", "output")}
NORM = {"norm_gain": "norm.weight", "norm_bias": "norm.bias"}
PRIMARIES = {"sigmoid": Sigmoid(), "cumax": Cumax()}
AUXILIARIES = {"plain": lambda primary: primary, "refine": Refine, "master": Master}
MODULUS = {"b": "bias_modulus"}
ROTATIONS = MODULUS | {name: name for name in ("angles", "phases", "diagonal")}
HALVES = {"real": slice(6), "imaginary": slice(6, 12)}
URNN_PARTS = MODULUS | {f"theta_{k}": ("phases", k - 1) for k in (1, 2, 3)}
URNN_PARTS |= {f"v_{k}_{part}": ("reflections", (k - 1, half)) for k in (1, 2) for part, half in HALVES.items()}
LMU_PARTS = {"W_x": "weight_ih", "W_h": "weight_hh", "W_m": "weight_mh", "b": "bias"}
LMU_PARTS |= {"e_x": "encoder_ih", "e_h": "encoder_hh", "e_m": "encoder_mh"}
GAUSSIAN = {"mu_share": "centre", "log_sigma_share": "log_width"}
PHASED = PEEPHOLES | {"log_tau": "log_period", "shift_share": "phase"}
MEMORIES = {"tied": Tied(), "independent": Independent()}


def permuted_urnn(*sizes: int, **options: Any) -> URNN:
    """A uRNN with the oracle's permutation."""
    cell = URNN(*sizes, **options)
    cell.permutation = torch.tensor(PERMUTATION)
    return cell


def leaking(*sizes: int, **options: Any) -> PhasedLSTM:
    """A phased LSTM that stays in training mode, where its gates leak."""
    cell = PhasedLSTM(*sizes, open_ratio=OPEN, leak=LEAK, **options)
    cell.eval = lambda: cell
    return cell


CASES = [
    Case("rnn-tanh", partial(RNN, nonlinearity="tanh")),
    Case("rnn-relu", partial(RNN, nonlinearity="relu")),
    Case("rnn-relu-layer-norm", partial(RNN, nonlinearity="relu", normalisation="layer"), NORM),
    Case("leaky-rnn", partial(LeakyRNN), {"leak": "leak"}),
    Case("gated-rnn", partial(GatedRNN)),
    Case("lstm", partial(LSTM)),
    Case("peephole-lstm", partial(PeepholeLSTM), PEEPHOLES),
    Case("projected-lstm", partial(LSTM, proj_size=4), {"W_projection": "weight_hr"}),
    Case("gru", partial(GRU), {"b_hidden_candidate": "bias_hh_candidate"}),
    Case("gru-reset-before", partial(GatedGRU)),
    Case("janet", partial(JANET)),
    Case("janet-beta-0", partial(JANET, beta=0.0)),
    Case("on-lstm", partial(ONLSTM, chunk_size=2)),
    Case("nru", partial(NRU, memory_size=8, heads=2)),
    Case("nru-paper", partial(NRU, memory_size=8, heads=2, form="paper")),
    Case("nru-relu-heads", partial(NRU, memory_size=8, heads=2, head_activation="relu")),
    Case("indrnn", partial(IndRNN), {"u": "recurrence"}),
    Case("indrnn-tanh", partial(IndRNN, nonlinearity="tanh", t_max=3), {"u": "recurrence"}),
    Case("urnn", permuted_urnn, URNN_PARTS),
    Case("eurnn", partial(EURNN), ROTATIONS),
    Case("eurnn-real", partial(EURNN, field="real"), ROTATIONS),
    Case("eurnn-fft", partial(EURNN, style="fft"), ROTATIONS),
    Case("goru", partial(GORU), ROTATIONS),
    Case("exprnn", partial(ExpRNN), MODULUS | {"skew": "skew"}),
    Case("cornn", partial(CoRNN, dt=0.3, gamma=2.7, epsilon=1.7), {"V": "weight_zh"}),
    Case(
        "unicornn",
        partial(UnICORNN, dt=0.5, alpha=3.0),
        {"W": "weight_ih", "b": "bias", "w": "recurrence", "c": "rate"},
    ),
    Case("lem", partial(LEM, dt=0.7)),
    Case("lmu", partial(LMU, memory_size=8, theta=WINDOW), LMU_PARTS),
    Case("lmu-feed-forward", partial(LMU, memory_size=8, theta=WINDOW, feedback="none"), LMU_PARTS),
    *(
        Case(f"lstm-{m}-{a}-{p}", partial(GatedLSTM, gate=auxiliary(primary), memory=memory))
        for m, memory in MEMORIES.items()
        for a, auxiliary in AUXILIARIES.items()
        for p, primary in PRIMARIES.items()
    ),
    *(
        Case(f"gru-{a}-{p}", partial(GatedGRU, gate=auxiliary(primary)))
        for a, auxiliary in AUXILIARIES.items()
        for p, primary in PRIMARIES.items()
    ),
    Case("ur-lstm-mirrored", partial(GatedLSTM, gate=Refine(), refine_bias="mirrored")),
    Case("ur-gru-mirrored", partial(GatedGRU, gate=Refine(), refine_bias="mirrored")),
    *(Case(*given) for given in LINEAR),
    *(Case(*given) for given in (*FLEXIBLE, *MULTI_SCALE)),
    Case("gaussian-lstm", partial(GaussianLSTM, t_max=T_MAX), GAUSSIAN),
    Case("gaussian-lstm-peepholes", partial(GaussianLSTM, t_max=T_MAX, peepholes=True), GAUSSIAN | PEEPHOLES),
    Case("gaussian-lstm-stamps", partial(GaussianLSTM, t_max=T_MAX, clock="stamps"), GAUSSIAN),
    Case("phased-lstm", leaking, PHASED),
    Case("phased-lstm-stamps", partial(leaking, clock="stamps"), PHASED),
]

FUSED = {"W": "weight_ih", "U": "weight_hh", "b": "bias"}


def place(case, cell, name):
    """The parameter of `cell`, and the index into it, that the oracle calls `name`."""
    if name in case.extras:
        found = case.extras[name]
        return found if isinstance(found, tuple) else (found, ...)
    kind, gate = name.split("_", 1)
    if isinstance(cell, NRU):
        return place_in_nru(cell, kind, gate)
    return FUSED[kind], cell.bias_rows(gate) if kind == "b" else cell.block(gate)


def place_in_nru(cell, kind, gate):
    """NRU's heads share one matrix over [h, m]; its hidden units are the block `candidate`."""
    if gate == "hidden":
        return {**FUSED, "M": "weight_mh"}[kind], ...
    heads = ("write", "erase", "write_left", "write_right", "erase_left", "erase_right")
    start = sum(cell.head_sizes[: heads.index(gate)])
    rows = slice(start, start + cell.head_sizes[heads.index(gate)])
    if kind == "W":
        return "weight_input_head", rows
    columns = {"U": slice(cell.hidden_size), "M": slice(cell.hidden_size, None)}
    return ("bias_head", rows) if kind == "b" else ("weight_head", (rows, columns[kind]))
