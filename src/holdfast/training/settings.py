"""What a run is made of, as plain values. This file does not import torch, so that a command line starts at once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

Optimiser = Literal["adam", "adamw", "amsgrad", "rmsprop"]
Schedule = Literal["constant", "halving", "plateau"]
Precision = Literal["32-true", "bf16-mixed", "64-true"]
Accelerator = Literal["auto", "cpu", "cuda", "mps"]

MOVABLE = frozenset({"task.data"})
"""Settings that say where something lies, not what it is: a run with another value is the same run."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained.

    Args:
        steps: updates of the parameters.
        batch_size: sequences in an update, over all processes.
        optimiser: Adam, its variants AdamW and AMSGrad, or RMSprop.
        learning_rate: of the optimiser, before its schedule.
        weight_decay: pulls matrices towards zero, but neither vectors nor what a cell exempts; added to the gradient as
            this times the weight, or with adamw subtracted apart from it, times the learning rate.
        alpha: smoothing of RMSprop's squared gradients; 0.99 unless given.
        schedule: constant; halving every `halve_every` steps; plateau halves when the validation loss has not fallen.
        halve_every: steps after which the schedule "halving" halves.
        clip_norm: a gradient with a larger norm is scaled down to this one; null for never.
        evaluate_every: steps between evaluations on the validation set; each writes a checkpoint.
        evaluation_batch_size: sequences evaluated at once; it changes memory, not results.
        report_every: steps between lines about training in metrics.jsonl.
        stop_when_solved: whether the run ends at the first evaluation that meets the task's criterion.
        patience: evaluations without a better one after which the run ends; null for never.
        precision: float32, bfloat16 autocast, or float64.
        accelerator: where to train; auto takes what the machine has.
        devices: processes that share each batch, one a device.
        threads: CPU threads of each process; null leaves torch's own choice.
        tensorboard: whether to write event files for TensorBoard into the run's folder too.

    Raises:
        ValueError: a setting out of its range, or one that another makes meaningless.
    """

    steps: int = 1000
    batch_size: int = 32
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    alpha: float | None = None
    schedule: Schedule = "constant"
    halve_every: int | None = None
    clip_norm: float | None = 1.0
    evaluate_every: int = 100
    evaluation_batch_size: int = 100
    report_every: int = 10
    stop_when_solved: bool = False
    patience: int | None = None
    precision: Precision = "32-true"
    accelerator: Accelerator = "auto"
    devices: int = 1
    threads: int | None = None
    tensorboard: bool = False

    def __post_init__(self):
        _one_of(self, optimiser=Optimiser, schedule=Schedule, precision=Precision, accelerator=Accelerator)
        _at_least_one(self, "steps", "batch_size", "evaluate_every", "evaluation_batch_size", "report_every", "devices")
        _at_least_one(self, "halve_every", "patience", "threads")
        for name in ("learning_rate", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"training.{name} must be a number above 0, got {value}")
        if not 0 <= self.weight_decay < float("inf"):
            raise ValueError(f"training.weight_decay must be a number of at least 0, got {self.weight_decay}")
        if self.alpha is not None and not (self.optimiser == "rmsprop" and 0 <= self.alpha < 1):
            raise ValueError(
                f"training.alpha must lie in [0, 1) and goes with optimiser rmsprop, got {self.alpha} with "
                f"{self.optimiser}"
            )
        if (self.halve_every is None) == (self.schedule == "halving"):
            raise ValueError(
                f"training.halve_every goes with schedule halving, got {self.halve_every} with {self.schedule}"
            )
        if self.batch_size < self.devices:
            raise ValueError(
                f"training.batch_size must give each of the {self.devices} devices a sequence, got {self.batch_size}"
            )


@dataclass(frozen=True)
class Choice:
    """A name and its options: which task or model, and how it is set.

    Args:
        name: as the catalogue or the task calls it, or the name of a model of your own.
        options: values that JSON can hold.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(values["name"], {name: value for name, value in values.items() if name != "name"})

    def without(self, usual: Mapping[str, Any]) -> Self:
        """The same without options that have these values; the others stay."""
        return replace(self, options={n: v for n, v in self.options.items() if n not in usual or usual[n] != v})


@dataclass(frozen=True)
class RunSettings:
    """All that decides a run; the same settings on the same machine give the same bits.

    Args:
        task: what must be remembered.
        model: what is to remember it.
        training: how it is trained.
        seed: of the parameters, the data and the dropout; 0 or more, for folders are named by it.
        objective: what is minimised; None for the task's own loss.

    Raises:
        ValueError: the seed is negative.
    """

    task: Choice
    model: Choice
    training: TrainingSettings
    seed: int = 0
    objective: Choice | None = None

    def __post_init__(self):
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")

    def as_dict(self) -> dict[str, Any]:
        """As it stands in settings.json."""
        return {
            "task": self.task.as_dict(),
            "model": self.model.as_dict(),
            **({"objective": self.objective.as_dict()} if self.objective else {}),
            "training": asdict(self.training),
            "seed": self.seed,
        }


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level: {"a": {"b": 1}} gives {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _one_of(settings: TrainingSettings, **choices: Any) -> None:
    for name, literal in choices.items():
        if getattr(settings, name) not in get_args(literal):
            known = ", ".join(get_args(literal))
            raise ValueError(f"training.{name} must be one of {known}, got {getattr(settings, name)!r}")


def _at_least_one(settings: TrainingSettings, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise ValueError(f"training.{name} must be at least 1, got {value}")
