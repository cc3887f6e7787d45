"""The linear recurrent unit."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, normal_like, positive, uniform_between
from holdfast.cells.linear import LinearCell, moduli_on_a_ring


class LRU(LinearCell):
    """Damped oscillations at fixed rates, driven by the input: a linear network that can be trained over long lags.

        lambda = exp(-exp(nu) + i exp(theta))                  inside the unit circle, whatever nu is
        h_t = lambda h_{t-1} + exp(gamma) (B x_t)              complex, N units
        y_t = Re(C h_t) + D x_t

    The factor exp(gamma) starts as sqrt(1 - |lambda|^2), so that every unit starts with about the same power.

    Args:
        input_size: features of x_t.
        hidden_size: features H of the output y.
        state_size: N, complex units; H unless given.
        r_min, r_max: the ring in which lambda starts, evenly spread, 0 <= r_min < r_max <= 1. For long lags near 1.
        max_phase: lambda starts at angles from 0 to this, in radians. For long lags small.

    Shapes: weight_ih (2N + H, I): real part of B, imaginary part of B, D; weight_re, weight_im (H, N): C; nu, theta,
    gamma (N,). The state is y (H,) and h (2N,): the real parts, then the imaginary ones.

    Initialisation: |lambda|^2 ~ U(r_min^2, r_max^2), angle ~ U(0, max_phase); B ~ N(0, 1/(2I)) in each part,
    C ~ N(0, 1/N) in each part, D ~ N(0, 1/I).

    Source: orvieto2023resurrecting. Its D is a matrix, as here; in the public reimplementation it is a diagonal one,
    N(0, 1), which needs I = H. Normalisation, GLU and the skip connection around it are a block and not the cell.

    Raises:
        ValueError: not 0 <= r_min < r_max <= 1, or max_phase is not positive.
    """

    complex_memory = True
    reads_output = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        state_size: int | None = None,
        r_min: float = 0.0,
        r_max: float = 1.0,
        max_phase: float = 2 * math.pi,
        device=None,
        dtype=None,
    ):
        units = hidden_size if state_size is None else positive("state_size", state_size)
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"y": hidden_size, "h": 2 * units},
            blocks={"real": units, "imaginary": units, "through": hidden_size},
        )
        if not 0 <= r_min < r_max <= 1:
            raise ValueError(f"LRU expects 0 <= r_min < r_max <= 1, got r_min={r_min}, r_max={r_max}")
        if not max_phase > 0:
            raise ValueError(f"max_phase must be an angle above 0, in radians, got {max_phase}")
        self.state_size, self.r_min, self.r_max, self.max_phase = units, r_min, r_max, max_phase
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(2 * units + hidden_size, input_size, **kind)
        self.weight_re = empty_parameter(hidden_size, units, **kind)
        self.weight_im = empty_parameter(hidden_size, units, **kind)
        self.nu = empty_parameter(units, **kind)
        self.theta = empty_parameter(units, **kind)
        self.gamma = empty_parameter(units, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        edge = 1e-6  # neither 0, which has no logarithm, nor a unit that never decays
        modulus = moduli_on_a_ring(self.nu, self.r_min, self.r_max, generator).clamp(edge, 1 - edge)
        angle = uniform_between(self.theta, 0, self.max_phase, generator)
        fill(self.nu, (-modulus.log()).log())
        fill(self.theta, angle.clamp(min=edge).log())
        fill(self.gamma, (-(modulus**2)).log1p() / 2)
        stds = {"real": math.sqrt(1 / 2), "imaginary": math.sqrt(1 / 2), "through": 1.0}
        for name, std in stds.items():
            rows = self.weight_ih[self.block(name)]
            fill(rows, normal_like(rows, std / math.sqrt(self.input_size), generator))
        for weight in (self.weight_re, self.weight_im):
            fill(weight, normal_like(weight, 1 / math.sqrt(self.state_size), generator))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih)

    def coefficients(self, p: Tensor) -> tuple[Tensor, Tensor]:
        modulus, angle = (-self.nu.exp()).exp(), self.theta.exp()
        rate = torch.cat([modulus * angle.cos(), modulus * angle.sin()])
        gain = self.gamma.exp()
        return rate, torch.cat([gain, gain]) * p[..., : 2 * self.state_size]

    def read(self, p: Tensor, memory: Tensor) -> Tensor:
        real_part = torch.cat([self.weight_re, -self.weight_im], 1)
        return F.linear(memory, real_part) + p[..., 2 * self.state_size :]

    def choices(self) -> dict[str, object]:
        return {"state_size": self.state_size}
