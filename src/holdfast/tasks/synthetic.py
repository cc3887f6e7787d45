"""Tasks made from chance: endless training data, and fixed sets to judge by."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.tasks.batch import Batch
from holdfast.tasks.seeds import generator
from holdfast.tasks.task import Split, Task, check_address, check_split

_PART = 64
"""Fixed sets are drawn in parts of this many rows, so that they do not depend on the batch size they are read in, and
so that what is drawn once per batch (a lag, say) varies within the set."""


@dataclass(frozen=True, kw_only=True)
class SyntheticTask(Task):
    """A task that draws its sequences.

    The training batch of (seed, step) comes from a generator of that address. The validation and the test set are the
    same for every run. All three come from streams of seeds that never meet: see `holdfast.tasks.seeds`.

    Args:
        evaluation_examples: sequences in the validation set, and in the test set.
    """

    evaluation_examples: int = 512

    @abstractmethod
    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """A batch of fresh sequences."""

    @abstractmethod
    def solve(self, batch: Batch) -> Tensor:
        """The outputs of a perfect model, computed from the inputs alone: proof that the task can be solved."""

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        check_address(step, batch_size)
        return self.draw(batch_size, generator("training", seed, step))

    def evaluation_batches(self, split: Split, batch_size: int) -> Iterator[Batch]:
        check_split(split, batch_size)
        for part, start in enumerate(range(0, self.evaluation_examples, _PART)):
            rows = min(_PART, self.evaluation_examples - start)
            batch = self.draw(rows, generator(split, 0, part))
            for first in range(0, rows, batch_size):
                yield batch.rows(slice(first, first + batch_size))
