"""What an export is made of: where the model comes from, and the programs that are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.export.onnx_format import Check
from holdfast.export.programs import Program


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a model comes from, as its card tells it.

    Args:
        summary: what the model is, in a line.
        sources: keys of the bibliography.
        task: what it was trained on, with its settings; empty if on nothing.
        facts: words and figures for the card's table, such as "test accuracy": "0.94".
        chance: what a model without memory gets, in a sentence.
    """

    summary: str = ""
    sources: tuple[str, ...] = ()
    task: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    chance: str = ""


@dataclass(frozen=True)
class Piece:
    """A program in one of the formats.

    Args:
        file: its name.
        program: what it holds.
        content: of the file.
        check: how onnxruntime did beside PyTorch; None where there was nothing to compare.
    """

    file: str
    program: Program
    content: bytes
    check: Check | None = None
