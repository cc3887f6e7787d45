"""The card of an exported model: what it is, how it did, and how to use each file."""

import json
from collections.abc import Mapping, Sequence

import torch

import holdfast
from holdfast.citations import reference
from holdfast.export.onnx_format import SIZES
from holdfast.export.pieces import Origin, Piece
from holdfast.export.saved import CONFIG, WEIGHTS
from holdfast.models import Blueprint, Model

HEADER = "---\nlibrary_name: holdfast\ntags: [recurrent neural network, {name}]\n---"


def card(model: Model, blueprint: Blueprint, origin: Origin, pieces: Sequence[Piece]) -> str:
    """The card as Markdown, with the header that hubs of models read.

    Args:
        model: what was exported.
        blueprint: what it is.
        origin: what is known of its training.
        pieces: the programs beside it.
    """
    programs = {piece.file.partition(".")[0]: piece for piece in pieces}
    parts = [
        HEADER.format(name=blueprint.name),
        f"# {blueprint.name}" + (f" on {origin.task['name']}" if origin.task else ""),
        origin.summary and f"{origin.summary[:1].upper()}{origin.summary[1:]}.",
        _facts(model, blueprint, origin),
        _use(blueprint),
        *(_files(piece, pieces) for piece in programs.values()),
        _checked(pieces),
        _settings(blueprint, origin),
        _sources(origin),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(model: Model, blueprint: Blueprint, origin: Origin) -> str:
    weights = sum(parameter.numel() for parameter in model.parameters())
    rows = {
        "parameters": f"{weights:,}",
        "input": _input(blueprint),
        "answer": f"{blueprint.output_size} numbers at {blueprint.readout.replace('last', 'the last')}",
        **origin.facts,
    }
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())]
    return "\n".join(lines) + (f"\n\n{origin.chance}" if origin.chance else "")


def _input(blueprint: Blueprint) -> str:
    if blueprint.tokens == "symbols":
        return f"the number of a symbol, 0 to {blueprint.input_size - 1}, at every step"
    return f"{blueprint.input_size} channels at every step"


def _use(blueprint: Blueprint) -> str:
    shape = "time, batch" if blueprint.tokens == "symbols" else f"time, batch, {blueprint.input_size}"
    return (
        "## With holdfast\n\n```python\nimport holdfast\n\n"
        f'model = holdfast.load("folder")  # {CONFIG} and {WEIGHTS}: tensors and plain values, no code\n'
        f"answers = model(inputs)  # ({shape})\n```"
    )


def _files(piece: Piece, pieces: Sequence[Piece]) -> str:
    """One program, in the formats in which it is there."""
    name = piece.file.partition(".")[0]
    files = [other.file for other in pieces if other.file.partition(".")[0] == name]
    titles = {"sequence": "Whole sequences", "step": "One step at a time"}
    lines = [f"## {titles[name]}: {' and '.join(f'`{file}`' for file in files)}", ""]
    lines += ["| in or out | name | axes |", "| --- | --- | --- |"]
    for word, named in (("in", piece.program.inputs), ("out", piece.program.outputs)):
        lines += [f"| {word} | `{key}` | {', '.join(map(str, axes))} |" for key, axes in named.items()]
    return "\n".join([*lines, "", _remarks(name, piece), *(_example(file, name, piece) for file in files)])


def _remarks(name: str, piece: Piece) -> str:
    if name == "step":
        return "The state before the first step is zeros; then give back what came out."
    remark = "`time` and `batch` are of any size."
    if len(piece.program.outputs) > 1:
        remark += " The sequence begins from zeros; the states are those after the last step of the array."
    if "lengths" in piece.program.inputs:
        remark += " `lengths` (int64) says where each row ends, and the answer is the one there."
    return remark


def _example(file: str, name: str, piece: Piece) -> str:
    given = list(piece.program.inputs)
    if file.endswith(".pt2"):
        call = f'torch.export.load("{file}").module()({", ".join(given)})'
        return f"\n```python\nimport torch\n\nanswers, *state = {call}\n```"
    feed = ", ".join(f'"{key}": {key}' for key in given)
    return (
        f'\n```python\nimport onnxruntime\n\nsession = onnxruntime.InferenceSession("{file}")\n'
        f"answers, *state = session.run(None, {{{feed}}})\n```"
    )


def _checked(pieces: Sequence[Piece]) -> str:
    found = [piece.check for piece in pieces if piece.check is not None]
    if not found:
        return ""
    sizes = ", ".join(f"{size['time']} x {size['batch']}" for size in SIZES)
    differ, rounding = max(check.difference for check in found), max(check.rounding for check in found)
    return (
        f"The ONNX files were run beside PyTorch on random inputs of {sizes} (time x batch): they differ by at most "
        f"{differ:.1g}, where PyTorch's own rounding is {rounding:.1g}."
    )


def _settings(blueprint: Blueprint, origin: Origin) -> str:
    told: Mapping[str, object] = {"model": blueprint.as_dict(), **({"task": dict(origin.task)} if origin.task else {})}
    versions = f"holdfast {holdfast.__version__}, PyTorch {torch.__version__}"
    return f"## Settings\n\n```json\n{json.dumps(told, indent=2)}\n```\n\nExported with {versions}."


def _sources(origin: Origin) -> str:
    if not origin.sources:
        return ""
    found = map(reference, origin.sources)
    return "## Sources\n\n" + "\n".join(f"- {source.short}, “{source.title}”, {source.venue}" for source in found)
