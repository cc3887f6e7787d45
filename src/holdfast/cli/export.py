"""`holdfast export`: a trained model for use elsewhere."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from holdfast.cli.build import blueprint_of
from holdfast.cli.parser import Parser
from holdfast.cli.runs import Reopened, reopen
from holdfast.export.folder import FORMATS, export
from holdfast.export.onnx_format import require_onnx
from holdfast.export.pieces import Origin
from holdfast.training import Record

ABOUT = (
    "Writes a trained model for use elsewhere: its weights with a card, for holdfast.load; programs of torch.export, "
    "for PyTorch alone; and ONNX. Sequences may have any length; a model that reads forward also gets a program for one"
    " step of a stream, with its state as input and output. ONNX is compared with PyTorch in onnxruntime before it is "
    "written."
)


def main(arguments: Sequence[str]) -> int:
    """Writes the folder, and says what is in it."""
    parser = Parser("export", "RUN [--out FOLDER] [--formats weights torch onnx]", ABOUT)
    parser.add_argument("run", type=str, help="the folder of a run, which holds its settings.json and best.pt")
    parser.add_argument("--out", type=str | None, default=None, help="where the files go; RUN/export unless given")
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=FORMATS,
        default=list(FORMATS),
        help="which files: weights is always written; onnx needs the packages of `pip install 'holdfast[onnx]'`",
    )
    values = parser.parse_args(arguments)
    if "onnx" in values.formats:
        require_onnx()
    run = reopen(Path(values.run))
    out = Path(values.out or run.folder / "export")
    with Console(file=sys.stderr).status("tracing the model, and comparing what comes of it"):
        pieces = export(run.model, blueprint_of(run.choice, run.task), out, formats=values.formats, origin=origin(run))
    names = ["model.safetensors", *(piece.file for piece in pieces), "README.md"]
    print(f"{run.choice.name} after {run.step} steps on {run.task.name}: {', '.join(names)} in {out}")
    checks = [piece.check for piece in pieces if piece.check is not None]
    if checks:
        differ, rounding = max(check.difference for check in checks), max(check.rounding for check in checks)
        print(f"onnxruntime differs from PyTorch by at most {differ:.1g}; PyTorch's own rounding is {rounding:.1g}")
    print(f'In Python: holdfast.load("{out}")')
    return 0


def origin(run: Reopened) -> Origin:
    """What the card says of a run."""
    summary = Record(run.folder).summary()
    measures = (summary.test or summary.validation or {}) if summary else {}
    split = "test" if summary and summary.test else "validation"
    facts = {
        "trained for": f"{run.step:,} updates of {run.settings['training']['batch_size']} sequences, seed {run.seed}",
        **({"the run": summary.status} if summary else {"the run": "not over yet"}),
        **{f"{split} {name}": f"{value:.4g}" for name, value in measures.items()},
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
