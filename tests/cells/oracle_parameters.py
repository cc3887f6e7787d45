"""How a cell's fused parameters correspond to an oracle's parameters, gate by gate."""

from dataclasses import dataclass, field
from functools import partial

from cells.linear_cases import LINEAR
from holdfast.cells import (
    GRU,
    JANET,
    KAFGRU,
    KAFLSTM,
    LSTM,
    NRU,
    ONLSTM,
    RNN,
    Cumax,
    GatedGRU,
    GatedLSTM,
    GatedRNN,
    Independent,
    LeakyRNN,
    Master,
    PeepholeLSTM,
    Refine,
    Sigmoid,
    Tied,
)


@dataclass(frozen=True)
class Case:
    """A cell and the oracle that it must agree with.

    Args:
        oracle: the oracle's name.
        cell: makes the cell when called with input and hidden size.
        extras: our parameter, or (parameter, index), for each of the oracle's that is no block of weight_ih, weight_hh
            or bias.
    """

    oracle: str
    cell: partial
    extras: dict[str, str | tuple] = field(default_factory=dict)


PEEPHOLES = {f"p_{gate}": f"peephole_{gate}" for gate in ("input", "forget", "output")}
NORM = {"norm_gain": "norm.weight", "norm_bias": "norm.bias"}
PRIMARIES = {"sigmoid": Sigmoid(), "cumax": Cumax()}
AUXILIARIES = {"plain": lambda primary: primary, "refine": Refine, "master": Master}
ALPHAS = {f"alpha_{gate}": f"{gate}_gate.coefficients" for gate in ("input", "forget", "output", "update", "reset")}
MEMORIES = {"tied": Tied(), "independent": Independent()}

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
    Case("nru-relu-heads", partial(NRU, memory_size=8, heads=2, head_activation="relu")),
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
    *(Case(*given) for given in LINEAR),
    Case("kaf-lstm", partial(KAFLSTM, dictionary_size=5), ALPHAS),
    Case("kaf-gru", partial(KAFGRU, dictionary_size=5), ALPHAS),
    Case("kaf-gru-no-residual", partial(KAFGRU, dictionary_size=5, residual=0.0), ALPHAS),
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
    return FUSED[kind], cell.block(gate)


def place_in_nru(cell, kind, gate):
    """NRU's heads share one matrix over [h, m]; its hidden units are the block `candidate`."""
    if gate == "hidden":
        return {**FUSED, "M": "weight_mh"}[kind], ...
    heads = ("write", "erase", "write_left", "write_right", "erase_left", "erase_right")
    start = sum(cell.head_sizes[: heads.index(gate)])
    rows = slice(start, start + cell.head_sizes[heads.index(gate)])
    columns = {"U": slice(cell.hidden_size), "M": slice(cell.hidden_size, None)}
    return ("bias_head", rows) if kind == "b" else ("weight_head", (rows, columns[kind]))
