"""The LSTM whose units are open for a share of a period each."""

import math

import torch
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, uniform_between
from holdfast.cells.timed import Clock, TimedLSTM


class PhasedLSTM(TimedLSTM):
    """An LSTM whose units are each updated for a short part of a period of their own, again and again.

        phi = frac(t / tau - phase)                 tau = exp(log_period)
        k(t) = 2 phi / r          for phi < r / 2         rises
               2 - 2 phi / r      for phi < r             falls
               leak phi           otherwise               closed; leak 0 in evaluation mode
        i, f, g, o = split(W_ih x_t + b + W_hh h_{t-1})
        c' = sigmoid(f + v_f c_{t-1}) c_{t-1} + sigmoid(i + v_i c_{t-1}) tanh(g)
        h' = sigmoid(o + v_o c') tanh(c')
        c_t = k c' + (1 - k) c_{t-1},   h_t = k h' + (1 - k) h_{t-1}

    Time may be real: units then take samples at their own rate from a signal that was sampled at any other, or at
    irregular times. Below 1,000 steps or so the authors do not expect a gain.

    With `clock="steps"` the time is 1, 2, 3, ...: part of the state, so it is carried on with a stream, begins anew
    with a reset, and counts from the end in a layer that reads backwards. With "stamps" it is the last feature of the
    input, in any unit, absolute, and the same in both directions and in every cell of a stack; the cell computes with
    the other features.

    Args:
        input_size: features of x_t, the time stamp among them.
        hidden_size: units H.
        shortest, longest: where the periods tau start, evenly in its logarithm, in steps or in the unit of the stamps.
        open_ratio: r, the share of a period for which a unit is open, in (0, 1]; not learnt.
        leak: how much of the gate stays open in the closed part while training, at least 0.
        clock: what time is, "steps" or "stamps".
        peepholes: whether the gates see the memory.

    Shapes: weight_ih (4H, I), with stamps (4H, I - 1), weight_hh (4H, H), bias (4H,), peephole_input, peephole_forget,
    peephole_output, log_period, phase (H,).

    Initialisation: log_period ~ U(log(shortest), log(longest)), phase ~ U(0, 1); the rest U(-1/sqrt(H), 1/sqrt(H)), and
    by the catalogue forget bias 1.

    Source: neil2016phased. As in the authors' code the output gate and h' see c', not c_t, which the printed equation
    leaves open. The code learns tau itself, under an absolute value, and a shift in time; here they are the logarithm
    of tau and a share of the period. It also lets r be learnt.

    Published: 5 % of the computations at run time; the paper's text, as the readme of another implementation quotes it.

    Raises:
        ValueError: a number out of range, or stamps without another feature.
    """

    undecayed = ("log_period", "phase")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        shortest: float = math.e,
        longest: float = math.exp(6),
        open_ratio: float = 0.05,
        leak: float = 1e-3,
        clock: Clock = "steps",
        peepholes: bool = True,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, clock=clock, peepholes=peepholes, device=device, dtype=dtype)
        if not (0 < shortest <= longest and 0 < open_ratio <= 1 and leak >= 0):
            raise ValueError(
                "expected 0 < shortest <= longest, open_ratio in (0, 1] and leak of at least 0; got shortest "
                f"{shortest}, longest {longest}, open_ratio {open_ratio}, leak {leak}"
            )
        self.shortest, self.longest = float(shortest), float(longest)
        self.open_ratio, self.leak = float(open_ratio), float(leak)
        self.log_period = empty_parameter(hidden_size, device=device, dtype=dtype)
        self.phase = empty_parameter(hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_gate(self, generator: torch.Generator | None) -> None:
        low, high = math.log(self.shortest), math.log(self.longest)
        fill(self.log_period, uniform_between(self.log_period, low, high, generator))
        fill(self.phase, uniform_between(self.phase, 0, 1, generator))

    def openness(self, time: Tensor) -> Tensor:
        cycles = time * (-self.log_period).exp() - self.phase
        phi = cycles - cycles.floor()
        rise = phi * (2 / self.open_ratio)
        closed = phi * (self.leak if self.training else 0.0)
        return torch.where(phi < self.open_ratio, torch.minimum(rise, 2 - rise), closed)

    def choices(self) -> dict[str, object]:
        return {"open_ratio": self.open_ratio} | super().choices()
