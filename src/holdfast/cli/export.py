"""`holdfast export`: a trained model for use elsewhere."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console

from holdfast.cli.build import blueprint_of, entry_of
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.runs import Reopened, reopen
from holdfast.export.folder import FORMATS, export
from holdfast.export.onnx_format import require_onnx
from holdfast.export.opened import as_lstm
from holdfast.export.pieces import Origin
from holdfast.models import Blueprint, Model
from holdfast.training import Record, Summary

EXAMPLES = 20
"""Sequences on which a network is compared with the LSTM that it has become."""
ABOUT = (
    "Writes a trained model for use elsewhere: its weights with a card, for holdfast.load; programs of torch.export, "
    "for PyTorch alone; and ONNX. Sequences may have any length; a model that reads forward also gets a program for one"
    " step of a stream, with its state as input and output. ONNX is compared with PyTorch in onnxruntime before it is "
    "written. With --as lstm a network whose time gates have all opened, as the temporal curriculum makes them do, "
    "leaves as the plain LSTM that it has become."
)


def main(arguments: Sequence[str]) -> int:
    """Writes the folder, and says what is in it."""
    parser = Parser("export", "RUN [--out FOLDER] [--formats weights torch onnx] [--as lstm]", ABOUT)
    parser.add_argument("run", type=str, help="the folder of a run, which holds its settings.json and best.pt")
    parser.add_argument("--out", type=str | None, default=None, help="where the files go; RUN/export unless given")
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=FORMATS,
        default=list(FORMATS),
        help="which files: weights is always written; onnx needs the packages of `pip install 'holdfast[onnx]'`",
    )
    parser.add_argument("--as", choices=("lstm",), help="what the model leaves as: its time gates must all be open")
    values = parser.parse_args(arguments)
    if "onnx" in values.formats:
        require_onnx()
    run = reopen(Path(values.run))
    leaving = (as_it_is if values["as"] is None else opened)(run)
    out = Path(values.out or run.folder / "export")
    with Console(file=sys.stderr).status("tracing the model, and comparing what comes of it"):
        pieces = export(leaving.model, leaving.blueprint, out, formats=values.formats, origin=leaving.origin)
    names = ["model.safetensors", *(piece.file for piece in pieces), "README.md"]
    print(f"{leaving.name} after {run.step} steps on {run.task.name}: {', '.join(names)} in {out}")
    checks = [piece.check for piece in pieces if piece.check is not None]
    if checks:
        differ, rounding = max(check.difference for check in checks), max(check.rounding for check in checks)
        print(f"onnxruntime differs from PyTorch by at most {differ:.1g}; PyTorch's own rounding is {rounding:.1g}")
    print(f'In Python: holdfast.load("{out}")')
    return 0


@dataclass(frozen=True)
class Leaving:
    """What is exported of a run.

    Args:
        name: what the model is called where that is told.
        model, blueprint, origin: as `holdfast.export.export` takes them.
    """

    name: str
    model: Model
    blueprint: Blueprint
    origin: Origin


def as_it_is(run: Reopened) -> Leaving:
    """The model that was trained."""
    return Leaving(run.choice.name, run.model, blueprint_of(run.choice, run.task), origin(run))


def opened(run: Reopened) -> Leaving:
    """The LSTM that the model has become, and how far its answers are from the model's own.

    Raises:
        ValueError: it has not become one.
    """
    if run.task.endless:
        raise UserError(f"the steps of {run.task.name} have no end, so its gates can't be open for all of them")
    model, blueprint = as_lstm(run.model, blueprint_of(run.choice, run.task), steps=run.task.steps)
    batch = next(iter(run.task.evaluation_batches("validation", EXAMPLES)))
    with torch.no_grad():
        answers, own = (each(batch.inputs, batch.lengths) for each in (model, run.model))
    difference = (answers - own).abs().max()
    became = f"was {run.choice.name}; its gates are open, and answers differ by at most {difference:.1g}"
    told = origin(run)
    facts = {**told.facts, "in training": became}
    sources = tuple(dict.fromkeys((*entry_of(blueprint.name).sources, *told.sources)))
    told = replace(told, summary=entry_of(blueprint.name).summary, sources=sources, facts=facts)
    return Leaving(f"{blueprint.name} ({became})", model, blueprint, told)


def _measured(summary: Summary, step: int) -> dict[str, str]:
    """How the weights of a step did, if it is the one whose weights were measured."""
    if summary.best_step is None:
        return {}
    if step != summary.best_step:
        return {"measured": f"not with these weights: those of update {summary.best_step:,}, which were, are gone"}
    split, measures = ("test", summary.test) if summary.test else ("validation", summary.validation or {})
    return {f"{split} {name}": f"{value:.4g}" for name, value in measures.items()}


def origin(run: Reopened) -> Origin:
    """What the card says of a run; its measures only where they are of the weights that leave."""
    summary = Record(run.folder).summary()
    facts = {
        "trained for": f"{run.step:,} updates of {run.settings['training']['batch_size']} sequences, seed {run.seed}",
        **({"the run": summary.status} if summary else {"the run": "not over yet"}),
        **(_measured(summary, run.step) if summary else {}),
        "lag of the task": f"{run.task.lag} steps",
    }
    task = {name: value for name, value in run.settings["task"].items() if name != "data"}
    return Origin(
        summary=run.entry.summary,
        sources=run.entry.sources,
        task=task,
        facts=facts,
        chance=run.task.chance_statement,
    )
