"""Gates that learn their shape, or are made to open and close."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

KAF_SOURCES = ("scardapane2018recurrent", "scardapane2019kafnets")

ENTRIES = (
    Entry("kaf-lstm", "gates", "LSTM whose gates learn their shape, unit by unit", cells.KAFLSTM, KAF_SOURCES),
    Entry("kaf-gru", "gates", "GRU whose gates learn their shape, unit by unit", cells.KAFGRU, KAF_SOURCES),
)
