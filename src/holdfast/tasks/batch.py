"""What a task hands to a model: inputs, and what should come out."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Sequences side by side, and their targets.

    Args:
        inputs: (T, B, I) float32, or symbols (T, B) int64.
        targets: one class per step (T, B) int64, one per sequence (B,) int64, or one value per sequence (B, 1) float32.
        lengths: (B,) int64, where each sequence ends; None if all fill T.
        reset: (T, B) bool, of a task without an end: where a row begins anew, and does not go on where it ended in the
            batch before. None for batches that each stand alone.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    reset: Tensor | None = None

    @property
    def size(self) -> int:
        """B, the number of sequences."""
        return self.inputs.shape[1]

    @property
    def per_step(self) -> bool:
        """Whether there is a target at every step."""
        return self.targets.shape[:2] == self.inputs.shape[:2]

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        lengths, reset = (None if part is None else part.to(device) for part in (self.lengths, self.reset))
        inputs, targets = self.inputs.to(device), self.targets.to(device)
        return replace(self, inputs=inputs, targets=targets, lengths=lengths, reset=reset)

    def rows(self, index: Tensor | slice) -> Self:
        """Some of the sequences, for instance one process's share.

        Args:
            index: their places in the batch: int64, a bool mask (B,), or a slice.
        """
        targets = self.targets[:, index] if self.per_step else self.targets[index]
        lengths = None if self.lengths is None else self.lengths[index]
        reset = None if self.reset is None else self.reset[:, index]
        return replace(self, inputs=self.inputs[:, index], targets=targets, lengths=lengths, reset=reset)
