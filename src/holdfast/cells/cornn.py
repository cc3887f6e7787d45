"""The coupled oscillatory network: damped, driven oscillators whose coupling is learnt."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter, fill, uniform_like


class CoRNN(AffineCell):
    """Each unit is a damped oscillator with position y and velocity z, driven by the input and by all the others.

        z_t = z_{t-1} + dt (tanh(W x_t + b + U y_{t-1} + V z_{t-1}) - gamma y_{t-1} - epsilon z_{t-1})
        y_t = y_{t-1} + dt z_t

    Positions stay bounded and gradients grow at most slowly with time, if dt is small: the paper's bounds are in dt,
    and its sequences have dt near 1/sqrt(T).

    Args:
        input_size: features of x_t.
        hidden_size: oscillators H.
        dt: length of a step in the time of the oscillators, above 0.
        gamma: stiffness, the square of the frequency without coupling, above 0.
        epsilon: damping, above 0.

    The authors' settings (dt, gamma, epsilon): MNIST 0.042, 2.7, 4.7 (the defaults here); permuted 0.076, 0.4, 8.0;
    padded CIFAR-10 0.034, 1.3, 12.7; adding 0.06, 66, 15.

    Shapes: weight_ih W (H, I), weight_hh U (H, H), weight_zh V (H, H), bias (H,).

    Initialisation: everything U(-1/sqrt(I + 2H), 1/sqrt(I + 2H)), as the authors' one matrix over [x, z, y].

    Source: rusch2021coupled. As in the authors' code the damping acts on z_{t-1}; the paper's analysis also has a form
    in which it acts on z_t.

    Raises:
        ValueError: dt, gamma or epsilon is not above 0.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dt: float = 0.042,
        gamma: float = 2.7,
        epsilon: float = 4.7,
        device=None,
        dtype=None,
    ):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"y": hidden_size, "z": hidden_size},
            blocks=("candidate",),
            device=device,
            dtype=dtype,
        )
        if min(dt, gamma, epsilon) <= 0:
            raise ValueError(f"dt, gamma and epsilon must be above 0, got {dt}, {gamma}, {epsilon}")
        self.dt, self.gamma, self.epsilon = float(dt), float(gamma), float(epsilon)
        self.weight_zh = empty_parameter(hidden_size, hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        bound = 1 / math.sqrt(self.input_size + 2 * self.hidden_size)
        for parameter in self.parameters():
            fill(parameter, uniform_like(parameter, bound, generator))

    def step(self, p: Tensor, state):
        force = (p + F.linear(self.masked(state.y), self.weight_hh) + F.linear(state.z, self.weight_zh)).tanh()
        z = state.z + self.dt * (force - self.gamma * state.y - self.epsilon * state.z)
        return state.y + self.dt * z, z

    def choices(self) -> dict[str, object]:
        return {"dt": self.dt, "gamma": self.gamma, "epsilon": self.epsilon}
