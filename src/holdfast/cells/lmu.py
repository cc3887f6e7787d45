"""The Legendre memory unit: a window of the past, held as coefficients of Legendre polynomials."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, normal_like, positive, uniform_like


class LMU(Cell):
    """A linear memory that holds the last theta steps of one signal, and a tanh network that writes and reads it.

        u_t = e_x x_t + e_h h_{t-1} + e_m m_{t-1}                  one number; e_x x_t alone with feedback="none"
        m_t = A m_{t-1} + B u_t
        h_t = tanh(W_x x_t + b + W_h h_{t-1} + W_m m_t)

    A and B are fixed. They are the exact solution, over one step in which u is constant (zero-order hold), of

        theta dm/dt = A' m + B' u          A'_ij = (2i + 1) (-1 if i < j else (-1)^(i-j+1)),   B'_i = (2i + 1) (-1)^i

    whose state m are the coefficients of the first M Legendre polynomials that best describe u over the last theta
    steps.

    Args:
        input_size: features of x_t.
        hidden_size: units H of h.
        memory_size: M, polynomials; more of them resolve finer detail within the window.
        theta: length of the window in steps, above 0.
        feedback: what writes to the memory besides the input: "all", as the paper's equations, or "none".
        encoder: how e_x starts, "lecun" (e_h too) or "ones".

    The published setting for permuted MNIST: hidden_size=212, memory_size=256, theta=784, feedback="none",
    encoder="ones".

    Shapes: weight_ih W_x (H, I), weight_hh W_h (H, H), weight_mh W_m (H, M), bias (H,), encoder_ih e_x (1, I), and with
    feedback encoder_hh e_h (1, H), encoder_mh e_m (1, M); buffers transition A (M, M), injection B (M,).

    Initialisation: W_x, W_h, W_m normal with variance 2 / (rows + columns) (Glorot), biases and e_m 0, e_x and e_h
    U(-sqrt(3/n), sqrt(3/n)) with n their number (LeCun).

    Source: voelker2019legendre. The authors' first code has no bias; their later one feeds several signals into as
    many memories (here it is one), and has a bias, as here.

    With feedback="none" the memory is linear in its past, but the cell is not: h_{t-1} comes back through a tanh, so
    every step is to be walked in any case. The products with A and W_m could be done for all steps at once, as a
    convolution of u; a parallel scan is for cells that are linear as a whole (`LinearCell`), and so there is none here.

    Raises:
        ValueError: a size, theta, feedback or encoder out of range.
    """

    transition: Tensor
    injection: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        memory_size: int = 64,
        theta: float = 784.0,
        feedback: Literal["all", "none"] = "all",
        encoder: Literal["lecun", "ones"] = "lecun",
        device=None,
        dtype=None,
    ):
        memory = positive("memory_size", memory_size)
        super().__init__(input_size, hidden_size, state_sizes={"h": hidden_size, "m": memory}, blocks=("candidate",))
        if theta <= 0:
            raise ValueError(f"theta must be above 0 steps, got {theta}")
        if feedback not in ("all", "none"):
            raise ValueError(f"feedback must be 'all' or 'none', got {feedback!r}")
        if encoder not in ("lecun", "ones"):
            raise ValueError(f"encoder must be 'lecun' or 'ones', got {encoder!r}")
        self.memory_size, self.theta, self.feedback, self.encoder = memory, float(theta), feedback, encoder
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.weight_hh = empty_parameter(hidden_size, hidden_size, **kind)
        self.weight_mh = empty_parameter(hidden_size, memory, **kind)
        self.bias = empty_parameter(hidden_size, **kind)
        self.encoder_ih = empty_parameter(1, input_size, **kind)
        self.encoder_hh = empty_parameter(1, hidden_size, **kind) if feedback == "all" else None
        self.encoder_mh = empty_parameter(1, memory, **kind) if feedback == "all" else None
        transition, injection = zero_order_hold(memory, self.theta)
        self.register_buffer("transition", transition.to(self.weight_ih))
        self.register_buffer("injection", injection.to(self.weight_ih))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        for weight in (self.weight_ih, self.weight_hh, self.weight_mh):
            fill(weight, normal_like(weight, (2 / sum(weight.shape)) ** 0.5, generator))
        fill(self.bias, 0)
        for encoder in (self.encoder_ih, self.encoder_hh):
            if encoder is not None:
                fill(encoder, uniform_like(encoder, (3 / encoder.numel()) ** 0.5, generator))
        if self.encoder == "ones":
            fill(self.encoder_ih, 1)
        if self.encoder_mh is not None:
            fill(self.encoder_mh, 0)

    def project(self, x: Tensor) -> Tensor:
        """[W_x x + b, e_x x]."""
        return F.linear(x, torch.cat([self.weight_ih, self.encoder_ih]), F.pad(self.bias, (0, 1)))

    def step(self, p: Tensor, state):
        pre, u = p.split([self.hidden_size, 1], -1)
        if self.encoder_hh is None or self.encoder_mh is None:
            from_h, from_m = F.linear(state.h, self.weight_hh), F.linear(state.m, self.transition)
        else:
            both_h = F.linear(state.h, torch.cat([self.weight_hh, self.encoder_hh]))
            both_m = F.linear(state.m, torch.cat([self.transition, self.encoder_mh]))
            from_h, u_h = both_h.split([self.hidden_size, 1], -1)
            from_m, u_m = both_m.split([self.memory_size, 1], -1)
            u = u + u_h + u_m
        m = from_m + u * self.injection
        return (pre + from_h + F.linear(m, self.weight_mh)).tanh(), m

    def choices(self) -> dict[str, object]:
        return {
            "memory_size": self.memory_size,
            "theta": self.theta,
            "feedback": self.feedback,
            "encoder": self.encoder,
        }


def zero_order_hold(order: int, theta: float) -> tuple[Tensor, Tensor]:
    """A (M, M) and B (M,) of the memory for steps of length 1, in float64.

    [[A, B], [0, 1]] = exp([[A', B'], [0, 0]] / theta).
    """
    i = torch.arange(order, dtype=torch.float64).unsqueeze(1)
    j = i.T
    alternating = torch.where((i - j) % 2 == 0, -1.0, 1.0).to(i)
    continuous = torch.zeros(order + 1, order + 1, dtype=torch.float64)
    continuous[:order, :order] = (2 * i + 1) * torch.where(i < j, -torch.ones_like(alternating), alternating)
    continuous[:order, order:] = (2 * i + 1) * torch.where(i % 2 == 0, 1.0, -1.0).to(i)
    discrete = torch.matrix_exp(continuous / theta)
    return discrete[:order, :order], discrete[:order, order]
