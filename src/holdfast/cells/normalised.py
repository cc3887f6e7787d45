"""The LSTM with layer normalisation."""

import torch
from torch import Tensor, nn

from holdfast.cells.cell import AffineCell


class LayerNormLSTM(AffineCell):
    """An LSTM whose pre-activations and memory have the same mean and variance at every step, in every row.

        i, f, g, o = split(LN(W_ih x_t) + b + LN(W_hh h_{t-1}))
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(LN(c_t))

    LN takes mean and variance over the units of a row: over all four blocks together, and over c_t. Each has a gain of
    its own, that of c_t an offset too; the offsets of the other two are the bias b.

    Args:
        input_size: features of x_t. With a single one, LN leaves little more than its sign.
        hidden_size: units H.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,); norm_ih.weight, norm_hh.weight (4H,); norm_c.weight,
    norm_c.bias (H,). Gains start at 1, norm_c.bias at 0.

    Source: ba2016layer. Many libraries normalise block by block instead, and not the input's part. `LayerNorm` does it
    to other cells, but for the memory.
    """

    def __init__(self, input_size: int, hidden_size: int, *, device=None, dtype=None):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks=("input", "forget", "candidate", "output"),
            device=device,
            dtype=dtype,
        )
        self.norm_ih = nn.LayerNorm(4 * hidden_size, bias=False, device=device, dtype=dtype)
        self.norm_hh = nn.LayerNorm(4 * hidden_size, bias=False, device=device, dtype=dtype)
        self.norm_c = nn.LayerNorm(hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Weights and bias as `torch.nn.LSTM`; the normalisations as they are."""
        super().reset_parameters(generator)
        for norm in self.children():
            assert isinstance(norm, nn.LayerNorm)
            norm.reset_parameters()

    def step(self, p: Tensor, state):
        i, f, g, o = (p + self.recurrent(state.h)).chunk(4, -1)
        c = f.sigmoid() * state.c + i.sigmoid() * g.tanh()
        return o.sigmoid() * self.norm_c(c).tanh(), c
