"""The gated family: an LSTM and a GRU in which gate, memory and initialiser are independent choices."""

import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell
from holdfast.cells.gates import Gate, Sigmoid
from holdfast.cells.memory import Memory, Tied

SIGMOID = Sigmoid()
TIED = Tied()


class GatedLSTM(AffineCell):
    """An LSTM with any gate on its memory, and the input gate tied to it or independent.

        g = gate(forget block, the gate's auxiliary blocks)
        i = memory.write(g)                                1 - g if tied
        c_t = g c_{t-1} + i tanh(candidate block)
        h_t = sigmoid(output block) tanh(c_t)

    Every block is W x_t + b + U h_{t-1}. Choices that have names, gate / memory / initialiser:
    UR-LSTM is Refine / Tied / UniformGate, the standard LSTM Sigmoid / Independent.

    Sign of the refine gate's bias: with `UniformGate`, sigmoid(b_forget) = u and b_refine = -b_forget, so at the start
    a unit that forgets slowly is refined towards forgetting faster, and g = f (2 - 3f + 2f^2).

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        gate: turns the block `forget` and its auxiliary blocks into g.
        memory: gives the input gate.

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); K = 4 for the UR-LSTM, as for an LSTM.

    Source: gu2020improving. The authors' pseudo-code shares one bias vector between forget and refine gate (with
    opposite signs) for the whole training; here the two start so and are then learnt apart.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        gate: Gate = SIGMOID,
        memory: Memory = TIED,
        device=None,
        dtype=None,
    ):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks=(*memory.blocks, "forget", *gate.auxiliary, "candidate", "output"),
            device=device,
            dtype=dtype,
        )
        self.gate = gate
        self.memory = memory
        self.reset_parameters()

    def step(self, p: Tensor, state):
        pre = (p + F.linear(state.h, self.weight_hh)).chunk(len(self.blocks), -1)
        own = len(self.memory.blocks)
        keep = self.gate(*pre[own:-2])
        c = keep * state.c + self.memory.write(keep, *pre[:own]) * pre[-2].tanh()
        return pre[-1].sigmoid() * c.tanh(), c

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate, "memory": self.memory}


class GatedGRU(AffineCell):
    """A GRU with any gate in the place of the update gate, and the reset gate before the recurrent product.

        g = gate(update block, the gate's auxiliary blocks)          g keeps the state
        n = tanh(W_n x_t + b_n + U_n (sigmoid(reset block) h_{t-1}))
        h_t = g h_{t-1} + (1 - g) n

    UR-GRU is the gate Refine with the initialiser UniformGate; with the gate Sigmoid this is the GRU as published.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        gate: turns the block `update` and its auxiliary blocks into g.

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); the last H rows of weight_hh are U_n.

    Source: cho2014learning, gu2020improving.
    """

    def __init__(self, input_size: int, hidden_size: int, *, gate: Gate = SIGMOID, device=None, dtype=None):
        blocks = ("reset", "update", *gate.auxiliary, "candidate")
        super().__init__(input_size, hidden_size, blocks=blocks, device=device, dtype=dtype)
        self.gate = gate
        self.reset_parameters()

    def step(self, p: Tensor, state):
        gates = len(self.blocks) - 1
        u_gates, u_candidate = self.weight_hh.split([gates * self.hidden_size, self.hidden_size])
        p_gates, p_candidate = p.split([gates * self.hidden_size, self.hidden_size], -1)
        reset, *keep = (p_gates + F.linear(state.h, u_gates)).chunk(gates, -1)
        g = self.gate(*keep)
        n = (p_candidate + F.linear(reset.sigmoid() * state.h, u_candidate)).tanh()
        return g * state.h + (1 - g) * n

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate}
