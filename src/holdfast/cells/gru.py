"""Gated recurrent unit, in the form of `torch.nn.GRU`."""

import math

import torch
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter, fill, uniform_like


class GRU(AffineCell):
    """A state that is a moving average of candidates; the reset gate acts after the recurrent product.

        r = sigmoid(W_r x_t + b_r + U_r h_{t-1})
        z = sigmoid(W_z x_t + b_z + U_z h_{t-1})
        n = tanh(W_n x_t + b_n + r (U_n h_{t-1} + b_hn))
        h_t = (1 - z) n + z h_{t-1}                        the update gate z keeps the state

    `GatedGRU` has the reset gate before the product, as the GRU was published.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        bias: whether there are biases.

    Shapes: weight_ih (3H, I), weight_hh (3H, H), bias (3H,): those of input and state together, but for the candidate's
    b_hn, which is scaled by r: bias_hh_candidate (H,).

    Source: cho2014learning; the order of reset and product: torch.nn.GRU.
    """

    def __init__(self, input_size: int, hidden_size: int, *, bias: bool = True, device=None, dtype=None):
        blocks = ("reset", "update", "candidate")
        super().__init__(input_size, hidden_size, blocks=blocks, bias=bias, device=device, dtype=dtype)
        self.bias_hh_candidate = empty_parameter(hidden_size, device=device, dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As `torch.nn.GRU`: every parameter U(-1/sqrt(H), 1/sqrt(H)), the biases of r and z summed."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in (self.weight_ih, self.weight_hh):
            fill(weight, uniform_like(weight, bound, generator))
        if self.bias is not None and self.bias_hh_candidate is not None:
            bias_ih, bias_hh = (uniform_like(self.bias, bound, generator) for _ in range(2))
            summed = 2 * self.hidden_size
            fill(self.bias, torch.cat([bias_ih[:summed] + bias_hh[:summed], bias_ih[summed:]]))
            fill(self.bias_hh_candidate, bias_hh[summed:])

    @property
    def products(self) -> tuple[int, ...]:
        return 2 * self.hidden_size, self.hidden_size

    def step(self, p: Tensor, state):
        p_r, p_z, p_n = p.chunk(3, -1)
        u_r, u_z, u_n = self.recurrent(state.h).chunk(3, -1)
        if self.bias_hh_candidate is not None:
            u_n = u_n + self.bias_hh_candidate
        z = (p_z + u_z).sigmoid()
        n = (p_n + (p_r + u_r).sigmoid() * u_n).tanh()
        return (1 - z) * n + z * state.h
