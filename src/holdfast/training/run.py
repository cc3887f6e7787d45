"""From a model and a task to a trained model and its record."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import nn

from holdfast.tasks import Task
from holdfast.training.chance import undisturbed
from holdfast.training.checkpoint import load_best
from holdfast.training.environment import environment
from holdfast.training.fit import fit
from holdfast.training.lessons import answering, leaves_parameters_out, require_carried
from holdfast.training.lock import alone_in
from holdfast.training.opening import open_record
from holdfast.training.progress import Watch, automatic
from holdfast.training.record import Summary
from holdfast.training.settings import Choice, RunSettings, TrainingSettings
from holdfast.training.tensorboard import require_tensorboard
from holdfast.training.threads import threads


@dataclass(frozen=True)
class ModelCard:
    """What the record says of a model.

    Args:
        name: what it is called.
        options: how it is set, in values that JSON can hold; a folder resumes only a run with the same.
        summary: what it is, in a line.
        sources: keys of the bibliography.
        backend: what runs it.
        objective: what is minimised; None for the task's own loss.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    sources: tuple[str, ...] = ()
    backend: str = ""
    objective: Choice | None = None


def train(
    model: nn.Module,
    task: Task,
    settings: TrainingSettings | None = None,
    *,
    seed: int = 0,
    folder: Path | str | None = None,
    card: ModelCard | None = None,
    watch: Watch = automatic,
) -> Summary:
    """Trains a model on a task, and leaves it with the weights that were best on the validation set.

        task = Copying(lag=100)
        model = SequenceModel(holdfast.make("ur-lstm", task.input_size, 128), task.output_size, readout=task.readout)
        summary = train(model, task, TrainingSettings(steps=1000), folder="runs/mine")
        print(summary.status, summary.test)

    A run that was cut short, even by a kill, goes on where its last checkpoint stands and ends with the same bits; one
    that is over is not repeated. torch's global random generators are left as they were.

    Args:
        model: inputs (T, B, I), and lengths (B,) or None, to answers as the task's objective takes them.
        task: what must be remembered.
        settings: how it is trained.
        seed: of data and dropout; the model's parameters are as they come.
        folder: where the record goes; nowhere unless given.
        card: what the record says of the model.
        watch: what people see: `automatic`, `silent`, or your own.

    Raises:
        RecordError: the folder can't be written, holds something else, or another process is at work in it.
        CheckpointError: the checkpoint in it is damaged.
        ValueError: this machine has no such devices, or the task has no end and the model does not carry its state.
    """
    settings = settings or TrainingSettings()
    card = card or ModelCard(type(model).__name__)
    run = run_settings(task, card, settings, seed=seed)
    require_carried(model, task, settings)
    if settings.tensorboard:
        require_tensorboard()
    fabric = make_fabric(settings, unused=leaves_parameters_out(model))
    with ExitStack() as stack:
        record = open_record(Path(folder or stack.enter_context(TemporaryDirectory(prefix="holdfast-"))), run)
        if record.summary() is None:
            stack.enter_context(alone_in(record.folder))
            stack.enter_context(undisturbed())
            stack.enter_context(threads(settings.threads))
            task.prepare()
            record.describe(_description(task, model, card), environment(fabric.device))
            # Bound here and not passed on: Fabric searches arguments for tensors and can't see into frozen dataclasses.
            fit_here: Callable[..., Any] = partial(fit, task=task, run=run, record=record, watch=watch)
            fabric.launch(fit_here, model)  # pyright: ignore[reportArgumentType]  not only a Fabric
        summary = record.summary()
        assert summary is not None
        if summary.best_step is not None:
            load_best(record, model)
    return summary


def run_settings(task: Task, card: ModelCard, settings: TrainingSettings, *, seed: int) -> RunSettings:
    """What decides a run, as its record keeps it; a task's settings are its fields."""
    options = asdict(task)  # pyright: ignore[reportArgumentType]  a task is a frozen dataclass by its contract
    return RunSettings(Choice(task.name, options), Choice(card.name, card.options), settings, seed, card.objective)


def make_fabric(settings: TrainingSettings, *, unused: bool = False) -> Fabric:
    """Devices, precision and processes as the settings say; the processes are on this machine.

    Args:
        settings: of the training.
        unused: whether an update may concern a part of the parameters only.

    Raises:
        ValueError: this machine has no such devices.
    """
    several = DDPStrategy(start_method="spawn", find_unused_parameters=unused)
    try:
        return Fabric(
            accelerator=settings.accelerator,
            devices=settings.devices,
            strategy=several if settings.devices > 1 else "auto",
            precision=settings.precision,
        )
    except (RuntimeError, ValueError, MisconfigurationException) as error:
        raise ValueError(
            f"this machine can't train with training.accelerator {settings.accelerator} and training.devices "
            f"{settings.devices}: {' '.join(str(error).split())} Choose training.accelerator auto or cpu, fewer "
            "training.devices, or a machine that has them"
        ) from error


def _description(task: Task, model: nn.Module, card: ModelCard) -> dict[str, Any]:
    parts = (
        "summary",
        "steps",
        "lag",
        "metric",
        "higher_is_better",
        "chance",
        "chance_statement",
        "solved_loss",
        "sources",
    )
    return {
        "task": {"title": task.name, **{part: getattr(task, part) for part in parts}},
        "model": {
            "parameters": sum(parameter.numel() for parameter in answering(model).parameters()),
            "summary": card.summary,
            "sources": card.sources,
            "backend": card.backend,
        },
    }
