"""What cells have in common of which parts rest at some steps."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Sparing(ABC):
    """A cell whose units are not all updated at every step, and that can tell how many were."""

    @abstractmethod
    def updated(
        self, x: Tensor, end: tuple[Tensor, ...], lengths: Tensor | None = None, *, threshold: float | None = None
    ) -> Tensor:
        """(B,): the steps of each sequence, each counted by the share of its units that were updated.

        It can be differentiated, for a budget.

        Args:
            x: (T, B, I), what the layer was given.
            end: the cell's state after each sequence, from its first state on.
            lengths: (B,), where each sequence ends; None if all fill T.
            threshold: a gate below it counts as closed, any other as open; None counts each by how far it is open.
        """


def summed_over_time(shares: Tensor, batch_size: int, lengths: Tensor | None) -> Tensor:
    """(T, B or 1) to (B,): the sum over the steps of each sequence."""
    if lengths is None:
        return shares.sum(0).expand(batch_size)
    steps = torch.arange(len(shares), device=shares.device).unsqueeze(1)
    return (shares * (steps < lengths)).sum(0)
