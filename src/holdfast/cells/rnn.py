"""Recurrent networks without gates on the input: Elman's, leaky, and the one-gate network of Tallec and Ollivier."""

from typing import Literal

import torch
from torch import Tensor, nn

from holdfast.cells.cell import AffineCell, empty_parameter

Nonlinearity = Literal["tanh", "relu"]
Normalisation = Literal["none", "layer"]


class RNN(AffineCell):
    """Elman's network: the state is read, mixed and squashed anew at every step.

        h_t = phi(LN(W_ih x_t + b + W_hh h_{t-1}))         LN only with normalisation="layer"

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        nonlinearity: phi, "tanh" or "relu".
        bias: whether there is a bias; the sum of the two that `torch.nn.RNN` adds.
        normalisation: "layer" normalises the pre-activation over the units, with a learnt gain and offset.

    Shapes: weight_ih (H, I), weight_hh (H, H), bias (H,); norm.weight, norm.bias (H,).

    Source: elman1990finding; with the identity and ReLU (IRNN): le2015simple; with layer normalisation, an orthogonal
    matrix and ReLU: the RNN-orth of chandar2019towards.

    Raises:
        ValueError: an unknown nonlinearity or normalisation.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        nonlinearity: Nonlinearity = "tanh",
        bias: bool = True,
        normalisation: Normalisation = "none",
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, blocks=("candidate",), bias=bias, device=device, dtype=dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        if normalisation not in ("none", "layer"):
            raise ValueError(f"normalisation must be 'none' or 'layer', got {normalisation!r}")
        self.nonlinearity, self.normalisation = nonlinearity, normalisation
        layer = normalisation == "layer"
        self.norm = nn.LayerNorm(hidden_size, device=device, dtype=dtype) if layer else nn.Identity()
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As `torch.nn.RNN`; the layer normalisation starts as the identity."""
        super().reset_parameters(generator)
        if isinstance(self.norm, nn.LayerNorm):
            self.norm.reset_parameters()

    def step(self, p: Tensor, state):
        pre = self.norm(p + self.recurrent(state.h))
        return pre.tanh() if self.nonlinearity == "tanh" else pre.relu()

    def choices(self) -> dict[str, object]:
        return {"nonlinearity": self.nonlinearity, "normalisation": self.normalisation}


class LeakyRNN(AffineCell):
    """An RNN whose units are leaky integrators, each with a learnt constant time scale 1/a.

        a = sigmoid(leak)
        h_t = a tanh(W_ih x_t + b + W_hh h_{t-1}) + (1 - a) h_{t-1}

    It is invariant to a uniform stretching of time, but not to a varying one: that takes a gate (`GatedRNN`).

    Args:
        input_size: features of x_t.
        hidden_size: units H.

    Shapes: weight_ih (H, I), weight_hh (H, H), bias (H,), leak (H,), unbounded.

    Source: tallec2018can, equation 5; jaeger2002tutorial.
    """

    def __init__(self, input_size: int, hidden_size: int, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size, blocks=("candidate",), device=device, dtype=dtype)
        self.leak = empty_parameter(hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def step(self, p: Tensor, state):
        candidate = (p + self.recurrent(state.h)).tanh()
        return state.h + self.leak.sigmoid() * (candidate - state.h)


class GatedRNN(AffineCell):
    """An RNN with one gate per unit: the least that is invariant to any warping of time.

        i = sigmoid(W_i x_t + b_i + U_i h_{t-1})
        h_t = i tanh(W_n x_t + b_n + U_n h_{t-1}) + (1 - i) h_{t-1}

    The gate is an input gate: 1/i is the local forgetting time, so long memory means a negative b_i.

    Args:
        input_size: features of x_t.
        hidden_size: units H.

    Shapes: weight_ih (2H, I), weight_hh (2H, H), bias (2H,).

    Source: tallec2018can, equation 10.
    """

    def __init__(self, input_size: int, hidden_size: int, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size, blocks=("input", "candidate"), device=device, dtype=dtype)
        self.reset_parameters()

    def step(self, p: Tensor, state):
        i, n = (p + self.recurrent(state.h)).chunk(2, -1)
        return state.h + i.sigmoid() * (n.tanh() - state.h)
