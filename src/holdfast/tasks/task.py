"""The contract of a task: what must be remembered, and what counts as having done so."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.models import Readout, Tokens
from holdfast.objectives import IGNORE, Objective
from holdfast.tasks.batch import Batch

Split = Literal["validation", "test"]
SPLITS: tuple[Split, ...] = ("validation", "test")


class Task(ABC):
    """Sequences to learn from, with what they demand and how an answer is judged.

    A task is a frozen dataclass whose fields are its settings. It keeps no state: a training batch is addressed by its
    step, which is how a killed run resumes with the same bits.
    """

    name: ClassVar[str]
    """As the command line knows it."""
    summary: ClassVar[str]
    """One line."""
    sources: ClassVar[tuple[str, ...]]
    """Keys of references.bib."""
    readout: ClassVar[Readout]
    """Where the model is asked."""
    tokens: ClassVar[Tokens] = "continuous"
    """What stands at a step of an input: float channels (T, B, I), or the number of a symbol (T, B). A loss that asks
    for the inputs themselves compares values in the first case and classes in the second."""
    endless: ClassVar[bool] = False
    """Whether a batch goes on where the one before ended, so that a model's state is to be carried (`Streamed`)."""
    stamped: ClassVar[bool] = False
    """Whether the last channel of an input is the time of its step, in any unit."""
    least_lag: ClassVar[int] = 1
    """The shortest lag that a task with a lag of one's choice can have."""
    objective: ClassVar[Objective]
    metric: ClassVar[Literal["accuracy", "loss"]]
    """What models are compared by."""
    unscored: ClassVar[tuple[int, ...]] = (IGNORE,)
    """Targets that accuracy does not count: getting them right takes no memory."""

    @property
    @abstractmethod
    def input_size(self) -> int:
        """I, the channels of an input; if its tokens are symbols, how many symbols there are."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """O, the classes or values of an answer."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """T, the longest sequence."""

    @property
    @abstractmethod
    def lag(self) -> int:
        """For how many steps something must be remembered, in the measure of the task's paper."""

    @property
    @abstractmethod
    def chance(self) -> dict[str, float]:
        """What a model without memory gets: "loss", and "accuracy" where there is one."""

    @property
    @abstractmethod
    def chance_statement(self) -> str:
        """One sentence: what a model without memory gets, and why."""

    @property
    @abstractmethod
    def solved_loss(self) -> float:
        """A loss below this counts as solved."""

    @abstractmethod
    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        """The batch of one training step: the same arguments give the same bits.

        Args:
            step: from 0.
            batch_size: B.
            seed: the run's seed.
        """

    @abstractmethod
    def evaluation_batches(self, split: Split, batch_size: int) -> Iterator[Batch]:
        """A fixed set in batches of at most `batch_size` rows: the same for every run, apart from the other sets."""

    def settings_at_lag(self, lag: int) -> dict[str, int] | None:
        """The settings that change where the task is to have another lag; None if its lag is no matter of settings."""
        del lag
        return None

    def prepare(self) -> None:  # noqa: B027  most tasks read nothing
        """Reads what the task needs before its first batch, so that a long reading or a missing set shows early.

        Raises:
            ValueError: it cannot be read.
        """

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger metric is a better one."""
        return self.metric == "accuracy"

    def solved(self, measures: dict[str, float]) -> bool:
        """Whether these means ("loss" among them) meet the task's criterion: the loss is below `solved_loss`."""
        return measures["loss"] < self.solved_loss

    @torch.no_grad()
    def measures(self, outputs: Tensor, batch: Batch) -> dict[str, tuple[float, int]]:
        """Each measure as (sum, count) over the targets it counts, so that batches add up."""
        total, count = self.objective.total(outputs, batch.targets)
        measures = {"loss": (float(total), int(count))}
        if self.metric == "accuracy":
            measures["accuracy"] = self._hits(outputs, batch.targets)
        return measures

    def _hits(self, outputs: Tensor, targets: Tensor) -> tuple[float, int]:
        scored = torch.isin(targets, torch.tensor(self.unscored, device=targets.device), invert=True)
        hits = (outputs.argmax(-1) == targets) & scored
        return float(hits.sum()), int(scored.sum())


def check_address(step: int, batch_size: int) -> None:
    """A training batch is asked for at a step from 0, with a row at least.

    Raises:
        ValueError: it is not.
    """
    if step < 0 or batch_size < 1:
        raise ValueError(
            f"a training batch expects step >= 0 and batch_size >= 1, got step {step} and batch_size {batch_size}"
        )


def check_split(split: str, batch_size: int) -> None:
    """Evaluation is over one of the two fixed sets, in batches of a row at least.

    Raises:
        ValueError: it is not.
    """
    if split not in SPLITS or batch_size < 1:
        raise ValueError(
            f'evaluation expects split "validation" or "test" and batch_size >= 1, got {split!r} and {batch_size}'
        )
