"""Linear recurrences, and those that are tried beside them."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

FENG = ("feng2024were",)
BECK = ("beck2024xlstm",)

ENTRIES = (
    Entry("min-gru", "linear", "GRU whose gate and candidate see the input alone", cells.MinGRU, FENG),
    Entry("min-lstm", "linear", "LSTM whose gates see the input alone and add up to one", cells.MinLSTM, FENG),
    Entry("lru", "linear", "damped complex oscillations driven by the input", cells.LRU, ("orvieto2023resurrecting",)),
    Entry("rg-lru", "linear", "diagonal recurrence at a rate that the input gates", cells.RGLRU, ("de2024griffin",)),
    Entry("slstm", "linear", "LSTM with exponential input gates and a normaliser", cells.SLSTM, BECK),
    Entry("mlstm", "linear", "matrix memory: values under keys, read by queries", cells.MLSTM, BECK),
    Entry("sru", "linear", "simple recurrent unit: gates that see their own unit only", cells.SRU, ("lei2018simple",)),
    Entry(
        "statistical-ru",
        "linear",
        "moving averages of statistics at several time scales",
        cells.StatisticalRU,
        ("oliva2017statistical",),
    ),
)
