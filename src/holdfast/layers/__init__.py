"""Layers over sequences: any cell, the drop-ins for torch.nn, and the catalogue of names."""

from holdfast.layers.catalogue import CATALOGUE, MODIFIERS, Entry, known, lookup, make
from holdfast.layers.drop_in import GRU, LSTM, RNN
from holdfast.layers.explain import Explanation
from holdfast.layers.recurrent import Recurrent
from holdfast.layers.visits import Stop, visit

__all__ = [
    "CATALOGUE",
    "GRU",
    "LSTM",
    "MODIFIERS",
    "RNN",
    "Entry",
    "Explanation",
    "Recurrent",
    "Stop",
    "known",
    "lookup",
    "make",
    "visit",
]
