"""Networks without gates."""

from functools import partial

from holdfast import cells
from holdfast.initialisers import IdentityRecurrence, OrthogonalRecurrence
from holdfast.initialisers.recurrence import RELU_GAIN
from holdfast.layers.catalogue.entry import Entry
from holdfast.layers.catalogue.sources import TALLEC
from holdfast.layers.drop_in import RNN

RELU = {"nonlinearity": "relu", "normalisation": "none"}
RELU_NORMALISED = {"nonlinearity": "relu", "normalisation": "layer"}

ENTRIES = (
    Entry("rnn", "plain", "torch.nn.RNN: Elman's network, tanh", cells.RNN, ("elman1990finding",), RNN),
    Entry(
        "irnn",
        "plain",
        "ReLU network that starts as the identity",
        cells.RNN,
        ("le2015simple",),
        choices=RELU,
        initialiser=IdentityRecurrence,
    ),
    Entry(
        "orthogonal-rnn",
        "plain",
        "ReLU network that starts orthogonal, with layer normalisation",
        cells.RNN,
        ("chandar2019towards", "saxe2014exact"),
        choices=RELU_NORMALISED,
        initialiser=partial(OrthogonalRecurrence, gain=RELU_GAIN),
    ),
    Entry("leaky-rnn", "plain", "leaky integrators with learnt time scales", cells.LeakyRNN, TALLEC),
)
