"""Pictures read as sequences, to be named at the end: real input that must be remembered."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import CrossEntropy, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.images import Images
from holdfast.tasks.orders import Order
from holdfast.tasks.seeds import generator
from holdfast.tasks.sources import Source, load
from holdfast.tasks.task import Readout, Split, Task, check_address, check_split

_CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class PictureTask(Task):
    """Read a picture step by step; after its last step, say what it shows.

    Training walks through one shuffle of the training set after another: the shuffle of each epoch is drawn from
    (seed, epoch), and a batch may end one epoch and begin the next, so that every picture is seen equally often.

    Args:
        train_examples: train on so many pictures; None for all.
        validation_examples: validate on so many pictures; None for all. The test set is always whole.
    """

    order: ClassVar[Order]
    readout: ClassVar[Readout] = "last step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"

    train_examples: int | None = None
    validation_examples: int | None = None

    @property
    @abstractmethod
    def source(self) -> Source:
        """Where the pictures come from."""

    @property
    def input_size(self) -> int:
        _, width, channels = self.source.size
        return self.order.input_size(width, channels)

    @property
    def output_size(self) -> int:
        return _CLASSES

    @property
    def steps(self) -> int:
        height, width, _ = self.source.size
        return self.order.steps(height, width)

    @property
    def lag(self) -> int:
        return self.steps

    @property
    def chance(self) -> dict[str, float]:
        return {"loss": math.log(_CLASSES), "accuracy": 1 / _CLASSES}

    @property
    def chance_statement(self) -> str:
        return (
            f"A model that has forgotten the picture guesses among {_CLASSES} classes: "
            f"a loss of ln {_CLASSES} = {self.chance['loss']:.4g} and {self.chance['accuracy']:.3g} right."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        check_address(step, batch_size)
        train = self._limited("train")
        start = step * batch_size
        first, last = start // len(train), (start + batch_size - 1) // len(train)
        walk = torch.cat([_shuffle(len(train), seed, epoch) for epoch in range(first, last + 1)])
        offset = start - first * len(train)
        return self._batch(train.take(walk[offset : offset + batch_size]))

    def evaluation_batches(self, split: Split, batch_size: int) -> Iterator[Batch]:
        check_split(split, batch_size)
        images = self._limited(split)
        for start in range(0, len(images), batch_size):
            yield self._batch(images.take(slice(start, start + batch_size)))

    def _batch(self, images: Images) -> Batch:
        return Batch(self.order.arrange(images.scaled()), images.labels)

    def _limited(self, split: Literal["train", "validation", "test"]) -> Images:
        images: Images = getattr(load(self.source), split)
        limit = {"train": self.train_examples, "validation": self.validation_examples, "test": None}[split]
        if limit is not None and limit > len(images):
            raise ValueError(
                f"{type(self).__name__} has {len(images)} {split} pictures, got {split}_examples {limit}; "
                "ask for fewer, or for None to take all"
            )
        return images.take(slice(limit))


@lru_cache(maxsize=8)
def _shuffle(count: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=generator("training", seed, epoch))
