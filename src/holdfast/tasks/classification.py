"""Real sequences to be named at their end: input that must be remembered."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from holdfast.objectives import CrossEntropy, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.examples import Examples
from holdfast.tasks.sources import Source, load
from holdfast.tasks.task import Readout, Split, Task, check_address, check_split
from holdfast.tasks.walk import of_similar_length, shuffled


@dataclass(frozen=True, kw_only=True)
class Classification(Task):
    """Read a sequence step by step; after its last step, say what it was.

    Training walks through one shuffle of the training set after another: the shuffle of each epoch is drawn from
    (seed, epoch), and a batch may end one epoch and begin the next, so that every example is seen equally often. Where
    sequences differ in length a batch holds similar ones (`holdfast.tasks.walk`), and its `lengths` say where they end.

    Args:
        train_examples: train on so many examples; None for all.
        validation_examples: validate on so many examples; None for all. The test set is always whole.
    """

    readout: ClassVar[Readout] = "last step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"
    what: ClassVar[str] = "sequence"
    """An example, in words."""

    train_examples: int | None = None
    validation_examples: int | None = None

    @property
    @abstractmethod
    def source(self) -> Source:
        """Where the examples come from."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """How many names there are."""

    @abstractmethod
    def arranged(self, examples: Any) -> Batch:
        """These examples side by side."""

    @property
    def output_size(self) -> int:
        return self.classes

    @property
    def lag(self) -> int:
        return self.steps

    @property
    def chance(self) -> dict[str, float]:
        return {"loss": math.log(self.classes), "accuracy": 1 / self.classes}

    @property
    def chance_statement(self) -> str:
        return (
            f"A model that has forgotten the {self.what} guesses among {self.classes} classes: "
            f"a loss of ln {self.classes} = {self.chance['loss']:.4g} and {self.chance['accuracy']:.3g} right."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def prepare(self) -> None:
        load(self.source)

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        check_address(step, batch_size)
        train = self.examples("train")
        if train.lengths is None:
            index = shuffled(len(train), step * batch_size, (step + 1) * batch_size, seed=seed)
        else:
            index = of_similar_length(train.lengths, step, batch_size, seed=seed)
        return self.arranged(train.take(index))

    def evaluation_batches(self, split: Split, batch_size: int) -> Iterator[Batch]:
        check_split(split, batch_size)
        examples = self.examples(split)
        if examples.lengths is not None:
            examples = examples.take(examples.lengths.argsort(stable=True))
        for start in range(0, len(examples), batch_size):
            yield self.arranged(examples.take(slice(start, start + batch_size)))

    def examples(self, split: Literal["train", "validation", "test"]) -> Examples:
        """One of the three sets, as large as the settings have it.

        Raises:
            ValueError: it has fewer, or it cannot be read.
        """
        examples: Examples = getattr(load(self.source), split)
        limit = {"train": self.train_examples, "validation": self.validation_examples, "test": None}[split]
        if limit is not None and limit > len(examples):
            raise ValueError(
                f"{type(self).__name__} has {len(examples)} {split} {self.what}s, got {split}_examples {limit}; "
                "ask for fewer, or for None to take all"
            )
        return examples.take(slice(limit))
