"""A constant forget bias."""

from dataclasses import dataclass

import torch

from holdfast.initialisers.initialiser import GateBias


@dataclass(frozen=True)
class ForgetBias(GateBias):
    """Every gate that keeps starts equally open: its bias is `forget_bias`, every other bias is 0.

    Args:
        forget_bias: 1 is usual, a forgetting time of 1 + e = 3.7 steps.

    Source: gers2000learning.
    """

    forget_bias: float = 1.0

    def offsets(self, size: int, generator: torch.Generator | None):
        keep = torch.full((size,), float(self.forget_bias))
        return {"forget": keep, "update": keep}
