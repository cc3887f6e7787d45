"""Networks of several time scales: what each oracle is compared with, as arguments of `Case`."""

from functools import partial

from holdfast.cells import GRU, HMLSTM, RHN, RNN, ClockworkRNN, Dilated
from oracles.multi_scale import SLOPE

UNITS = 6  # of SMALL: H
FUSED = {"W": "weight_ih", "U": "weight_hh", "b": "bias"}
LEVELS = {
    f"{letter}_{k}": f"levels.{k - 1}.{name}"
    for letter, name in (FUSED | {"V": "weight_top"}).items()
    for k in (1, 2, 3)
}


def of_layers(count, *gates):
    """The blocks of a cell in every layer."""
    return {
        f"{letter}_{gate}_{k}": (f"layers.{k - 1}.{name}", slice(place * UNITS, (place + 1) * UNITS))
        for letter, name in FUSED.items()
        for place, gate in enumerate(gates)
        for k in range(1, count + 1)
    }


HIDDEN = {f"b_hidden_candidate_{k}": f"layers.{k - 1}.bias_hh_candidate" for k in (1, 2)}

MULTI_SCALE = [
    ("dilated-rnn", partial(Dilated, cell=RNN, layers=3), of_layers(3, "candidate")),
    ("dilated-gru", partial(Dilated, cell=GRU, layers=2), of_layers(2, "reset", "update", "candidate") | HIDDEN),
    ("clockwork-rnn", partial(ClockworkRNN, groups=3)),
    ("rhn", partial(RHN, depth=2)),
    ("hm-lstm", partial(HMLSTM, slope=SLOPE), LEVELS | {"W_gate": "weight_gate", "W_out": "weight_out"}),
]
