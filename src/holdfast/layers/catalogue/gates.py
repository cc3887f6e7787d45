"""Gated networks, and the gates and initialisations that are tried in them."""

from collections.abc import Callable

from holdfast import cells
from holdfast.cells import Cumax, Gate, Master, Refine, Sigmoid, Tied
from holdfast.initialisers import Chrono, ForgetBias, Initialiser, UniformGate
from holdfast.layers.catalogue.entry import Entry
from holdfast.layers.catalogue.sources import BECK, TALLEC
from holdfast.layers.drop_in import GRU, LSTM

LSTM_SOURCES = ("hochreiter1997long", "gers2000learning")
PEEPHOLE_SOURCES = ("gers2002learning", "graves2013generating")
JANET_SOURCES = ("vanderwesthuizen2018unreasonable",)
CHO = ("cho2014learning",)


def tied(name: str, row: str, gate: Gate, initialiser: Callable[..., Initialiser] | None = None) -> Entry:
    """A row of the ablation of Gu et al.: an LSTM with a tied input gate."""
    choices = {"gate": gate, "memory": Tied()}
    return Entry(name, "gates", row, cells.GatedLSTM, ("gu2020improving",), choices=choices, initialiser=initialiser)


ENTRIES = (
    Entry("gated-rnn", "gates", "one gate a unit", cells.GatedRNN, TALLEC),
    Entry("lstm", "gates", "torch.nn.LSTM", cells.LSTM, LSTM_SOURCES, LSTM),
    Entry(
        "forget-lstm", "gates", "LSTM with forget bias 1", cells.LSTM, LSTM_SOURCES[1:], LSTM, initialiser=ForgetBias
    ),
    Entry("chrono-lstm", "gates", "LSTM with chrono initialisation", cells.LSTM, TALLEC, LSTM, initialiser=Chrono),
    Entry(
        "peephole-lstm",
        "gates",
        "LSTM whose gates see the memory, forget bias 1",
        cells.PeepholeLSTM,
        PEEPHOLE_SOURCES,
        initialiser=ForgetBias,
    ),
    Entry("gru", "gates", "torch.nn.GRU", cells.GRU, CHO, GRU),
    Entry("chrono-gru", "gates", "GRU with chrono initialisation", cells.GRU, TALLEC, GRU, initialiser=Chrono),
    Entry(
        "reset-before-gru",
        "gates",
        "GRU as published: reset before the recurrent product",
        cells.GatedGRU,
        CHO,
        choices={"gate": Sigmoid()},
    ),
    Entry(
        "forget-gru",
        "gates",
        "GRU as published whose update gate, which keeps, starts with bias 1",
        cells.GatedGRU,
        CHO,
        choices={"gate": Sigmoid()},
        initialiser=ForgetBias,
    ),
    tied("tied-lstm", "tied LSTM with forget bias 1: row - of Gu et al.", Sigmoid(), ForgetBias),
    tied("tied-chrono-lstm", "tied LSTM with chrono initialisation: row C-", Sigmoid(), Chrono),
    tied("cumax-lstm", "tied LSTM with a cumax gate: row O-", Cumax()),
    tied("uniform-lstm", "tied LSTM with uniform gate initialisation: row U-", Sigmoid(), UniformGate),
    tied("refine-lstm", "tied LSTM with a refine gate, forget bias 1: row R-", Refine(), ForgetBias),
    tied("om-lstm", "tied LSTM with a cumax master gate: row OM", Master(Cumax())),
    tied("or-lstm", "tied LSTM with a refined cumax gate: row OR", Refine(Cumax())),
    tied("um-lstm", "tied LSTM with a uniform master gate: row UM", Master(), UniformGate),
    tied("ur-lstm", "tied LSTM with a refine gate and uniform gate initialisation: row UR", Refine(), UniformGate),
    Entry(
        "ur-gru",
        "gates",
        "GRU with a refine gate and uniform gate initialisation",
        cells.GatedGRU,
        ("gu2020improving",),
        choices={"gate": Refine()},
        initialiser=UniformGate,
    ),
    Entry("janet", "gates", "LSTM with only a forget gate", cells.JANET, JANET_SOURCES),
    Entry(
        "chrono-janet",
        "gates",
        "JANET with chrono initialisation",
        cells.JANET,
        JANET_SOURCES + TALLEC,
        initialiser=Chrono,
    ),
    Entry("on-lstm", "gates", "ordered neurons: master gates split the units", cells.ONLSTM, ("shen2019ordered",)),
    Entry("slstm", "gates", "LSTM with exponential input gates and a normaliser", cells.SLSTM, BECK),
    Entry("sru", "gates", "simple recurrent unit: gates that see their own unit only", cells.SRU, ("lei2018simple",)),
)
