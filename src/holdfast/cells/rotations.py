"""Orthogonal and unitary matrices as products of layers of rotations of two units each."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import positive

Style = Literal["tunable", "fft"]


@dataclass(frozen=True)
class Layer:
    """Disjoint pairs of units (i, i + stride), for i = offset, offset + 1, ... stride at a time, every other block.

    Args:
        stride: how far apart the two units of a pair are.
        offset: units in front that are left alone.
        size: H, units in all; those whose partner would lie beyond it are left alone too.
    """

    stride: int
    offset: int
    size: int

    @property
    def blocks(self) -> int:
        """Blocks of 2 stride units, the last of which may be cut short."""
        return -(-(self.size - self.offset) // (2 * self.stride))

    @property
    def pairs(self) -> int:
        """How many units have a partner."""
        whole, rest = divmod(self.size - self.offset, 2 * self.stride)
        return whole * self.stride + max(0, rest - self.stride)


def layers_of(style: Style, capacity: int, size: int) -> tuple[Layer, ...]:
    """The layers, in the order in which they act.

    tunable     `capacity` layers of neighbours: (0, 1), (2, 3), ... and (1, 2), (3, 4), ... in turn
    fft         log2 H layers, those of a fast Fourier transform: partners H/2 apart, H/4, ... 1

    Raises:
        ValueError: an unknown style, or a capacity that is not a whole number in 1..H.
    """
    if style not in ("tunable", "fft"):
        raise ValueError(f"style must be 'tunable' or 'fft', got {style!r}")
    if style == "tunable":
        if positive("capacity", capacity) > max(2, size):
            raise ValueError(f"capacity must be at most hidden_size {size}: more layers add nothing; got {capacity}")
        return tuple(Layer(1, number % 2, size) for number in range(capacity))
    return tuple(Layer(2**k, 0, size) for k in reversed(range((size - 1).bit_length())))


def pairs_of(layers: tuple[Layer, ...]) -> int:
    """How many rotations there are in all."""
    return sum(layer.pairs for layer in layers)


def product_of_rotations(size: int, layers: tuple[Layer, ...], angles: Tensor, phases: Tensor | None = None) -> Tensor:
    """The matrix (H, H), orthogonal without phases, unitary with them.

        a' = cos(angle) a - sin(angle) e^(i phase) b         for each pair (a, b)
        b' = sin(angle) a + cos(angle) e^(i phase) b

    Args:
        size: H.
        layers: in the order in which they act.
        angles, phases: (pairs,), layer after layer.
    """
    counts = [layer.pairs for layer in layers]
    matrix = torch.eye(size, dtype=angles.dtype, device=angles.device)
    turns: list[Tensor | None] = [None] * len(layers)
    if phases is not None:
        turns = [torch.complex(part.cos(), part.sin()) for part in phases.split(counts)]
        matrix = torch.complex(matrix, torch.zeros_like(matrix))
    for layer, angle, turn in zip(layers, angles.split(counts), turns, strict=True):
        matrix = rotate(matrix, layer, angle, turn)
    return matrix


def rotate(matrix: Tensor, layer: Layer, angles: Tensor, turns: Tensor | None) -> Tensor:
    """One layer's rotations of the rows of `matrix` (H, N): angles (pairs,), turns e^(i phase) (pairs,) or None."""
    alone, rows = matrix.split([layer.offset, layer.size - layer.offset])
    missing = layer.blocks * layer.stride - layer.pairs
    beyond = layer.blocks * 2 * layer.stride - len(rows)
    a, b = F.pad(rows, (0, 0, 0, beyond)).unflatten(0, (layer.blocks, 2, layer.stride)).unbind(1)
    angle = F.pad(angles, (0, missing)).view(layer.blocks, layer.stride, 1)
    cosine, sine = angle.cos(), angle.sin()
    if turns is not None:
        b = F.pad(turns, (0, missing)).view(layer.blocks, layer.stride, 1) * b
    turned = torch.stack([cosine * a - sine * b, sine * a + cosine * b], 1).flatten(0, 2)
    return torch.cat([alone, turned[: len(rows)]])
