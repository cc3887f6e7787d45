"""LSTMs whose units are updated only at certain times: what the kinds of time gate have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter
from holdfast.cells.sparing import Sparing, summed_over_time

Clock = Literal["steps", "stamps"]
PEEPHOLES = ("peephole_input", "peephole_forget", "peephole_output")


class TimedLSTM(AffineCell, Sparing):
    """An LSTM with a gate k(t) in [0, 1] on each unit, which knows the time and nothing else.

    A count of steps is part of the state, and not the step's place in what `project` is given: so it goes where the
    state goes, through streams, windows, resets, ragged rows and places that are visited one by one.

        i, f, g, o = split(W_ih x_t + b + W_hh h_{t-1})
        c' = sigmoid(f + v_f c_{t-1}) c_{t-1} + sigmoid(i + v_i c_{t-1}) tanh(g)     v only with peepholes, else 0
        h' = sigmoid(o + v_o c') tanh(c')
        c_t = k c' + (1 - k) c_{t-1}
        h_t = k h' + (1 - k) h_{t-1}

    The time is, as `clock` says,

        steps       1, 2, 3, ... Part of the state, so that it is carried on with a stream, and begins anew with a reset
                    and with every sequence; a layer that reads backwards counts from the end.
        stamps      the last feature of the input, in any unit; the cell computes with the others. It is absolute: a
                    reset does not change it, and both directions see the same. Every cell of a stack is given it.

    In half precision a count of steps that is carried from call to call is exact up to 256 (bfloat16) or 2048.

    Args:
        input_size: features of x_t, the time stamp among them.
        hidden_size: units H.
        clock: what time is.
        peepholes: whether the gates see the memory.
    """

    peephole_input: Tensor
    peephole_forget: Tensor
    peephole_output: Tensor

    def __init__(
        self, input_size: int, hidden_size: int, *, clock: Clock, peepholes: bool = False, device=None, dtype=None
    ):
        if clock not in get_args(Clock):
            raise ValueError(f"clock must be 'steps' or 'stamps', got {clock!r}")
        if clock == "stamps" and input_size < 2:
            raise ValueError(
                f"with clock='stamps' the last feature of the input is the time, so that input_size must be at least "
                f"2, got {input_size}"
            )
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size} | ({"clock": 1} if clock == "steps" else {}),
            blocks=("input", "forget", "candidate", "output"),
            device=device,
            dtype=dtype,
        )
        kind = {"device": device, "dtype": dtype}
        self.clock, self.peepholes = clock, peepholes
        self.shared_features = int(clock == "stamps")
        self.bookkeeping = self.counters = ("clock",) if clock == "steps" else ()
        self.weight_ih = empty_parameter(4 * hidden_size, input_size - self.shared_features, **kind)
        for name in PEEPHOLES if peepholes else ():
            self.register_parameter(name, empty_parameter(hidden_size, **kind))

    @abstractmethod
    def openness(self, time: Tensor) -> Tensor:
        """k of every unit: time (..., 1) to (..., H)."""

    @abstractmethod
    def reset_gate(self, generator: torch.Generator | None) -> None:
        """Draws the time gate's own parameters."""

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Weights, biases and peepholes U(-1/sqrt(H), 1/sqrt(H)); the time gate as its class says."""
        super().reset_parameters(generator)
        self.reset_gate(generator)

    def project(self, x: Tensor) -> Tensor:
        """W_ih x + b, and with stamps k(t) after it."""
        if self.clock == "steps":
            return super().project(x)
        features, time = x.split([x.shape[-1] - 1, 1], -1)
        return torch.cat([super().project(features), self.openness(time).to(features.dtype)], -1)

    def step(self, p: Tensor, state):
        if self.clock == "steps":
            time = state.clock + 1
            return *self.gated(p, self.openness(time), state), time
        p, k = p.split([4 * self.hidden_size, self.hidden_size], -1)
        return self.gated(p, k, state)

    def gated(self, p: Tensor, k: Tensor, state) -> tuple[Tensor, Tensor]:
        """The new h and c of gates that are open as far as k."""
        pre = (p + self.recurrent(state.h)).chunk(4, -1)
        h, c = lstm_step(pre, state.c, self.peephole_vectors())
        return k * h + (1 - k) * state.h, k * c + (1 - k) * state.c

    def updated(
        self, x: Tensor, end: tuple[Tensor, ...], lengths: Tensor | None = None, *, threshold: float | None = None
    ) -> Tensor:
        counted = torch.arange(1, len(x) + 1, device=x.device).view(-1, 1, 1)
        k = self.openness((counted if self.clock == "steps" else x[..., -1:]).to(self.weight_hh))
        k = k if threshold is None else (k >= threshold).to(k)
        return summed_over_time(k.mean(-1), x.shape[1], lengths)

    def peephole_vectors(self) -> list[Tensor]:
        """v_i, v_f and v_o (H,), or nothing."""
        if not self.peepholes:
            return []
        return [self.peephole_input, self.peephole_forget, self.peephole_output]

    def choices(self) -> dict[str, object]:
        shown: dict[str, object] = {"clock": self.clock}
        return shown | {"peepholes": True} if self.peepholes else shown


def lstm_step(pre: tuple[Tensor, ...], c: Tensor, peepholes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """h' and c' from the pre-activations i, f, g, o and c_{t-1}; of all units, or of some."""
    i, f, g, o = pre
    if peepholes:
        i, f = i + peepholes[0] * c, f + peepholes[1] * c
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    o = o + peepholes[2] * c if peepholes else o
    return o.sigmoid() * c.tanh(), c
