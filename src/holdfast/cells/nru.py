"""The non-saturating recurrent unit."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter, fill, positive, uniform_like

HeadActivation = Literal["identity", "relu"]
Form = Literal["code", "paper"]


class NRU(AffineCell):
    """A memory vector without saturating gates: k heads add to it and take from it along directions that they choose.

        h_t = relu(W_ih x_t + b + W_hh h_{t-1} + W_mh m_{t-1})
        a, e, p, q, p', q' = split(W_head [h_t, m_{t-1}] + b_head)          a, e in R^k; the others in R^s
        v  = rows(rho(p q^T)),  v' = rows(rho(p' q'^T))                     s x s products, cut into k rows of M
        m_t = m_{t-1} + 1/k sum_i (rho(a_i) v_i / ||v_i||_5 - rho(e_i) v'_i / ||v'_i||_5)

    So it stands in the authors' code. In form "paper" heads see the input too, and add up instead of being averaged:

        a, e, p, q, p', q' = split(W_head [h_t, m_{t-1}] + W_x x_t + b_head)
        m_t = m_{t-1} + sum_i (...)

    Args:
        input_size: features of x_t.
        hidden_size: units H of h.
        memory_size: M, numbers in the memory.
        heads: k, heads that write and as many that erase; k M must be a square.
        head_activation: rho, "identity" (copying, denoising, pixels in the paper) or "relu" (its language models).
        form: of the heads, "code" or "paper".

    Shapes, s = sqrt(k M): weight_ih (H, I), weight_hh (H, H), weight_mh (H, M), bias (H,),
    weight_head (2k + 4s, H + M), bias_head (2k + 4s,), in form "paper" W_x as weight_input_head (2k + 4s, I).

    Source: chandar2019towards. Its results are those of the code; the paper's equations are given here from memory.

    Raises:
        ValueError: heads * memory_size is not a square, or an unknown head_activation or form.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        memory_size: int = 64,
        heads: int = 4,
        head_activation: HeadActivation = "identity",
        form: Form = "code",
        device=None,
        dtype=None,
    ):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "m": positive("memory_size", memory_size)},
            blocks=("candidate",),
            device=device,
            dtype=dtype,
        )
        side = math.isqrt(positive("heads", heads) * memory_size)
        if side**2 != heads * memory_size:
            raise ValueError(
                f"heads * memory_size must be a square, got {heads} * {memory_size}; for {heads} heads try "
                f"memory_size={heads * max(1, round(math.sqrt(memory_size / heads))) ** 2}"
            )
        if head_activation not in ("identity", "relu"):
            raise ValueError(f"head_activation must be 'identity' or 'relu', got {head_activation!r}")
        if form not in ("code", "paper"):
            raise ValueError(f"form must be 'code' or 'paper', got {form!r}")
        self.memory_size, self.heads, self.head_activation, self.form = memory_size, heads, head_activation, form
        self.head_sizes = [heads, heads, side, side, side, side]
        kind = {"device": device, "dtype": dtype}
        self.weight_mh = empty_parameter(hidden_size, memory_size, **kind)
        self.weight_head = empty_parameter(sum(self.head_sizes), hidden_size + memory_size, **kind)
        self.bias_head = empty_parameter(sum(self.head_sizes), **kind)
        read = form == "paper"
        self.weight_input_head = empty_parameter(sum(self.head_sizes), input_size, **kind) if read else None
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As in the authors' code, U(-1/sqrt(n), 1/sqrt(n)), n the number of inputs that a product sees together."""
        together = self.hidden_size + self.memory_size
        read_by_heads = together + (self.input_size if self.form == "paper" else 0)
        for name, parameter in self.named_parameters():
            fan_in = read_by_heads if name.endswith("head") else together + self.input_size
            fill(parameter, uniform_like(parameter, 1 / math.sqrt(fan_in), generator))

    def project(self, x: Tensor) -> Tensor:
        """W_ih x + b, and in form "paper" W_x x after it."""
        p = super().project(x)
        return p if self.weight_input_head is None else torch.cat([p, F.linear(x, self.weight_input_head)], -1)

    def step(self, p: Tensor, state):
        of_input = None
        if self.form == "paper":
            p, of_input = p.split([self.hidden_size, sum(self.head_sizes)], -1)
        h = (p + F.linear(state.h, self.weight_hh) + F.linear(state.m, self.weight_mh)).relu()
        head = F.linear(torch.cat([h, state.m], -1), self.weight_head, self.bias_head)
        write, erase, *factors = (head if of_input is None else head + of_input).split(self.head_sizes, -1)
        added = self.weighted(write, factors[0], factors[1])
        taken = self.weighted(erase, factors[2], factors[3])
        return h, state.m + (added - taken) / (self.heads if self.form == "code" else 1)

    def weighted(self, strength: Tensor, left: Tensor, right: Tensor) -> Tensor:
        """The heads' directions, rows of the outer product (B, s, s) cut into (B, k, M), summed by strength: (B, M)."""
        outer = (left.unsqueeze(-1) * right.unsqueeze(-2)).reshape(-1, self.heads, self.memory_size)
        directions = F.normalize(self.rho(outer), p=5, dim=-1, eps=1e-12)
        return (self.rho(strength).unsqueeze(-1) * directions).sum(-2)

    def rho(self, value: Tensor) -> Tensor:
        return value.relu() if self.head_activation == "relu" else value

    def choices(self) -> dict[str, object]:
        form: dict[str, object] = {"form": self.form} if self.form != "code" else {}
        return {"memory_size": self.memory_size, "heads": self.heads, "head_activation": self.head_activation} | form
