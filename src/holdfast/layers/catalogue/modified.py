"""Layers that are regularised within the recurrence: some with a name of their own, and any cell with a modifier."""

from dataclasses import dataclass

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry
from holdfast.layers.catalogue.gates import ENTRIES as GATED


@dataclass(frozen=True)
class Kind:
    """A modifier.

    Args:
        cell: its class.
        effect: what it does to a cell, in words behind the cell's name.
        sources: keys of the bibliography.
    """

    cell: type[cells.Modifier]
    effect: str
    sources: tuple[str, ...]


MODIFIERS = {
    "zoneout": Kind(cells.Zoneout, "whose units now and then stay as they are", ("krueger2017zoneout",)),
    "variational": Kind(
        cells.VariationalDropout, "with dropout by masks that last a sequence", ("gal2016theoretically",)
    ),
    "weight-drop": Kind(
        cells.WeightDrop,
        "that goes without some of its recurrent weights for a sequence",
        ("merity2018regularizing",),
    ),
    "layernorm": Kind(cells.LayerNorm, "with layer normalisation of its products", ("ba2016layer",)),
}
"""Every modifier, by what stands before the name of the cell."""


def modified_by(modifier: str, base: Entry) -> Entry:
    """The entry of a cell with a modifier: options of both, and the cell's own initialisation."""
    kind = MODIFIERS[modifier]
    return Entry(
        f"{modifier}-{base.name}",
        "modified",
        f"{base.name} {kind.effect}",
        kind.cell,
        tuple(dict.fromkeys((*kind.sources, *base.sources))),
        initialiser=base.initialiser,
        base=base,
    )


def of_lstm(modifier: str) -> Entry:
    """The LSTM with a modifier, as it had its name first: without the options of torch's own."""
    kind = MODIFIERS[modifier]
    return Entry(
        f"{modifier}-lstm", "modified", f"LSTM {kind.effect}", kind.cell, kind.sources, choices={"cell": cells.LSTM}
    )


BASES = {entry.name: entry for entry in GATED}
ENTRIES = (
    *map(of_lstm, ("zoneout", "variational", "weight-drop")),
    Entry("layernorm-lstm", "modified", "LSTM with layer normalisation", cells.LayerNormLSTM, ("ba2016layer",)),
    modified_by("layernorm", BASES["gru"]),
    modified_by("zoneout", BASES["ur-gru"]),
)
