"""The real-gated linear recurrent unit of Griffin."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, normal_like
from holdfast.cells.linear import LinearCell, by_head, check_heads, moduli_on_a_ring

SHARPNESS = 8.0
"""c of the paper: how far the recurrence gate moves the rate of forgetting."""

LEAST_VARIANCE = 1e-12
"""Below it sqrt(1 - a^2) is constant: its slope there would be beyond all bounds."""


class RGLRU(LinearCell):
    """A diagonal recurrence whose rate of forgetting a gate on the input sets, with input scaled to keep the variance.

        u = W_ih x_t + b_ih
        r = sigmoid(W_r u + b_r),   i = sigmoid(W_i u + b_i)             block-diagonal, one block a head
        a = exp(-8 r softplus(decay))                                    = radius^(8 r), radius = exp(-softplus(decay))
        h_t = a h_{t-1} + sqrt(1 - a^2) (i u)

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        heads: blocks of W_r and W_i; divides `hidden_size`.
        r_min, r_max: the radii between which units start, 0 < r_min < r_max < 1.

    Shapes, n = H / heads: weight_ih (H, I), bias_ih (H,), weight_gate (2, heads, n, n), bias_gate (2H,), those of r
    before those of i; decay (H,).

    Initialisation: radius^2 ~ U(r_min^2, r_max^2), W_ih ~ N(0, 1/I), W_r and W_i ~ N(0, 1/n), biases 0.

    Source: de2024griffin. The map W_ih is the linear branch in front of it; convolution, the GeLU branch and the map
    behind it are a block and not the cell. The authors' code leaves out the factor sqrt(1 - a^2) at the first step of
    a document, and bounds the slope of the root by 1000; here the paper's equation holds at every step.

    Raises:
        ValueError: `heads` does not divide `hidden_size`, or not 0 < r_min < r_max < 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        heads: int = 1,
        r_min: float = 0.9,
        r_max: float = 0.999,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size)
        if not 0 < r_min < r_max < 1:
            raise ValueError(f"RGLRU expects 0 < r_min < r_max < 1, got r_min={r_min}, r_max={r_max}")
        self.heads, self.r_min, self.r_max = check_heads(heads, hidden_size), r_min, r_max
        width, kind = hidden_size // heads, {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.bias_ih = empty_parameter(hidden_size, **kind)
        self.weight_gate = empty_parameter(2, heads, width, width, **kind)
        self.bias_gate = empty_parameter(2 * hidden_size, **kind)
        self.decay = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        radius = moduli_on_a_ring(self.decay, self.r_min, self.r_max, generator)
        fill(self.decay, (1 / radius - 1).log())
        for weight in (self.weight_ih, self.weight_gate):
            fill(weight, normal_like(weight, 1 / math.sqrt(weight.shape[-1]), generator))
        for bias in (self.bias_ih, self.bias_gate):
            fill(bias, 0)

    def project(self, x: Tensor) -> Tensor:
        u = F.linear(x, self.weight_ih, self.bias_ih)
        gates = torch.cat([by_head(u, weight) for weight in self.weight_gate], -1) + self.bias_gate
        return torch.cat([u, gates], -1)

    def coefficients(self, p: Tensor) -> tuple[Tensor, Tensor]:
        u, r, i = p.chunk(3, -1)
        log_a = -SHARPNESS * r.sigmoid() * F.softplus(self.decay)
        lost = -(2 * log_a).expm1()  # 1 - a^2, without the rounding of 1 - (nearly 1)
        return log_a.exp(), lost.clamp(min=LEAST_VARIANCE).sqrt() * i.sigmoid() * u

    def choices(self) -> dict[str, object]:
        return {"heads": self.heads}
