"""Recurrences that are linear in their memory, once the gates are given."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry
from holdfast.layers.catalogue.sources import BECK

FENG = ("feng2024were",)

ENTRIES = (
    Entry("min-gru", "linear", "GRU whose gate and candidate see the input alone", cells.MinGRU, FENG),
    Entry("min-lstm", "linear", "LSTM whose gates see the input alone and add up to one", cells.MinLSTM, FENG),
    Entry("lru", "linear", "damped complex oscillations driven by the input", cells.LRU, ("orvieto2023resurrecting",)),
    Entry("rg-lru", "linear", "diagonal recurrence at a rate that the input gates", cells.RGLRU, ("de2024griffin",)),
    Entry("mlstm", "linear", "matrix memory: values under keys, read by queries", cells.MLSTM, BECK),
)
