"""LSTMs whose gates are trained with noise: binary-valued gates, and noisy activation functions."""

import math

import torch
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter, fill

EDGE = 1e-3
"""How near to 0 and 1 the uniform draws of logistic noise come; as in the authors' code."""


class BinaryGateLSTM(AffineCell):
    """An LSTM whose input and forget gates are pushed towards 0 and 1 by noise that only a decided gate withstands.

        i = sigmoid((input block + e_i) / temperature)
        f = sigmoid((forget block + e_f) / temperature)
        c_t = f c_{t-1} + i tanh(candidate block)
        h_t = sigmoid(output block) tanh(c_t)

    Every block is W x_t + b + U h_{t-1}. e = log u - log(1 - u), u ~ U(0, 1), is drawn for each unit, row and step
    while training (the Gumbel-softmax estimator of a binary gate); 0 in evaluation mode.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        temperature: above 0; the smaller, the nearer the gates are to 0 or 1.
        noise_share: probability that a gate has noise at a step: 1 in the paper, 0.2 in the authors' code.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,).

    Source: li2018towards.

    Published: a perplexity of 52.1 on words of the Penn Treebank where the LSTM under it has 52.8, and a BLEU of 31.95
    for 31.00 from German to English; from memory, not checked against the paper.

    Raises:
        ValueError: a temperature or share out of its range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        temperature: float = 0.9,
        noise_share: float = 1.0,
        device=None,
        dtype=None,
    ):
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if not 0 <= noise_share <= 1:
            raise ValueError(f"noise_share must be a probability, got {noise_share}")
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks=("input", "forget", "candidate", "output"),
            device=device,
            dtype=dtype,
        )
        self.temperature, self.noise_share = float(temperature), float(noise_share)
        self.reset_parameters()

    def project(self, x: Tensor) -> Tensor:
        p = super().project(x)
        if not self.training:
            return p
        gates, others = p.chunk(2, -1)
        return torch.cat([gates + self.noise(gates), others], -1)

    def noise(self, like: Tensor) -> Tensor:
        """Logistic noise for a share of the gates."""
        u = torch.rand(like.shape, device=like.device).clamp(EDGE, 1 - EDGE)
        chosen = torch.rand(like.shape, device=like.device) < self.noise_share
        return torch.where(chosen, u.logit(), 0.0).to(like.dtype)

    def step(self, p: Tensor, state):
        i, f, g, o = (p + self.recurrent(state.h)).chunk(4, -1)
        c = (f / self.temperature).sigmoid() * state.c + (i / self.temperature).sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def choices(self) -> dict[str, object]:
        return {"temperature": self.temperature, "noise_share": self.noise_share}


class NoisyLSTM(AffineCell):
    """An LSTM of hard nonlinearities whose saturated units get noise, so that they can find back.

        u = a/4 + 1/2 in gates, a in candidate and output           the linear part
        k = clip(u, 0, 1) in gates, clip(u, -1, 1) in the others    the hard nonlinearity
        s = scale (sigmoid(v (k - u)) - 1/2)^2                      no noise where k = u
        phi(a) = alpha k + (1 - alpha) u + sign(a) s e

        c_t = phi(f) c_{t-1} + phi(i) phi(g);   h_t = phi(o) phi(c_t)

    e = |n|, n ~ N(0, 1), is drawn for each unit, row and step while training; its mean sqrt(2 / pi) in evaluation mode.
    The paper's sign of the noise, -sign(a) sign(1 - alpha), is sign(a), since alpha is above 1.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        gate_alpha, gate_scale: alpha and scale of the three gates.
        alpha, scale: those of candidate and output.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,); sensitivity (5H,): v of input, forget, candidate and
    output block and of the memory, one a unit, starting at 1.

    Source: gulcehre2016noisy.

    Published: 48.09 % of programs evaluated rightly where the LSTM had 46.45 %; from memory, not checked against the
    paper.

    Raises:
        ValueError: an alpha that is not above 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        gate_alpha: float = 1.1,
        gate_scale: float = 0.15,
        alpha: float = 1.15,
        scale: float = 0.5,
        device=None,
        dtype=None,
    ):
        for name, value in (("gate_alpha", gate_alpha), ("alpha", alpha)):
            if value <= 1:
                raise ValueError(f"{name} must be above 1, got {value}")
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks=("input", "forget", "candidate", "output"),
            device=device,
            dtype=dtype,
        )
        self.gate_alpha, self.gate_scale = float(gate_alpha), float(gate_scale)
        self.alpha, self.scale = float(alpha), float(scale)
        self.sensitivity = empty_parameter(5 * hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Weights and bias as `torch.nn.LSTM`; every sensitivity 1."""
        super().reset_parameters(generator)
        fill(self.sensitivity, 1.0)

    def project(self, x: Tensor) -> Tensor:
        p = super().project(x)
        shape = (*x.shape[:-1], 5 * self.hidden_size)
        if self.training:
            noise = torch.randn(shape, dtype=p.dtype, device=p.device).abs()
        else:
            noise = torch.full(shape, math.sqrt(2 / math.pi), dtype=p.dtype, device=p.device)
        return torch.cat([p, noise], -1)

    def step(self, p: Tensor, state):
        width = self.hidden_size
        p, noise = p.split([4 * width, 5 * width], -1)
        i, f, g, o = (p + self.recurrent(state.h)).chunk(4, -1)
        e_i, e_f, e_g, e_o, e_c = noise.chunk(5, -1)
        v_i, v_f, v_g, v_o, v_c = self.sensitivity.chunk(5, -1)
        c = self.gate(f, v_f, e_f) * state.c + self.gate(i, v_i, e_i) * self.squash(g, v_g, e_g)
        return self.gate(o, v_o, e_o) * self.squash(c, v_c, e_c), c

    def gate(self, a: Tensor, v: Tensor, e: Tensor) -> Tensor:
        """A noisy hard sigmoid."""
        u = 0.25 * a + 0.5
        return noisy(a, u, u.clamp(0, 1), v, e, alpha=self.gate_alpha, scale=self.gate_scale)

    def squash(self, a: Tensor, v: Tensor, e: Tensor) -> Tensor:
        """A noisy hard tanh."""
        return noisy(a, a, a.clamp(-1, 1), v, e, alpha=self.alpha, scale=self.scale)

    def choices(self) -> dict[str, object]:
        names = ("gate_alpha", "gate_scale", "alpha", "scale")
        return {name: getattr(self, name) for name in names}


def noisy(a: Tensor, u: Tensor, k: Tensor, v: Tensor, e: Tensor, *, alpha: float, scale: float) -> Tensor:
    """phi(a) = alpha k + (1 - alpha) u + sign(a) s e."""
    s = scale * ((v * (k - u)).sigmoid() - 0.5) ** 2
    return alpha * k + (1 - alpha) * u + a.sign() * s * e
