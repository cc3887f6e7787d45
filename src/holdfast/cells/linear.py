"""The contract of cells whose memory is linear in its past, and what several of them need."""

from abc import abstractmethod
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, uniform_between


class LinearCell(Cell):
    """A cell whose memory is linear in its past once the input is known, so that all its steps can be had at once.

        a_t, b_t = coefficients(p_t)
        m_t = a_t m_{t-1} + b_t            unit by unit
        output_t = read(p_t, m_t)          the memory itself unless the cell says otherwise

    The memory m is the last state. A cell whose memory is its output has that one state; another has two, the output
    first, and says in `read` how it is had. `step` follows from these, and so does a parallel scan over time.

    Complex memories are held as real pairs: the real parts of all units, then the imaginary ones. A cell that has one
    sets `complex_memory`, and its a_t and b_t are such pairs.
    """

    complex_memory: ClassVar[bool] = False

    @abstractmethod
    def coefficients(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """a and b of the steps p (..., P): b (..., width of the memory), and a that can be broadcast to it."""

    def read(self, p: Tensor, memory: Tensor) -> Tensor:
        """The output (..., width of the first state) after the steps p (..., P) that led to `memory`."""
        return memory

    def step(self, p: Tensor, state):
        a, b = self.coefficients(p)
        kept = multiply_pairs(a, state[-1]) if self.complex_memory else a * state[-1]
        memory = kept + b
        return memory if len(self.state_sizes) == 1 else (self.read(p, memory), memory)


def multiply_pairs(a: Tensor, b: Tensor) -> Tensor:
    """The product of complex numbers (..., 2N) held as real parts, then imaginary parts."""
    (a_re, a_im), (b_re, b_im) = a.chunk(2, -1), b.chunk(2, -1)
    return torch.cat([a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re], -1)


def by_head(x: Tensor, weight: Tensor) -> Tensor:
    """A product with a block-diagonal matrix: x (..., heads n) and weight (heads, m, n) to (..., heads m)."""
    return torch.cat([F.linear(part, w) for part, w in zip(x.chunk(len(weight), -1), weight, strict=True)], -1)


def check_heads(heads: int, hidden_size: int) -> int:
    """`heads`, if they divide the units.

    Raises:
        ValueError: they do not.
    """
    if not isinstance(heads, int) or heads < 1 or hidden_size % heads:
        raise ValueError(f"heads must be a whole number that divides hidden_size {hidden_size}, got {heads!r}")
    return heads


def moduli_on_a_ring(parameter: Tensor, inner: float, outer: float, generator: torch.Generator | None) -> Tensor:
    """Moduli of numbers spread evenly over the ring between two radii: their squares are uniform."""
    return uniform_between(parameter, inner**2, outer**2, generator).sqrt()
