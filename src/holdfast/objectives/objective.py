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
    def total(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The loss summed over the counted targets (scalar), and how many they are (scalar, int64).

        Args:
            outputs, targets: what was said, and what was to be said.
            weights: what each target counts, of their shape; the second number is then the sum of them. 1 unless given.
        """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss over the counted targets; zero if none counts."""
        total, count = self.total(outputs, targets)
        return total / count.clamp(min=1)


def summed(losses: Tensor, counted: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Losses (...) over the counted ones, each times its weight, and the sum of the weights.

    Raises:
        ValueError: the weights have another shape.
    """
    losses = losses.masked_fill(~counted, 0.0)
    if weights is None:
        return losses.sum(), counted.sum()
    if weights.shape != losses.shape:
        raise ValueError(f"expected a weight for each target, {tuple(losses.shape)}, got {tuple(weights.shape)}")
    weights = weights.to(losses.dtype).masked_fill(~counted, 0.0)
    return (losses * weights).sum(), weights.sum()
