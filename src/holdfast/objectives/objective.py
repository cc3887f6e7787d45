"""What a training step minimises: one number per counted target, averaged."""

from abc import ABC, abstractmethod

from torch import Tensor

IGNORE = -100
"""A target of this value carries no loss: nothing is asked at that step, or the sequence has ended."""


class Objective(ABC):
    """The mean loss over the targets that count.

    Sum and count are also to be had apart, since means of unequal batches do not add up and sums do.
    """

    @abstractmethod
    def total(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss summed over the counted targets (scalar), and how many they are (scalar, int64)."""

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss over the counted targets; zero if none counts."""
        total, count = self.total(outputs, targets)
        return total / count.clamp(min=1)
