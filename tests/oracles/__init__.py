"""A second route to the truth: every cell in NumPy, from its paper's equations, with no code of the library's."""

from . import elman, gated_family, gru, janet, kaf, linear, lstm, nru, on_lstm, sru, xlstm
from .complex_step import Functional, Gradient, value_and_gradient
from .oracle import SMALL, Oracle

ORACLES: dict[str, Oracle] = (
    elman.ORACLES
    | lstm.ORACLES
    | gru.ORACLES
    | janet.ORACLES
    | on_lstm.ORACLES
    | nru.ORACLES
    | gated_family.ORACLES
    | linear.ORACLES
    | xlstm.ORACLES
    | sru.ORACLES
    | kaf.ORACLES
)

__all__ = ["ORACLES", "SMALL", "Functional", "Gradient", "Oracle", "value_and_gradient"]
