"""The clockwork network: groups of units that are updated at different rates."""

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, normal_like, positive
from holdfast.cells.derived import DerivedCell

START = 0.1
"""Standard deviation of the weights at the start."""


USUAL_GROUPS = 8


class ClockworkRNN(DerivedCell):
    """Elman's network whose units are in modules that are updated every 1, 2, 4, ... steps and else stay as they are.

        h_t = tanh(W_ih x_t + b + (M W_hh) h_{t-1})        in the modules with t mod T_i = 0,   T_i = base^(i-1)
        h_t = h_{t-1}                                      in the others
        M = 1 from module j to module i if T_j >= T_i, else 0

    Slow modules tell the faster ones, which tell them nothing. So a gradient through the slowest module passes T steps
    of the input in T / T_i steps of the network.

    The clock t = 0, 1, 2, ... is a part of the state, modulo the longest period: it is carried on with a stream, begins
    anew with a reset, and is exact in any precision. All modules are updated at the first step, t = 0.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        groups: how many modules, at most `hidden_size`, of as many units each, to one; None for 8, or one a
            unit if there are fewer.
        base: by how much the period grows from module to module.

    Shapes: weight_ih (H, I), weight_hh (H, H) with the units of the fastest module first, of which the part under the
    diagonal of blocks is not used, bias (H,); buffer periods (H,).

    Initialisation: weight_ih, weight_hh ~ N(0, 0.1^2), bias 0.

    Source: koutnik2014clockwork, from memory: where t starts and the bias' start are not given there.

    Published: 16.8 ± 2.5 % of spoken words wrong, beside 34.2 % of an LSTM and 64.5 % of a plain network; from memory,
    not checked against the paper.

    Raises:
        ValueError: more groups than units, or a count below 1.
    """

    periods: Tensor
    bookkeeping = counters = ("clock",)

    def __init__(
        self, input_size: int, hidden_size: int, *, groups: int | None = None, base: int = 2, device=None, dtype=None
    ):
        super().__init__(input_size, hidden_size, state_sizes={"h": hidden_size, "clock": 1}, blocks=("candidate",))
        groups = min(USUAL_GROUPS, hidden_size) if groups is None else positive("groups", groups)
        if groups > hidden_size:
            raise ValueError(f"groups must be at most hidden_size, {hidden_size}, got {groups}")
        kind = {"device": device, "dtype": dtype}
        self.groups, self.base = groups, positive("base", base)
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.weight_hh = empty_parameter(hidden_size, hidden_size, **kind)
        self.bias = empty_parameter(hidden_size, **kind)
        self.register_buffer("periods", torch.empty(hidden_size, **kind))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        for weight in (self.weight_ih, self.weight_hh):
            fill(weight, normal_like(weight, START, generator))
        fill(self.bias, 0)
        group = torch.arange(self.hidden_size) * self.groups // self.hidden_size
        fill(self.periods, self.base**group)

    def derive(self) -> tuple[Tensor, ...]:
        """M W_hh (H, H)."""
        return (self.weight_hh * (self.periods.unsqueeze(1) <= self.periods),)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step_with(self, p: Tensor, state, *derived: Tensor):
        (weight,) = derived
        new = (p + F.linear(self.masked(state.h), weight)).tanh()
        past = state.clock - self.periods * (state.clock / self.periods + 0.5).floor()
        later = state.clock + 1
        longest = self.base ** (self.groups - 1)
        later = torch.where(later > longest - 0.5, later - longest, later)
        return torch.where(past.abs() < 0.5, new, state.h), later

    def choices(self) -> dict[str, object]:
        return {"groups": self.groups, "base": self.base}
