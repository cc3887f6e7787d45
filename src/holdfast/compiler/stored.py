"""Programs as plain data, which JSON can hold, and back."""

import hashlib
import json
from dataclasses import asdict, fields, replace
from typing import Any

from holdfast.compiler import recipe
from holdfast.compiler.emit import Layout
from holdfast.compiler.program import C_NAMES, Program
from holdfast.compiler.refusal import Refusal
from holdfast.compiler.sources import SOURCES

DTYPES = {str(dtype): dtype for dtype in C_NAMES}


def to_data(program: Program) -> dict[str, Any]:
    """A program as plain data.

    Raises:
        Refusal: its prologue or epilogue does what a file must not ask for.
    """
    return {
        **{field.name: getattr(program, field.name) for field in fields(program)},
        "dtype": str(program.dtype),
        "prologue": recipe.to_data(program.prologue),
        "epilogue": recipe.to_data(program.epilogue),
        "layout": asdict(program.layout),
        "compiler": SOURCES,
    }


def from_data(data: dict[str, Any]) -> Program | None:
    """The inverse of `to_data`; None if the data are of another version, or are no program."""
    try:
        if data["compiler"] != SOURCES:
            return None
        program = Program(**{field.name: tupled(data[field.name]) for field in fields(Program)})
        return replace(
            program,
            dtype=DTYPES[data["dtype"]],
            prologue=recipe.from_data(data["prologue"]),
            epilogue=recipe.from_data(data["epilogue"]),
            layout=Layout(**{name: tupled(value) for name, value in data["layout"].items()}),
        )
    except (KeyError, TypeError, ValueError, Refusal):
        return None


def tupled(value: Any) -> Any:
    """Lists as the tuples that they were."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def key_of(data: dict[str, Any]) -> str:
    """The name of a program's content: the same in every process."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]
