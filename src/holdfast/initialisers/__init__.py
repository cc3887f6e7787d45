"""How parameters start: each initialiser is a pure function of a cell's shape and a generator."""

from holdfast.initialisers.chrono import Chrono, IntegerChrono
from holdfast.initialisers.forget_bias import ForgetBias
from holdfast.initialisers.initialiser import GateBias, Initialiser, initialise
from holdfast.initialisers.peepholes import UniformPeepholes
from holdfast.initialisers.recurrence import IdentityRecurrence, IndependentRecurrence, OrthogonalRecurrence
from holdfast.initialisers.uniform_gate import UniformGate

ALL = (
    *(Chrono, IntegerChrono, ForgetBias, UniformGate, UniformPeepholes),
    *(OrthogonalRecurrence, IdentityRecurrence, IndependentRecurrence),
)

__all__ = [
    "ALL",
    "Chrono",
    "ForgetBias",
    "GateBias",
    "IdentityRecurrence",
    "IndependentRecurrence",
    "Initialiser",
    "IntegerChrono",
    "OrthogonalRecurrence",
    "UniformGate",
    "UniformPeepholes",
    "initialise",
]
