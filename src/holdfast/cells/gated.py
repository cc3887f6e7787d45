"""The gated family: an LSTM and a GRU in which gate, memory and initialiser are independent choices."""

import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.gated_cell import GatedCell, RefineBias
from holdfast.cells.gates import Gate, Sigmoid
from holdfast.cells.memory import Memory, Tied

SIGMOID = Sigmoid()
TIED = Tied()


class GatedLSTM(GatedCell):
    """An LSTM with any gate on its memory, and the input gate tied to it or independent.

        g = gate(forget block, the gate's auxiliary blocks)
        i = memory.write(g)                                1 - g if tied, others(input block) if independent
        c_t = g c_{t-1} + i tanh(candidate block)
        h_t = others(output block) tanh(c_t)               others is the sigmoid unless it is chosen

    Every block is W x_t + b + U h_{t-1}. Choices that have names, gate / memory / initialiser:
    UR-LSTM is Refine / Tied / UniformGate, the standard LSTM Sigmoid / Independent.

    Sign of the refine gate's bias: with `UniformGate`, sigmoid(b_forget) = u and b_refine = -b_forget, so at the start
    a unit that forgets slowly is refined towards forgetting faster, and g = f (2 - 3f + 2f^2).

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        gate: turns the block `forget` and its auxiliary blocks into g.
        memory: gives the input gate.
        others: turns the blocks `output` and, if it is independent, `input` into gates.
        refine_bias: "own" lets the refine gate's bias be learnt apart from the forget gate's, from wherever both start;
            "mirrored" makes it -b_forget throughout.

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); K = 4 for the UR-LSTM, as for an LSTM. A
    mirrored bias has no rows of its own. Gates that are learnt have parameters of their own, such as
    forget_gate.coefficients.

    Source: gu2020improving. The authors' pseudo-code shares one bias vector between forget and refine gate, with
    opposite signs, for the whole training: `refine_bias="mirrored"`. Reimplementations have it beside biases of both
    gates, and so as free as "own".

    Raises:
        ValueError: a gate that does not fit, or a mirrored bias without a refine gate.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        gate: Gate = SIGMOID,
        memory: Memory = TIED,
        others: Gate = SIGMOID,
        refine_bias: RefineBias = "own",
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
        self.gate, self.memory, self.others = gate, memory, others
        places = {"forget": gate, **dict.fromkeys((*memory.blocks, "output"), others)}
        self.place(places, refine_bias, device=device, dtype=dtype)

    def step(self, p: Tensor, state):
        pre = (p + self.recurrent(state.h)).chunk(len(self.blocks), -1)
        own = len(self.memory.blocks)
        keep = self.opened("forget", *pre[own:-2])
        own_gates = (self.opened(name, a) for name, a in zip(self.memory.blocks, pre[:own], strict=True))
        c = keep * state.c + self.memory.write(keep, *own_gates) * pre[-2].tanh()
        return self.opened("output", pre[-1]) * c.tanh(), c

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate, "memory": self.memory, "others": self.others} | super().choices()


class GatedGRU(GatedCell):
    """A GRU with any gate in the place of the update gate, and the reset gate before the recurrent product.

        g = gate(update block, the gate's auxiliary blocks)          g keeps the state
        n = tanh(W_n x_t + b_n + U_n (others(reset block) h_{t-1}))          others is the sigmoid unless it is chosen
        h_t = g h_{t-1} + (1 - g) n

    UR-GRU is the gate Refine with the initialiser UniformGate; with the gate Sigmoid this is the GRU as published.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        gate: turns the block `update` and its auxiliary blocks into g.
        others: turns the block `reset` into a gate.
        refine_bias: "own", or "mirrored" for a refine gate whose bias is -b_update throughout; as for `GatedLSTM`.

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); the last H rows of weight_hh are U_n. A
    mirrored bias has no rows of its own. Gates that are learnt have parameters of their own, such as
    update_gate.coefficients.

    Source: cho2014learning, gu2020improving.

    Raises:
        ValueError: a gate that does not fit, or a mirrored bias without a refine gate.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        gate: Gate = SIGMOID,
        others: Gate = SIGMOID,
        refine_bias: RefineBias = "own",
        device=None,
        dtype=None,
    ):
        blocks = ("reset", "update", *gate.auxiliary, "candidate")
        super().__init__(input_size, hidden_size, blocks=blocks, device=device, dtype=dtype)
        self.gate, self.others = gate, others
        self.place({"update": gate, "reset": others}, refine_bias, device=device, dtype=dtype)

    @property
    def products(self) -> tuple[int, ...]:
        return (len(self.blocks) - 1) * self.hidden_size, self.hidden_size

    def step(self, p: Tensor, state):
        u_gates, u_candidate = self.weight_hh.split(list(self.products))
        p_gates, p_candidate = p.split(list(self.products), -1)
        pre = p_gates + self.normalised(F.linear(self.masked(state.h), u_gates), 0)
        reset, *keep = pre.chunk(len(self.blocks) - 1, -1)
        g = self.opened("update", *keep)
        kept = self.opened("reset", reset) * state.h
        n = (p_candidate + self.normalised(F.linear(self.masked(kept), u_candidate), 1)).tanh()
        return g * state.h + (1 - g) * n

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate, "others": self.others} | super().choices()
