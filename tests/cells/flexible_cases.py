"""Learnt gates, noisy gates and modifiers: what each oracle is compared with, as arguments of `Case`."""

from functools import partial

from holdfast.cells import KAFGRU, KAFLSTM, LSTM, BinaryGateLSTM, GatedGRU, LayerNormLSTM, NoisyLSTM, Skip, Zoneout

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
SKIP = {"w_p": "weight_update", "b_p": "bias_update"}

FLEXIBLE = [
    ("kaf-lstm", partial(KAFLSTM, dictionary_size=5), ALPHAS),
    ("kaf-gru", partial(KAFGRU, dictionary_size=5), ALPHAS),
    ("kaf-gru-no-residual", partial(KAFGRU, dictionary_size=5, residual=0.0), ALPHAS),
    ("zoneout-lstm", partial(Zoneout, output_rate=0.3, memory_rate=0.1), INNER),
    ("layernorm-lstm", partial(LayerNormLSTM), NORMS),
    ("binary-gate-lstm", partial(BinaryGateLSTM)),
    ("noisy-lstm", partial(NoisyLSTM), SENSITIVITY),
    ("skip-lstm", partial(Skip, cell=LSTM), INNER | SKIP),
    ("skip-gru", partial(Skip, cell=GatedGRU), inner_blocks("reset", "update", "candidate") | SKIP),
]
