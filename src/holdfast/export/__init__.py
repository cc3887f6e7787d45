"""Models that leave the library: weights with a card, programs of torch.export, and ONNX.

Names are imported when they are first used: to load a model needs no exporter.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.export.folder import export
    from holdfast.export.onnx_format import ExportError, to_onnx
    from holdfast.export.opened import as_lstm
    from holdfast.export.pieces import Origin
    from holdfast.export.programs import Program, sequence_program, step_program
    from holdfast.export.saved import load, save

__all__ = [
    "ExportError",
    "Origin",
    "Program",
    "as_lstm",
    "export",
    "load",
    "save",
    "sequence_program",
    "step_program",
    "to_onnx",
]

_HOME = {
    "folder": ("export",),
    "onnx_format": ("ExportError", "to_onnx"),
    "opened": ("as_lstm",),
    "pieces": ("Origin",),
    "programs": ("Program", "sequence_program", "step_program"),
    "saved": ("load", "save"),
}


def __getattr__(name: str):
    for home, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
