"""Layers that are regularised within the recurrence."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

ENTRIES = (
    Entry(
        "zoneout-lstm",
        "modified",
        "LSTM whose units now and then stay as they are",
        cells.Zoneout,
        ("krueger2017zoneout",),
        choices={"cell": cells.LSTM},
    ),
    Entry(
        "variational-lstm",
        "modified",
        "LSTM with dropout by masks that last a sequence",
        cells.VariationalDropout,
        ("gal2016theoretically",),
        choices={"cell": cells.LSTM},
    ),
    Entry(
        "weight-drop-lstm",
        "modified",
        "LSTM that goes without some of its recurrent weights for a sequence",
        cells.WeightDrop,
        ("merity2018regularizing",),
        choices={"cell": cells.LSTM},
    ),
    Entry("layernorm-lstm", "modified", "LSTM with layer normalisation", cells.LayerNormLSTM, ("ba2016layer",)),
)
