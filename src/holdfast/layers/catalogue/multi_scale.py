"""Networks of several time scales: layers or modules that are updated at different rates, or deep within a step."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

GROUP = "multi-scale"
CHANG = ("chang2017dilated",)

ENTRIES = (
    Entry(
        "dilated-rnn",
        GROUP,
        "tanh layers that go on from 1, 2, 4, ... steps ago",
        cells.Dilated,
        CHANG,
        choices={"cell": cells.RNN},
    ),
    Entry(
        "dilated-gru",
        GROUP,
        "GRU layers that go on from 1, 2, 4, ... steps ago",
        cells.Dilated,
        CHANG,
        choices={"cell": cells.GRU},
    ),
    Entry(
        "clockwork-rnn",
        GROUP,
        "modules that are updated every 1, 2, 4, ... steps",
        cells.ClockworkRNN,
        ("koutnik2014clockwork",),
    ),
    Entry("rhn", GROUP, "recurrent highway: several gated layers in a step", cells.RHN, ("zilly2017recurrent",)),
    Entry(
        "hm-lstm",
        GROUP,
        "LSTM layers updated where the one below ends a segment",
        cells.HMLSTM,
        ("chung2017hierarchical",),
    ),
    Entry(
        "statistical-ru",
        GROUP,
        "moving averages of statistics at several time scales",
        cells.StatisticalRU,
        ("oliva2017statistical",),
    ),
)
