"""Recurrent layers that remember for thousands of steps, and the methods that teach them to.

Names are imported when they are first used, so that `import holdfast` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.cells import Cell
    from holdfast.export import load
    from holdfast.layers import GRU, LSTM, RNN, Recurrent, make

__version__ = "0.1.0"
__all__ = ["GRU", "LSTM", "RNN", "Cell", "Recurrent", "load", "make"]

HOME = {"Cell": "holdfast.cells", "load": "holdfast.export"} | dict.fromkeys(
    ("GRU", "LSTM", "RNN", "Recurrent", "make"), "holdfast.layers"
)


def __getattr__(name: str):
    if name in HOME:
        return getattr(import_module(HOME[name]), name)
    raise AttributeError(f"module 'holdfast' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
