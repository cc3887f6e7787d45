"""The undamped independent controlled oscillatory network."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, uniform_between, uniform_like


class UnICORNN(Cell):
    """Oscillators without damping or coupling: each keeps its energy, and so its memory, at a rate that it learns.

        s = dt sigmoid(c)                                          each unit's own time step
        z_t = z_{t-1} - s (tanh(w y_{t-1} + W x_t + b) + alpha y_{t-1})
        y_t = y_{t-1} + s z_t                                      w y: elementwise

    The step is symplectic, hence invertible. Units are mixed by the next layer: the authors stack two or three.

    Args:
        input_size: features of x_t.
        hidden_size: oscillators H.
        dt: greatest length of a step, above 0.
        alpha: stiffness, above 0.

    The authors' settings (dt, alpha): permuted MNIST, 3 layers of 256, 0.19 and 30.65 (the defaults here); padded
    CIFAR-10, 3 layers of 128, 0.126 and 13. They drop outputs between layers with one mask for the whole sequence;
    `dropout` of the layer draws a mask for every step.

    Shapes: weight_ih W (H, I), bias (H,), recurrence w (H,), rate c (H,).

    Initialisation: w ~ U(0, 1), c ~ U(-0.1, 0.1), b = 0, W ~ U(-k, k) with k = sqrt(6 / (65 I)) (He's with slope 8).

    Source: rusch2021unicornn.

    Raises:
        ValueError: dt or alpha is not above 0.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dt: float = 0.19,
        alpha: float = 30.65,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, state_sizes={"y": hidden_size, "z": hidden_size})
        if min(dt, alpha) <= 0:
            raise ValueError(f"dt and alpha must be above 0, got {dt}, {alpha}")
        self.dt, self.alpha = float(dt), float(alpha)
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.bias = empty_parameter(hidden_size, **kind)
        self.recurrence = empty_parameter(hidden_size, **kind)
        self.rate = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        fill(self.weight_ih, uniform_like(self.weight_ih, math.sqrt(6 / (65 * self.input_size)), generator))
        fill(self.bias, 0)
        fill(self.recurrence, uniform_between(self.recurrence, 0, 1, generator))
        fill(self.rate, uniform_like(self.rate, 0.1, generator))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step(self, p: Tensor, state):
        s = self.dt * self.rate.sigmoid()
        z = state.z - s * ((self.recurrence * self.masked(state.y) + p).tanh() + self.alpha * state.y)
        return state.y + s * z, z

    def choices(self) -> dict[str, object]:
        return {"dt": self.dt, "alpha": self.alpha}
