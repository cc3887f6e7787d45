"""The independently recurrent network: each unit sees only its own past."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, uniform_between, uniform_like


class IndRNN(Cell):
    """Every unit has one recurrent weight, its own, so how long it remembers can be read off and bounded.

        h_t = phi(W x_t + b + u h_{t-1})                   u h: elementwise
        |u| <= max_gain^(1/t_max)                          1 without t_max

    So a gradient grows over t_max steps by at most `max_gain`. Units are mixed by the next layer: stack at least two.

    How the bound is kept: `step` clips u, so no path ever computes with a larger one; and before each sequence that is
    trained on, the parameter itself is moved back to the bound, as the authors' code does before each batch. Otherwise
    a weight beyond the bound would stay there for ever, where the clip has no gradient. Any training loop gets both.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        nonlinearity: phi, "relu" or "tanh".
        t_max: T, the longest sequence in steps; None bounds |u| by 1, the limit for long ones.
        max_gain: by how much a gradient may grow over T steps, at least 1. The paper has 2; the authors' code for
            pixels 5.
        last_start: where u begins at the least in the last layer of a stack, from 0 to 1. 1 for a long sequence that is
            read at its last step: each unit there begins as a sum over all of it.

    Shapes: weight_ih (H, I), bias (H,), recurrence u (H,).

    Initialisation: u ~ U(0, 1), in the last layer of a stack U(last_start, 1); biases 0, W ~ U(-1/sqrt(I), 1/sqrt(I)).
    For tasks that are read at their last step the paper has u = 1 in the last layer, or near it.

    Source: li2018independently. The authors' networks also have batch normalisation between layers, which is no part
    of the cell.

    Raises:
        ValueError: an unknown nonlinearity; t_max or max_gain below 1; last_start outside of [0, 1].
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        nonlinearity: Literal["relu", "tanh"] = "relu",
        t_max: int | None = None,
        max_gain: float = 2.0,
        last_start: float = 0.0,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, blocks=("candidate",))
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        if (t_max is not None and t_max < 1) or max_gain < 1:
            raise ValueError(f"IndRNN expects t_max and max_gain of at least 1, got {t_max} and {max_gain}")
        if not 0 <= last_start <= 1:
            raise ValueError(f"last_start must lie between 0 and 1, where recurrent weights start, got {last_start}")
        self.nonlinearity, self.t_max, self.max_gain = nonlinearity, t_max, float(max_gain)
        self.last_start, self.least = float(last_start), 0.0
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.bias = empty_parameter(hidden_size, **kind)
        self.recurrence = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    @property
    def bound(self) -> float:
        """The greatest |u|."""
        return 1.0 if self.t_max is None else self.max_gain ** (1 / self.t_max)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        fill(self.weight_ih, uniform_like(self.weight_ih, 1 / math.sqrt(self.input_size), generator))
        fill(self.bias, 0)
        fill(self.recurrence, uniform_between(self.recurrence, self.least, 1, generator))

    def take_place(self, layer: int, layers: int) -> None:
        if layer == layers - 1 and self.last_start:
            self.least = self.last_start
            fill(self.recurrence, uniform_between(self.recurrence, self.least, 1, None))

    def settle(self) -> None:
        # `.data`: a value within the bound stays as it is, so a graph that holds it is not disturbed
        self.recurrence.data.clamp_(-self.bound, self.bound)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step(self, p: Tensor, state):
        pre = p + self.recurrence.clamp(-self.bound, self.bound) * state.h
        return pre.tanh() if self.nonlinearity == "tanh" else pre.relu()

    def choices(self) -> dict[str, object]:
        own: dict[str, object] = {"last_start": self.last_start} if self.last_start else {}
        return {"nonlinearity": self.nonlinearity, "t_max": self.t_max, "max_gain": self.max_gain} | own
