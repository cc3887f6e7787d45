"""Networks whose units are not updated at every step."""

from holdfast import cells
from holdfast.initialisers import ForgetBias
from holdfast.layers.catalogue.entry import Entry

GROUP = "skipping"

ENTRIES = (
    Entry(
        "gaussian-lstm",
        GROUP,
        "LSTM whose units are each open around a time of their own",
        cells.GaussianLSTM,
        ("thornton2019reducing",),
        initialiser=ForgetBias,
    ),
    Entry(
        "phased-lstm",
        GROUP,
        "LSTM whose units are each open once in a period of their own",
        cells.PhasedLSTM,
        ("neil2016phased",),
        initialiser=ForgetBias,
    ),
    Entry(
        "skip-lstm",
        GROUP,
        "LSTM that decides after each update how long to rest",
        cells.Skip,
        ("campos2018skip",),
        choices={"cell": cells.LSTM},
        initialiser=ForgetBias,
    ),
    Entry(
        "skip-gru",
        GROUP,
        "GRU as published that decides after each update how long to rest",
        cells.Skip,
        ("campos2018skip",),
        choices={"cell": cells.GatedGRU},
        initialiser=ForgetBias,
    ),
)
