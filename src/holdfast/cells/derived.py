"""Cells whose matrices follow from their parameters."""

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from holdfast.cells.cell import Cell


class DerivedCell(Cell):
    """A cell that computes with what follows from its parameters at some cost: an exponential, a product of rotations.

    `derive` runs once for a sequence, not once for a step; a kernel runs it in its prologue.
    """

    @abstractmethod
    def derive(self) -> tuple[Tensor, ...]:
        """What the steps of a sequence have in common: a function of parameters and buffers alone."""

    @abstractmethod
    def step_with(self, p: Tensor, state, *derived: Tensor) -> Tensor | tuple[Tensor, ...]:
        """`step`, given what `derive` yields."""

    def step(self, p: Tensor, state):
        return self.step_with(p, state, *self.derive())

    def stepper(self) -> Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]:
        derived = self.derive()
        return lambda p, state: self.make_state(self.step_with(p, state, *derived))


def widened(tensor: Tensor) -> Tensor:
    """`tensor` in double precision, so that what is derived is orthogonal to the last bit of the cell's own.

    In single precision `torch.matrix_exp` is off by up to 1e-5, which 1,000 steps would multiply.
    """
    return tensor.to(torch.float32 if tensor.device.type == "mps" else torch.float64)  # Apple's GPUs have no double


def as_real_pair(matrix: Tensor) -> Tensor:
    """A complex matrix (H, H) as the real one (2H, 2H) that acts on [Re z; Im z]."""
    real, imaginary = matrix.real, matrix.imag
    return torch.cat([torch.cat([real, -imaginary], 1), torch.cat([imaginary, real], 1)])
