"""Long short-term memory, in the form of `torch.nn.LSTM`, and with peepholes."""

import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter, positive


class LSTM(AffineCell):
    """A memory c that is kept by one gate, written by another and read through a third.

        i, f, g, o = split(W_ih x_t + b + W_hh h_{t-1})
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = W_hr (sigmoid(o) tanh(c_t))              W_hr only with `proj_size`, else the identity

    Args:
        input_size: features of x_t.
        hidden_size: units H of the memory.
        bias: whether there is a bias (4H,); the sum of the two that `torch.nn.LSTM` adds.
        proj_size: width of h if it is projected, 0 if not; smaller than `hidden_size`.

    Shapes: weight_ih (4H, I), weight_hh (4H, width of h), bias (4H,), weight_hr (proj_size, H).

    Source: hochreiter1997long, gers2000learning; the projection: sak2014long.

    Raises:
        ValueError: `proj_size` is not below `hidden_size`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, bias: bool = True, proj_size: int = 0, device=None, dtype=None
    ):
        if proj_size and positive("proj_size", proj_size) >= hidden_size:
            raise ValueError(f"proj_size must be smaller than hidden_size {hidden_size}, got {proj_size}")
        width = proj_size or hidden_size
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": width, "c": hidden_size},
            blocks=("input", "forget", "candidate", "output"),
            bias=bias,
            device=device,
            dtype=dtype,
        )
        self.proj_size = proj_size
        self.weight_hr = empty_parameter(proj_size, hidden_size, device=device, dtype=dtype) if proj_size else None
        self.reset_parameters()

    def step(self, p: Tensor, state):
        i, f, g, o = (p + self.recurrent(state.h)).chunk(4, -1)
        c = f.sigmoid() * state.c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return (h if self.weight_hr is None else F.linear(h, self.weight_hr)), c


class PeepholeLSTM(AffineCell):
    """An LSTM whose gates also see the memory itself, unit by unit.

        i, f, g, o = split(W_ih x_t + b + W_hh h_{t-1})
        c_t = sigmoid(f + v_f c_{t-1}) c_{t-1} + sigmoid(i + v_i c_{t-1}) tanh(g)
        h_t = sigmoid(o + v_o c_t) tanh(c_t)

    Args:
        input_size: features of x_t.
        hidden_size: units H.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,), peephole_input, peephole_forget, peephole_output (H,).

    Source: gers2002learning, graves2013generating.
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
        kind = {"device": device, "dtype": dtype}
        self.peephole_input = empty_parameter(hidden_size, **kind)
        self.peephole_forget = empty_parameter(hidden_size, **kind)
        self.peephole_output = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def step(self, p: Tensor, state):
        i, f, g, o = (p + self.recurrent(state.h)).chunk(4, -1)
        keep = (f + self.peephole_forget * state.c).sigmoid()
        write = (i + self.peephole_input * state.c).sigmoid()
        c = keep * state.c + write * g.tanh()
        return (o + self.peephole_output * c).sigmoid() * c.tanh(), c
