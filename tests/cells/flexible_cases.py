"""Learnt gates, noisy gates and modifiers: what each oracle is compared with, as arguments of `Case`."""

from functools import partial

import torch

from holdfast.cells import (
    GRU,
    KAFGRU,
    KAFLSTM,
    LSTM,
    BinaryGateLSTM,
    GatedGRU,
    LayerNorm,
    LayerNormLSTM,
    NoisyLSTM,
    Refine,
    Skip,
    VariationalDropout,
    WeightDrop,
    Zoneout,
)
from oracles.modified import INPUT_MASK, OUTPUT_MASK, WEIGHT_MASK

UNITS = 6  # of SMALL: H
ALPHAS = {f"alpha_{gate}": f"{gate}_gate.coefficients" for gate in ("input", "forget", "output", "update", "reset")}
NORMS = {"gain_input": "norm_ih.weight", "gain_state": "norm_hh.weight"}
NORMS |= {"gain_memory": "norm_c.weight", "offset_memory": "norm_c.bias"}
ORDER = ("input", "forget", "candidate", "output", "memory")
SENSITIVITY = {f"p_{g}": ("sensitivity", slice(k * UNITS, (k + 1) * UNITS)) for k, g in enumerate(ORDER)}
FUSED = {"W": "weight_ih", "U": "weight_hh", "b": "bias"}


def inner_blocks(*gates):
    """The blocks of the cell within a modifier."""
    return {
        f"{letter}_{gate}": (f"inner.{name}", slice(k * UNITS, (k + 1) * UNITS))
        for letter, name in FUSED.items()
        for k, gate in enumerate(gates)
    }


INNER = inner_blocks(*ORDER[:4])
GRU_BLOCKS = inner_blocks("reset", "update", "candidate")
GRU_NORMS = {"b_hidden_candidate": "inner.bias_hh_candidate"}
GRU_NORMS |= {"gain_input": "inner.norm_ih.weight", "gain_state": "inner.norm_hh.weight"}
UR_GRU = partial(GatedGRU, gate=Refine())
SKIP = {"w_p": "weight_update", "b_p": "bias_update"}


def staying_in_training(cell):
    cell.eval = lambda: cell
    return cell


def variational(*sizes, **options):
    """One that drops what its oracle drops."""
    cell = VariationalDropout(*sizes, **options)
    masks = [torch.tensor(mask) for mask in (INPUT_MASK, OUTPUT_MASK)]
    plain = cell.inner.project
    cell.project = lambda x: torch.cat([plain(x * masks[0]), masks[1].expand(*x.shape[:-1], -1)], -1)
    return staying_in_training(cell)


def weight_dropped(*sizes, **options):
    """One that drops what its oracle drops."""
    cell = WeightDrop(*sizes, **options)
    cell.project, cell.mask = cell.inner.project, torch.tensor(WEIGHT_MASK)
    return staying_in_training(cell)


FLEXIBLE = [
    ("kaf-lstm", partial(KAFLSTM, dictionary_size=5), ALPHAS),
    ("kaf-gru", partial(KAFGRU, dictionary_size=5), ALPHAS),
    ("kaf-gru-no-residual", partial(KAFGRU, dictionary_size=5, residual=0.0), ALPHAS),
    ("zoneout-lstm", partial(Zoneout, output_rate=0.3, memory_rate=0.1), INNER),
    ("variational-lstm", variational, INNER),
    ("variational-gru", partial(variational, cell=GRU), GRU_BLOCKS | {"b_hidden_candidate": "inner.bias_hh_candidate"}),
    ("weight-drop-lstm", weight_dropped, INNER),
    ("layernorm-lstm", partial(LayerNormLSTM), NORMS),
    ("layernorm-gru", partial(LayerNorm, cell=GRU), GRU_BLOCKS | GRU_NORMS),
    (
        "zoneout-ur-gru",
        partial(Zoneout, cell=UR_GRU, output_rate=0.3),
        inner_blocks("reset", "update", "refine", "candidate"),
    ),
    ("binary-gate-lstm", partial(BinaryGateLSTM)),
    ("noisy-lstm", partial(NoisyLSTM), SENSITIVITY),
    ("skip-lstm", partial(Skip, cell=LSTM), INNER | SKIP),
    ("skip-gru", partial(Skip, cell=GatedGRU), GRU_BLOCKS | SKIP),
]
