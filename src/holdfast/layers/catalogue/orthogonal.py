"""Networks that keep the norm of their state: orthogonal, unitary, or bounded unit by unit."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

ENTRIES = (
    Entry("indrnn", "orthogonal", "each unit sees only its own past", cells.IndRNN, ("li2018independently",)),
    Entry("urnn", "orthogonal", "unitary: phases, reflections, Fourier", cells.URNN, ("arjovsky2016unitary",)),
    Entry("eurnn", "orthogonal", "unitary: rotations of pairs of units", cells.EURNN, ("jing2017tunable",)),
    Entry("goru", "orthogonal", "GRU with an orthogonal matrix, so it can forget", cells.GORU, ("jing2019gated",)),
    Entry(
        "exprnn",
        "orthogonal",
        "any rotation, as a matrix exponential; dtriv with K",
        cells.ExpRNN,
        ("lezcano2019cheap", "lezcano2019trivializations"),
    ),
)
