"""`holdfast saving`: what a trained model saves at inference where what rests is not computed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.runs import reopen
from holdfast.layers import Recurrent
from holdfast.layers.saving import Saving, measure_saving, operations_of, run_sparingly, skips
from holdfast.models import PooledModel, SequenceModel
from holdfast.tasks import Task

ABOUT = (
    "Measures the best weights of a run where closed units, or cells at rest, are not computed: the task's measure on "
    "the test set, operations, and time beside that of the same code with all units updated and of the layer itself."
)
HEADER = ("closed below", "test {}", "multiply-adds", "of all", "seconds", "all updated", "layer")


def main(arguments: Sequence[str]) -> int:
    """Prints a line for each threshold."""
    parser = Parser("saving", "FOLDER [options]", ABOUT)
    parser.add_argument("folder", type=str, help="of a run of gaussian-lstm, phased-lstm, skip-lstm or skip-gru")
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=[0.0, 0.001, 0.01, 0.05, 0.1], help="of time gates"
    )
    parser.add_argument("--sequences", type=int, default=100, help="of the test set")
    parser.add_argument("--batch_size", type=int, default=1, help="sequences at once where time is measured")
    values = parser.parse_args(arguments)
    if values.sequences < 1 or values.batch_size < 1 or min(values.thresholds) < 0:
        raise UserError("--sequences and --batch_size must be at least 1, and --thresholds at least 0")
    task, model = trained(Path(values.folder))
    layer = model.layer
    assert isinstance(layer, Recurrent)
    thresholds = [0.0] if skips(layer) else values.thresholds
    print_line(cell.format(task.metric) for cell in HEADER)
    for threshold in thresholds:
        x = model.embed(first_rows(task, values.batch_size))
        many = model.embed(first_rows(task, values.sequences))
        saving = replace(
            measure_saving(layer, x, threshold=threshold), operations=operations_of(layer, many, threshold=threshold)
        )
        measured = measure(task, model, threshold=threshold, sequences=values.sequences)
        print_line(cells("at rest" if skips(layer) else f"{threshold:g}", measured, saving))
    return 0


def trained(folder: Path) -> tuple[Task, SequenceModel]:
    """The task of a run, and its model with the weights that were best on the validation set.

    Raises:
        UserError: it is no run, or there is no such model in it.
    """
    run = reopen(folder)
    if not isinstance(run.model, SequenceModel) or isinstance(run.model, PooledModel) or run.task.endless:
        raise UserError(f"expected a recurrent model on whole sequences, got {run.choice.name} on {run.task.name}")
    return run.task, run.model


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
    share = saving.operations / saving.of
    return [closed, f"{measured:.4g}", f"{saving.operations:.3g}", f"{share:.1%}", *(f"{s:.3g}" for s in times)]


def print_line(words) -> None:
    """Columns of one width, at once."""
    print("".join(f"{word:>15}" for word in words), flush=True)
