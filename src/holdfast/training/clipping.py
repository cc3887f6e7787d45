"""Clipping of gradients so large that their norm is more than their numbers can hold."""

import math

import torch
from torch import nn
from torch.nn.utils import get_total_norm

HUGE = 1e15
"""The norm of 10^8 single-precision numbers of this size is still one."""


@torch.no_grad()
def tame(model: nn.Module, limit: float) -> float:
    """Makes gradients that are to be clipped small enough for their norm to be taken; by which factor they became so.

    A clipped gradient is a direction with a length. The squares of numbers above 10^19 overflow, and so does their
    norm, and divided by that they are nothing. Here they are scaled first, and are still no shorter than the limit.

    Args:
        model: whose gradients are to be clipped.
        limit: the norm that they are to have; infinite for none, and then they stay.

    Returns:
        What the gradients were multiplied by, 1 unless they are huge.
    """
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    if math.isinf(limit) or not gradients:
        return 1.0
    largest = float(get_total_norm(gradients, norm_type=math.inf))
    if not HUGE < largest < math.inf:
        return 1.0
    scale = limit / largest
    for gradient in gradients:
        gradient.mul_(scale)
    return scale
