"""A folder that holds all that a model needs elsewhere, made whole before anything is written."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch

from holdfast.export.card import card
from holdfast.export.onnx_format import require_onnx, to_onnx
from holdfast.export.pieces import Origin, Piece
from holdfast.export.programs import Program, is_recurrent, recurrent_of, sequence_program, step_program
from holdfast.export.saved import saved_files
from holdfast.models import Blueprint, Model
from holdfast.training.files import place_all

Format = Literal["weights", "torch", "onnx"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export(
    model: Model,
    blueprint: Blueprint,
    folder: Path | str,
    *,
    formats: Sequence[Format] = FORMATS,
    origin: Origin | None = None,
) -> list[Piece]:
    """Writes a model for use elsewhere, with or without this library.

        config.json, model.safetensors    for `holdfast.load`
        sequence.pt2, step.pt2            programs of torch.export, for PyTorch alone
        sequence.onnx, step.onnx          for onnxruntime and the like
        README.md                         what it is, how it did, and how to use each file

    A model that can't read a stream, bidirectional or without a recurrence, has no `step`. All is made before anything
    is written, and each file replaces an earlier one whole.

    Args:
        model: as the blueprint builds it, at its start or trained.
        blueprint: what it is.
        folder: made if it is not there.
        formats: which of "weights", "torch" and "onnx"; the weights are always written.
        origin: what the card says of its training.

    Returns:
        the programs that were written.

    Raises:
        ValueError: the model can't be exported in one of the formats, or what that needs is not installed.
    """
    if "onnx" in formats:
        require_onnx()
    origin = origin or Origin()
    programs = _programs(model) if {"torch", "onnx"} & set(formats) else {}
    pieces = [_torch_piece(name, program) for name, program in programs.items() if "torch" in formats]
    pieces += [_onnx_piece(name, program) for name, program in programs.items() if "onnx" in formats]
    files = {piece.file: piece.content for piece in pieces}
    text = card(model, blueprint, origin, pieces)
    saved = saved_files(model, blueprint, {"task": dict(origin.task), "facts": dict(origin.facts)})
    place_all({**files, "README.md": text.encode(), **saved}, Path(folder))
    return pieces


def _programs(model: Model) -> dict[str, Program]:
    found = {"sequence": sequence_program(model)}
    if is_recurrent(model) and not recurrent_of(model).bidirectional:
        found["step"] = step_program(model)
    return found


def _torch_piece(name: str, program: Program) -> Piece:
    buffer = io.BytesIO()
    torch.export.save(program.traced, buffer)
    return Piece(f"{name}.pt2", program, buffer.getvalue())


def _onnx_piece(name: str, program: Program) -> Piece:
    content, check = to_onnx(program)
    return Piece(f"{name}.onnx", program, content, check)
