"""The smallest runs that still show what a test asks for."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch

import holdfast
from holdfast.models import SequenceModel
from holdfast.objectives import IGNORE, CrossEntropy, Objective
from holdfast.tasks import Batch, Copying, Readout, SyntheticTask
from holdfast.training import Summary, TrainingSettings, silent, train
from holdfast.training.evaluation import evaluate

TASK = Copying(lag=2, evaluation_examples=20)
SETTINGS = TrainingSettings(
    steps=6, batch_size=4, evaluate_every=2, report_every=1, threads=1, accelerator="cpu", learning_rate=0.01
)


def small_model(seed: int = 0, *, dropout: float = 0.5) -> SequenceModel:
    """Two layers with dropout between them, so that a resumed run must get its chance right too."""
    generator = torch.Generator().manual_seed(seed)
    layer = holdfast.make("lstm", TASK.input_size, 5, num_layers=2, dropout=dropout, generator=generator)
    return SequenceModel(layer, TASK.output_size, readout=TASK.readout, generator=generator)


def small_run(folder: Path, model: SequenceModel | None = None, task: Copying = TASK, **settings: Any) -> Summary:
    """A whole run of a few steps."""
    return train(model or small_model(), task, replace(SETTINGS, **settings), folder=folder, watch=silent)


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights agree in every bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


TIMES = ("seconds", "waited")


def timeless(folder: Path) -> list[dict[str, Any]]:
    """The events without what differs between two runs of the same settings: the time they took."""
    return [{name: value for name, value in event.items() if name not in TIMES} for event in events(folder)]


@dataclass(frozen=True, kw_only=True)
class Spoilt(Copying):
    """Copying whose training input is NaN, or which stops the run, at a step."""

    nan_at: int | None = None
    stop_at: int | None = None

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        if step == self.stop_at:
            raise InterruptedError
        batch = super().training_batch(step, batch_size, seed=seed)
        return replace(batch, inputs=batch.inputs * float("nan")) if step == self.nan_at else batch


@dataclass(frozen=True, kw_only=True)
class Echo(SyntheticTask):
    """Say the symbol of the step before: learnt within a second."""

    name: ClassVar[str] = "echo"
    summary: ClassVar[str] = "say the symbol of the step before"
    sources: ClassVar[tuple[str, ...]] = ()
    readout: ClassVar[Readout] = "every step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"
    input_size: int = 4
    output_size: int = 4
    steps: int = 6
    lag: int = 1

    chance = {"loss": math.log(4), "accuracy": 0.25}  # noqa: RUF012  a property of the contract
    chance_statement = "A model without memory guesses among four."
    solved_loss = math.log(4) / 10

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        symbols = torch.randint(4, (self.steps, batch_size), generator=generator)
        targets = symbols.roll(1, 0)
        targets[0] = IGNORE
        return Batch(torch.nn.functional.one_hot(symbols, 4).float(), targets)

    def solve(self, batch: Batch) -> torch.Tensor:
        return batch.inputs.roll(1, 0) * 100


def interrupted_after(evaluations: int):
    """`evaluate`, which stops the run when it is called once more than so many times."""
    left = iter(range(evaluations))

    def measured(*args, **options):
        if next(left, None) is None:
            raise InterruptedError
        return evaluate(*args, **options)

    return measured
