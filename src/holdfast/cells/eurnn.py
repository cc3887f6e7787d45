"""The efficient unitary network: a recurrent matrix made of rotations of pairs of units."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, uniform_like
from holdfast.cells.derived import DerivedCell, as_real_pair, widened
from holdfast.cells.modrelu import complex_modrelu, modrelu
from holdfast.cells.rotations import Style, layers_of, pairs_of, product_of_rotations


class EURNN(DerivedCell):
    """A unitary recurrent matrix whose freedom can be chosen: layers of rotations, from a few to all of them.

        W = D G_L ... G_2 G_1
        h_t = modReLU(W h_{t-1} + V x_t)                      z / |z| relu(|z| + b)

    Each G_l turns disjoint pairs of units (a, b) by an angle of their own, and each b by a phase:

        a' = cos(angle) a - sin(angle) e^(i phase) b,   b' = sin(angle) a + cos(angle) e^(i phase) b

    D is diagonal, with phases too. `style` says which units are pairs: "tunable", neighbours, with `capacity` layers
    (as many as units reach every unitary matrix); or "fft", log2 H layers that mix all units. Without phases,
    `field="real"`, W is orthogonal.

    A complex state is [Re h; Im h], of 2 H numbers, and so is the output. W is multiplied out once for each sequence:
    a step is one dense product, which costs H^2 and not H L as the factors would, but runs at full speed.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        style: "tunable" or "fft".
        capacity: L, layers of the tunable style, in 1..H.
        field: "complex" or "real".

    Shapes, with P pairs and n = 2H for complex states, H for real ones: weight_ih V (n, I), real parts first; angles
    (P,) layer by layer; bias_modulus b (H,); complex ones also phases (P,) and diagonal (H,).

    Initialisation: angles and phases U(-pi, pi), V ~ U(-0.01, 0.01), b = 0.

    Source: jing2017tunable. The authors' code learns h_0 in some versions, here it is 0; its later version starts all
    angles in (-0.01, 0.01) and b at -0.01. It takes only even H and capacities, and powers of 2 for "fft"; here units
    that have no partner are left alone.

    Raises:
        ValueError: an unknown style or field, or a capacity out of range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        style: Style = "tunable",
        capacity: int = 2,
        field: Literal["complex", "real"] = "complex",
        device=None,
        dtype=None,
    ):
        if field not in ("complex", "real"):
            raise ValueError(f"field must be 'complex' or 'real', got {field!r}")
        parts = {"real": hidden_size, "imaginary": hidden_size} if field == "complex" else {"candidate": hidden_size}
        super().__init__(input_size, hidden_size, state_sizes={"h": sum(parts.values())}, blocks=parts)
        self.style, self.capacity, self.field = style, capacity, field
        self.layers = layers_of(style, capacity, hidden_size)
        kind = {"device": device, "dtype": dtype}
        pairs, turning = pairs_of(self.layers), field == "complex"
        self.weight_ih = empty_parameter(self.output_size, input_size, **kind)
        self.angles = empty_parameter(pairs, **kind)
        self.phases = empty_parameter(pairs, **kind) if turning else None
        self.diagonal = empty_parameter(hidden_size, **kind) if turning else None
        self.bias_modulus = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        fill(self.weight_ih, uniform_like(self.weight_ih, 0.01, generator))
        for angles in (self.angles, self.phases, self.diagonal):
            if angles is not None:
                fill(angles, uniform_like(angles, math.pi, generator))
        fill(self.bias_modulus, 0)

    def derive(self) -> tuple[Tensor, ...]:
        """W as a real matrix, (H, H) or (2H, 2H)."""
        angles = widened(self.angles)
        if self.phases is None or self.diagonal is None:
            return (product_of_rotations(self.hidden_size, self.layers, angles).to(self.angles.dtype),)
        matrix = product_of_rotations(self.hidden_size, self.layers, angles, widened(self.phases))
        last = widened(self.diagonal).unsqueeze(-1)
        return (as_real_pair(torch.complex(last.cos(), last.sin()) * matrix).to(self.angles.dtype),)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih)

    def step_with(self, p: Tensor, state, *derived: Tensor):
        (weight,) = derived
        z = p + F.linear(state.h, weight)
        return complex_modrelu(z, self.bias_modulus) if self.field == "complex" else modrelu(z, self.bias_modulus)

    def choices(self) -> dict[str, object]:
        return {"style": self.style, "capacity": self.capacity, "field": self.field}
