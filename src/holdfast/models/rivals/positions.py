"""Where a step stands in its sequence, as a vector."""

import math

import torch
from torch import Tensor


def positions(steps: int, width: int, *, like: Tensor) -> Tensor:
    """Waves of many lengths, from 2 pi steps to 10 000 times that; there is no longest sequence.

        w_k = 10000^(-k / (width/2 - 1)),  k = 0..width/2 - 1
        row t = (sin(t w_0), sin(t w_1), ..., cos(t w_0), cos(t w_1), ...)

    Args:
        steps: T.
        width: of the vectors; even, at least 4.
        like: has the device and type of the result (T, width).

    Source: vaswani2017attention, vaswani2018tensor
    """
    exponents = torch.arange(width // 2, dtype=torch.float64) / (width // 2 - 1)
    rates = torch.exp(-math.log(10_000) * exponents)
    angles = torch.arange(steps, dtype=torch.float64).unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], 1).to(like)
