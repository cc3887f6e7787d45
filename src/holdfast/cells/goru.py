"""The gated orthogonal recurrent unit: a GRU whose candidate is turned by an orthogonal matrix."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, uniform_like
from holdfast.cells.derived import DerivedCell, widened
from holdfast.cells.modrelu import modrelu
from holdfast.cells.rotations import Style, layers_of, pairs_of, product_of_rotations


class GORU(DerivedCell):
    """An orthogonal network that can also forget: gates decide what is turned on and what is replaced.

        r = sigmoid(W_r x_t + b_r + U_r h_{t-1})              reset
        g = sigmoid(W_g x_t + b_g + U_g h_{t-1})              update: g keeps the state
        c = modReLU(W_c x_t + r (Q h_{t-1})),                 sign(z) relu(|z| + b)
        h_t = g h_{t-1} + (1 - g) c

    Q is orthogonal, a product of layers of rotations of pairs of units; see `EURNN`, field="real".

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        style: "fft", log2 H layers that mix all units, or "tunable", `capacity` layers of neighbours.
        capacity: layers of the tunable style, in 1..H.

    Shapes, with P pairs: weight_ih (3H, I) in the order reset, update, candidate; weight_hh (2H, H) and bias (2H,) for
    reset and update; angles (P,) layer by layer; bias_modulus b (H,).

    Initialisation: weights U(-0.01, 0.01), angles U(-pi, pi), b_r = 2, b_g = 0, b = 0.011.

    Source: jing2019gated. The authors' code has relu(|z| + 0.001 + b) with b = 0.01; here both are in b. Its b_g is
    drawn by a default of the framework; it takes only powers of 2 for H, here units that have no partner are left
    alone.

    Raises:
        ValueError: an unknown style, or a capacity out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        style: Style = "fft",
        capacity: int = 2,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, blocks=("reset", "update", "candidate"))
        self.style, self.capacity = style, capacity
        self.layers = layers_of(style, capacity, hidden_size)
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(3 * hidden_size, input_size, **kind)
        self.weight_hh = empty_parameter(2 * hidden_size, hidden_size, **kind)
        self.bias = empty_parameter(2 * hidden_size, **kind)
        self.angles = empty_parameter(pairs_of(self.layers), **kind)
        self.bias_modulus = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        for weight in (self.weight_ih, self.weight_hh):
            fill(weight, uniform_like(weight, 0.01, generator))
        fill(self.angles, uniform_like(self.angles, math.pi, generator))
        fill(self.bias, 0)
        fill(self.bias[self.block("reset")], 2)
        fill(self.bias_modulus, 0.011)

    def derive(self) -> tuple[Tensor, ...]:
        """The gates' weights and Q, one below the other: (3H, H)."""
        rotation = product_of_rotations(self.hidden_size, self.layers, widened(self.angles))
        return (torch.cat([self.weight_hh, rotation.to(self.weight_hh.dtype)]),)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, F.pad(self.bias, (0, self.hidden_size)))

    def step_with(self, p: Tensor, state, *derived: Tensor):
        (weights,) = derived
        p_r, p_g, p_c = p.chunk(3, -1)
        u_r, u_g, turned = F.linear(self.masked(state.h), weights).chunk(3, -1)
        g = (p_g + u_g).sigmoid()
        c = modrelu(p_c + (p_r + u_r).sigmoid() * turned, self.bias_modulus)
        return g * state.h + (1 - g) * c

    def choices(self) -> dict[str, object]:
        return {"style": self.style, "capacity": self.capacity}
