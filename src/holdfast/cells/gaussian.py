"""The LSTM whose units are each open once."""

import math

import torch
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, uniform_between
from holdfast.cells.timed import Clock, TimedLSTM

OPEN_WIDTH = 1e12
"""sigma / t_max at which a gate is 1 to the last bit, within t_max steps and far beyond."""


class GaussianLSTM(TimedLSTM):
    """An LSTM whose units are each updated around one time of their own: a gate that opens once, like a bell.

        k(t) = exp(-((t - mu) / sigma)^2)          mu = t_max centre,  sigma = t_max exp(log_width)
        i, f, g, o = split(W_ih x_t + b + W_hh h_{t-1})
        c_t = k (sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)) + (1 - k) c_{t-1}
        h_t = k (sigmoid(o) tanh(c')) + (1 - k) h_{t-1}           c' what c_t is with k = 1

    A unit whose gate is closed keeps its memory over any lag, and the gradient with it. Where all gates are open, as
    with log_width = inf, this is an LSTM, to the last bit.

    With `clock="steps"` the time is 1, 2, 3, ...: part of the state, so it is carried on with a stream, begins anew
    with a reset, and counts from the end in a layer that reads backwards. With "stamps" it is the last feature of the
    input, in any unit, absolute, and the same in both directions and in every cell of a stack; the cell computes with
    the other features.

    Args:
        input_size: features of x_t, the time stamp among them.
        hidden_size: units H.
        t_max: length of the sequences, in steps, or in the unit of the stamps: the scale of mu and sigma, above 0.
        width: sigma / t_max at the start, above 0. A gate is open for more than v over 2 sigma sqrt(ln(1/v)).
        earliest, latest: where mu / t_max starts, evenly between them.
        clock: what time is, "steps" or "stamps".
        peepholes: whether the gates see the memory, as in the phased LSTM.

    Shapes: as for an LSTM, weight_ih (4H, I), weight_hh (4H, H), bias (4H,), with stamps I - 1 for I; centre and
    log_width (H,).

    Initialisation: centre ~ U(earliest, latest), log_width = log(width); the rest U(-1/sqrt(H), 1/sqrt(H)), and by the
    catalogue forget bias 1. Of published initial values nothing is known here.

    Source: thornton2019reducing, of which only the abstract was read: the gate has the form that the name says, without
    a factor 1/2, in the LSTM of neil2016phased, from the same group. That mu is learnt as a share of t_max and sigma by
    its logarithm is ours: so sigma is positive, and both move at the pace of the other parameters.

    Raises:
        ValueError: a number out of range, or stamps without another feature.
    """

    undecayed = ("centre", "log_width")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        t_max: float,
        width: float = 1 / 3,
        earliest: float = 0.0,
        latest: float = 1.0,
        clock: Clock = "steps",
        peepholes: bool = False,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, clock=clock, peepholes=peepholes, device=device, dtype=dtype)
        if not (t_max > 0 and width > 0 and earliest <= latest):
            raise ValueError(
                f"t_max and width must be above 0, and earliest at most latest; got t_max {t_max}, width {width}, "
                f"earliest {earliest}, latest {latest}"
            )
        self.t_max, self.width, self.earliest, self.latest = float(t_max), float(width), earliest, latest
        self.centre = empty_parameter(hidden_size, device=device, dtype=dtype)
        self.log_width = empty_parameter(hidden_size, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_gate(self, generator: torch.Generator | None) -> None:
        fill(self.centre, uniform_between(self.centre, self.earliest, self.latest, generator))
        fill(self.log_width, math.log(self.width))

    def openness(self, time: Tensor) -> Tensor:
        distance = (time * (1 / self.t_max) - self.centre) * (-self.log_width).exp()
        return (-distance * distance).exp()

    def choices(self) -> dict[str, object]:
        return {"t_max": self.t_max} | super().choices()
