"""Gates that learn their shape, or are made to open and close."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

KAF_SOURCES = ("scardapane2018recurrent", "scardapane2019kafnets")

ENTRIES = (
    Entry("kaf-lstm", "gates", "LSTM whose gates learn their shape, unit by unit", cells.KAFLSTM, KAF_SOURCES),
    Entry("kaf-gru", "gates", "GRU whose gates learn their shape, unit by unit", cells.KAFGRU, KAF_SOURCES),
    Entry(
        "binary-gate-lstm",
        "gates",
        "LSTM whose gates are trained with noise to be 0 or 1",
        cells.BinaryGateLSTM,
        ("li2018towards",),
    ),
    Entry(
        "noisy-lstm",
        "gates",
        "LSTM of hard nonlinearities with noise where they saturate",
        cells.NoisyLSTM,
        ("gulcehre2016noisy",),
    ),
)
