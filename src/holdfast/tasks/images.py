"""Labelled pictures of one size."""

from dataclasses import dataclass

from torch import Tensor

from holdfast.tasks.examples import Examples


@dataclass(frozen=True, eq=False)
class Images(Examples):
    """Pictures and what they show.

    Args:
        stored: (M, height, width, channels), all that there are: uint8 to save memory, or float32.
        labels: (N,) int64, of the pictures that are meant.
        maximum: the largest value that a pixel can have.
        rows: (N,) int64, where in M these pictures stand; None if they are all, in order.
    """

    stored: Tensor
    labels: Tensor
    maximum: float
    rows: Tensor | None = None

    @property
    def pixels(self) -> Tensor:
        """(N, height, width, channels), as stored."""
        return self.stored if self.rows is None else self.stored[self.rows]

    def take(self, index: Tensor | slice) -> "Images":
        labels = self.labels[index]
        if self.rows is not None:
            return Images(self.stored, labels, self.maximum, self.rows[index])
        if isinstance(index, slice):
            return Images(self.stored[index], labels, self.maximum)
        return Images(self.stored, labels, self.maximum, index)

    def scaled(self) -> Tensor:
        """The pixels (N, height, width, channels) as float32 in [0, 1]."""
        return self.pixels.float() / self.maximum
