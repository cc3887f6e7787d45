"""Networks with a memory apart from their hidden state."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

ENTRIES = (
    Entry("nru", "memory", "heads add to a memory without saturating gates", cells.NRU, ("chandar2019towards",)),
)
