"""Gates whose shape is learnt: kernel activation functions, and the LSTM and GRU that have them."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from holdfast.cells.cell import positive
from holdfast.cells.gated import GatedGRU, GatedLSTM
from holdfast.cells.gates import Gate
from holdfast.cells.memory import Independent

Start = Literal["identity", "random"]
DEVIATION = 0.3
"""Standard deviation of coefficients that start at random."""


@dataclass(frozen=True)
class KAF(Gate):
    """A gate whose shape is learnt, unit by unit: bumps at fixed places, added to a straight line and squashed.

        K(a) = sum_k alpha_k exp(-gamma (a - d_k)^2)          d_k evenly spaced from -boundary to boundary
        g = sigmoid((1 - residual) K(a) + residual a)

    The bumps vanish far from the d_k; there the residual keeps the gate able to close: g tends to sigmoid(residual a).

    Args:
        dictionary_size: D, how many bumps, at least 2.
        boundary: where the outermost bumps stand, above 0.
        bandwidth: how wide a bump is: gamma = 1 / (bandwidth s^2), s the distance of neighbours. 8 in the authors'
            code, 6 in their paper on KAFs.
        residual: the share of the straight line, 1/2 in the paper; 0 leaves it out.
        start: "identity" begins with K(a) = a near the d_k, so the gate begins as the sigmoid: alpha solves
            (E + ridge I) alpha = d, with E_jk = exp(-gamma (d_j - d_k)^2). "random" draws alpha from N(0, 0.3^2).
        ridge: keeps the identity's coefficients small: up to 41 with 1e-4, 297 with 1e-6.

    At the start it differs from the sigmoid by at most 0.012 on [-8, 8]. A grid of 20 from -3 to 3, as usual for KAFs
    in feed-forward networks, would differ by 0.071: fewer and wider bumps carry the identity beyond the grid.

    Parameters: coefficients (H, D), in float32 also where the cell has half precision, since they alternate in sign; no
    weight decay.

    Source: scardapane2018recurrent; scardapane2019kafnets for bandwidths and random starts.

    Raises:
        ValueError: a setting out of its range.
    """

    dictionary_size: int = 10
    boundary: float = 4.0
    bandwidth: float = 8.0
    residual: float = 0.5
    start: Start = "identity"
    ridge: float = 1e-4

    def __post_init__(self):
        if positive("dictionary_size", self.dictionary_size) < 2:
            raise ValueError("dictionary_size must be at least 2, got 1: one bump has no neighbour to be spaced from")
        for name in ("boundary", "bandwidth", "ridge"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0 <= self.residual < 1:
            raise ValueError(f"residual must lie in [0, 1), 1/2 as in the paper, got {self.residual}")
        if self.start not in get_args(Start):
            raise ValueError(f"start must be 'identity' or 'random', got {self.start!r}")

    @property
    def spacing(self) -> float:
        """The distance of neighbouring bumps."""
        return 2 * self.boundary / (self.dictionary_size - 1)

    @property
    def gamma(self) -> float:
        """How narrow a bump is."""
        return 1 / (self.bandwidth * self.spacing**2)

    def dictionary(self, *, like: Tensor) -> Tensor:
        """Where the bumps stand, d (D,), with the dtype and device of `like`."""
        return torch.arange(self.dictionary_size, dtype=like.dtype, device=like.device) * self.spacing - self.boundary

    def initial_parameters(self, units: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        if self.start == "random":
            device = "cpu" if generator is None else generator.device
            draw = torch.empty(units, self.dictionary_size, device=device).normal_(std=DEVIATION, generator=generator)
            return {"coefficients": draw}
        d = self.dictionary(like=torch.empty(0, dtype=torch.float64, device="cpu"))
        bumps = (-self.gamma * (d.unsqueeze(1) - d) ** 2).exp()
        alpha = torch.linalg.solve(bumps + self.ridge * torch.eye(len(d), dtype=d.dtype, device="cpu"), d)
        return {"coefficients": alpha.expand(units, -1)}

    def __call__(self, *pre_activations: Tensor) -> Tensor:
        a, coefficients = pre_activations
        s = a.to(coefficients.dtype)  # the sum over bumps stays out of half precision
        bumps = (-self.gamma * (s.unsqueeze(-1) - self.dictionary(like=coefficients)) ** 2).exp()
        mixed = (1 - self.residual) * (coefficients * bumps).sum(-1) + self.residual * s
        return mixed.sigmoid().to(a.dtype)


class KAFLSTM(GatedLSTM):
    """An LSTM whose input, forget and output gate learn their shape, each unit its own: kernel activation functions.

        i, f, o = kaf(input block), kaf(forget block), kaf(output block)
        c_t = f c_{t-1} + i tanh(candidate block)
        h_t = o tanh(c_t)

        kaf(a) = sigmoid((1 - residual) K(a) + residual a),    K(a) = sum_k alpha_k exp(-gamma (a - d_k)^2)

    Every block is W x_t + b + U h_{t-1}; alpha is learnt for every gate and unit. It begins as the plain LSTM, to 0.012
    in each gate. `KAF` tells how the d_k, gamma and alpha are chosen; as a value it fits any gated cell.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        dictionary_size, boundary, bandwidth, residual, start, ridge: as for `KAF`.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,); input_gate.coefficients, forget_gate.coefficients
    and output_gate.coefficients (H, dictionary_size).

    Source: scardapane2018recurrent, where the GRU is shown; the LSTM is the same replacement.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dictionary_size: int = 10,
        boundary: float = 4.0,
        bandwidth: float = 8.0,
        residual: float = 0.5,
        start: Start = "identity",
        ridge: float = 1e-4,
        device=None,
        dtype=None,
    ):
        gate = KAF(dictionary_size, boundary, bandwidth, residual, start, ridge)
        gates = {"gate": gate, "others": gate, "memory": Independent()}
        super().__init__(input_size, hidden_size, **gates, device=device, dtype=dtype)


class KAFGRU(GatedGRU):
    """A GRU whose update and reset gate learn their shape, each unit its own: kernel activation functions.

        r, z = kaf(reset block), kaf(update block)
        n = tanh(W_n x_t + b_n + U_n (r h_{t-1}))
        h_t = z h_{t-1} + (1 - z) n

        kaf(a) = sigmoid((1 - residual) K(a) + residual a),    K(a) = sum_k alpha_k exp(-gamma (a - d_k)^2)

    Blocks are W x_t + b + U h_{t-1}; alpha is learnt for every gate and unit. It begins as the plain GRU, to 0.012 in
    each gate. The paper's z multiplies the candidate: with the signs of the block turned, that is the same network.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        dictionary_size, boundary, bandwidth, residual, start, ridge: as for `KAF`.

    Shapes: weight_ih (3H, I), weight_hh (3H, H), bias (3H,); update_gate.coefficients, reset_gate.coefficients
    (H, dictionary_size).

    Source: scardapane2018recurrent. The authors gave no code for gates; grid, bandwidth and ridge are those of their
    code for feed-forward networks but for the size of the grid, which begins nearer to the sigmoid.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dictionary_size: int = 10,
        boundary: float = 4.0,
        bandwidth: float = 8.0,
        residual: float = 0.5,
        start: Start = "identity",
        ridge: float = 1e-4,
        device=None,
        dtype=None,
    ):
        gate = KAF(dictionary_size, boundary, bandwidth, residual, start, ridge)
        super().__init__(input_size, hidden_size, gate=gate, others=gate, device=device, dtype=dtype)
