"""What a backend is asked to do, and the contract that it keeps."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from holdfast.cells import Cell

Recompute = int | Literal["auto"] | None


@dataclass(frozen=True)
class Work:
    """One cell's way over a sequence, in one direction.

    Args:
        x: input (T, B, I); beyond a row's end there may be anything, and it has no bearing on anything.
        state: the state before the first step, a tuple of (B, size).
        valid: (T, B) bool, False beyond a row's end: there the state stays and the output is 0. None if all are valid.
        reset: (T, B) bool, True where the state is replaced by the cell's initial one before the step; None if nowhere.
        recompute: steps in a segment whose activations are recomputed in the backward pass; None to keep them all.
    """

    x: Tensor
    state: tuple[Tensor, ...]
    valid: Tensor | None = None
    reset: Tensor | None = None
    recompute: int | None = None

    @property
    def filled(self) -> Tensor:
        """x with zeros beyond the rows' ends, for a backend that computes there too: 0 times NaN is NaN."""
        return self.x if self.valid is None else zero_beyond(self.x, self.valid)


def zero_beyond(x: Tensor, valid: Tensor) -> Tensor:
    """x (..., B, features) with zeros in the rows that are not `valid` (..., B)."""
    return torch.where(valid.unsqueeze(-1), x, 0)


def autocasts(device: torch.device) -> bool:
    """Whether operations on a device now run in lower precision; never on one that has no autocast."""
    return torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)


class Backend(ABC):
    """A way to unroll a cell over time. All backends give the reference's numbers, to rounding."""

    name: str

    @abstractmethod
    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        """Why this backend can't do it, in words, or None if it can; without `work`, for plain batches."""

    def disadvantage(self, cell: Cell, work: Work) -> str | None:
        """Why "auto" goes on to the next backend although this one could do the work, in words, or None."""
        return None

    def shown(self, cell: Cell) -> str:
        """What runs a cell, in words."""
        return self.name

    @abstractmethod
    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs (T, B, width) and the state after the last valid step of each row."""
