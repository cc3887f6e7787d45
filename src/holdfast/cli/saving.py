"""`holdfast saving`: what a trained model saves at inference where what rests is not computed."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.runs import Reopened, reopen
from holdfast.layers import Recurrent
from holdfast.layers.saving import Saving, measure_saving, run_sparingly, skips
from holdfast.models import PooledModel, SequenceModel
from holdfast.tasks import Task
from holdfast.training.environment import environment
from holdfast.training.files import write_json
from holdfast.training.record import SAVING

ABOUT = (
    "Measures the best weights of a run where closed units, or cells at rest, are not computed: the task's measure on "
    "the test set, operations, and time beside that of the same code with all units updated and of the layer itself. "
    "The numbers are kept in RUN/saving.json."
)
HEADER = ("closed below", "test {}", "updated", "multiply-adds", "of all", "seconds", "all updated", "layer")


def main(arguments: Sequence[str]) -> int:
    """Prints a line for each threshold, and keeps them with the run."""
    parser = Parser("saving", "RUN [options]", ABOUT)
    parser.add_argument("run", type=str, help="of gaussian-lstm, phased-lstm, skip-lstm or skip-gru: its folder")
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=[0.0, 0.001, 0.01, 0.05, 0.1], help="of time gates"
    )
    parser.add_argument("--sequences", type=int, default=100, help="of the test set")
    parser.add_argument("--batch_size", type=int, default=1, help="sequences at once where time is measured")
    values = parser.parse_args(arguments)
    if values.sequences < 1 or values.batch_size < 1 or min(values.thresholds) < 0:
        raise UserError("--sequences and --batch_size must be at least 1, and --thresholds at least 0")
    run = reopen(Path(values.run))
    model, task = sparing_model(run), run.task
    layer = model.layer
    assert isinstance(layer, Recurrent)
    x, many = (model.embed(first_rows(task, number)) for number in (values.batch_size, values.sequences))
    print_line(cell.format(task.metric) for cell in HEADER)
    found = []
    for threshold in [None] if skips(layer) else values.thresholds:
        saving = measure_saving(layer, x, threshold=threshold or 0.0, counted=many)
        measured = measure(task, model, threshold=threshold or 0.0, sequences=values.sequences)
        print_line(cells("at rest" if threshold is None else f"{threshold:g}", measured, saving))
        found.append({"threshold": threshold, task.metric: measured, **asdict(saving)})
    write_json(run.folder / SAVING, record(run, x, many, found))
    print(f"Kept in {run.folder / SAVING}; `holdfast report` and `holdfast ledger` show it")
    return 0


def record(run: Reopened, x: torch.Tensor, many: torch.Tensor, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What saving.json says: the numbers, and what they were measured on and where."""
    return {
        "format": 1,
        "updates": run.step,
        "metric": run.task.metric,
        "steps": len(x),
        "batch_size": x.shape[1],
        "sequences": many.shape[1],
        "measured": list(found),
        "environment": environment(),
    }


def sparing_model(run: Reopened) -> SequenceModel:
    """The model of a run, with the weights that were best on the validation set.

    Raises:
        UserError: it is no recurrent model on whole sequences.
    """
    if not isinstance(run.model, SequenceModel) or isinstance(run.model, PooledModel) or run.task.endless:
        raise UserError(f"expected a recurrent model on whole sequences, got {run.choice.name} on {run.task.name}")
    return run.model


@torch.no_grad()
def measure(task: Task, model: SequenceModel, *, threshold: float, sequences: int) -> float:
    """The task's measure over the first sequences of the test set."""
    total, count = 0.0, 0
    for batch in task.evaluation_batches("test", sequences):
        rows = batch.rows(slice(sequences))
        assert isinstance(model.layer, Recurrent)
        output = run_sparingly(model.layer, model.embed(rows.inputs), threshold=threshold)
        found, counted = task.measures(model.answer(output, rows.lengths), rows)[task.metric]
        total, count, sequences = total + found, count + counted, sequences - rows.size
        if sequences < 1:
            break
    return total / count


def first_rows(task: Task, number: int) -> torch.Tensor:
    """The inputs of a few sequences of the test set."""
    return next(iter(task.evaluation_batches("test", number))).inputs


def cells(closed: str, measured: float, saving: Saving) -> Sequence[str]:
    """A line in words."""
    times = (saving.seconds, saving.whole_seconds, saving.layer_seconds)
    shares = saving.updated, saving.operations / saving.of
    updated, of_all = (f"{share:.1%}" for share in shares)
    return [closed, f"{measured:.4g}", updated, f"{saving.operations:.3g}", of_all, *(f"{s:.3g}" for s in times)]


def print_line(words) -> None:
    """Columns of one width, at once."""
    print("".join(f"{word:>15}" for word in words), flush=True)
