"""modReLU: a ReLU on the size of a number that leaves its sign, or its phase, alone."""

import torch
from torch import Tensor

SMALLEST_SQUARE = 1e-10
"""Added to |z|^2, so that z = 0 has a derivative; the authors add 1e-5 to |z| for the same end."""


def modrelu(z: Tensor, bias: Tensor) -> Tensor:
    """sign(z) relu(|z| + b) of real z (..., H); the identity where b = 0.

    Source: arjovsky2016unitary; for real numbers jing2017tunable.
    """
    return z.sign() * (z.abs() + bias).relu()


def complex_modrelu(z: Tensor, bias: Tensor) -> Tensor:
    """z / |z| relu(|z| + b) of complex z, as [Re z; Im z] (..., 2H); the identity where b = 0.

    |z| is sqrt(Re^2 + Im^2 + 1e-10).

    Source: arjovsky2016unitary.
    """
    real, imaginary = z.chunk(2, -1)
    modulus = (real * real + imaginary * imaginary + SMALLEST_SQUARE).sqrt()
    scale = (modulus + bias).relu() / modulus
    return torch.cat([real * scale, imaginary * scale], -1)
