"""A second route to the truth: every cell in NumPy, from its paper's equations, with no code of the library's."""

from . import (
    elman,
    gated_family,
    gru,
    janet,
    kaf,
    linear,
    lstm,
    modified,
    multi_scale,
    nru,
    on_lstm,
    orthogonal,
    oscillators,
    skipping,
    sru,
    timed,
    xlstm,
)
from .complex_step import Functional, Gradient, value_and_gradient
from .oracle import SMALL, Oracle

FAMILIES = (
    elman,
    lstm,
    gru,
    janet,
    on_lstm,
    nru,
    gated_family,
    linear,
    xlstm,
    sru,
    kaf,
    modified,
    orthogonal,
    oscillators,
    timed,
    multi_scale,
    skipping,
)
ORACLES: dict[str, Oracle] = {name: oracle for family in FAMILIES for name, oracle in family.ORACLES.items()}

__all__ = ["ORACLES", "SMALL", "Functional", "Gradient", "Oracle", "value_and_gradient"]
