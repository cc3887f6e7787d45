"""Decisions that are learnt as if they were not made."""

from torch import Tensor


def binary(share: Tensor) -> Tensor:
    """1 where `share`, in [0, 1], is above 1/2, else 0; with the gradient of `share` itself (straight-through)."""
    decided = (share > 0.5).to(share.dtype)
    return share + (decided - share).detach()  # to the last bit 0 or 1
