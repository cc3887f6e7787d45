"""The gated family: an LSTM and a GRU in which gate, memory and initialiser are independent choices."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell
from holdfast.cells.gates import Gate, Sigmoid
from holdfast.cells.memory import Memory, Tied
from holdfast.cells.placed import PlacedGate

SIGMOID = Sigmoid()
TIED = Tied()


class GatedCell(AffineCell):
    """What gated cells have in common: gates by the name of the block that they open, each with its own parameters."""

    def place(self, gates: Mapping[str, Gate], *, device, dtype) -> None:
        """Make the gate of every block, under the name forget_gate and so on, and draw every parameter.

        Raises:
            ValueError: a gate other than the first takes auxiliary blocks.
        """
        _first, *others = gates
        for name in others:
            if gates[name].auxiliary:
                raise ValueError(
                    f"the {name} gate takes one block, but {gates[name]} also takes {', '.join(gates[name].auxiliary)}"
                )
        for name, gate in gates.items():
            self.add_module(f"{name}_gate", PlacedGate(gate, self.hidden_size, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Weights and biases U(-1/sqrt(H), 1/sqrt(H)); the gates' own parameters where the gates say."""
        super().reset_parameters(generator)
        for gate in self.children():
            if isinstance(gate, PlacedGate):
                gate.reset_parameters(generator)

    def opened(self, name: str, *pre_activations: Tensor) -> Tensor:
        """The gate over the block `name`, from its pre-activations."""
        gate = self._modules[f"{name}_gate"]  # and not by `getattr`: then it is plain what a step can reach
        assert gate is not None
        return gate(*pre_activations)


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

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); K = 4 for the UR-LSTM, as for an LSTM.
    Gates that are learnt have parameters of their own, such as forget_gate.coefficients.

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
        others: Gate = SIGMOID,
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
        self.place(places, device=device, dtype=dtype)

    def step(self, p: Tensor, state):
        pre = (p + self.recurrent(state.h)).chunk(len(self.blocks), -1)
        own = len(self.memory.blocks)
        keep = self.opened("forget", *pre[own:-2])
        own_gates = (self.opened(name, a) for name, a in zip(self.memory.blocks, pre[:own], strict=True))
        c = keep * state.c + self.memory.write(keep, *own_gates) * pre[-2].tanh()
        return self.opened("output", pre[-1]) * c.tanh(), c

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate, "memory": self.memory, "others": self.others}


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

    Shapes: with K blocks, weight_ih (K H, I), weight_hh (K H, H), bias (K H,); the last H rows of weight_hh are U_n.
    Gates that are learnt have parameters of their own, such as update_gate.coefficients.

    Source: cho2014learning, gu2020improving.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        gate: Gate = SIGMOID,
        others: Gate = SIGMOID,
        device=None,
        dtype=None,
    ):
        blocks = ("reset", "update", *gate.auxiliary, "candidate")
        super().__init__(input_size, hidden_size, blocks=blocks, device=device, dtype=dtype)
        self.gate, self.others = gate, others
        self.place({"update": gate, "reset": others}, device=device, dtype=dtype)

    @property
    def products(self) -> tuple[int, ...]:
        return (len(self.blocks) - 1) * self.hidden_size, self.hidden_size

    def step(self, p: Tensor, state):
        u_gates, u_candidate = self.weight_hh.split(list(self.products))
        p_gates, p_candidate = p.split(list(self.products), -1)
        pre = p_gates + self.normalised(F.linear(state.h, u_gates), 0)
        reset, *keep = pre.chunk(len(self.blocks) - 1, -1)
        g = self.opened("update", *keep)
        read = self.opened("reset", reset) * state.h
        n = (p_candidate + self.normalised(F.linear(read, u_candidate), 1)).tanh()
        return g * state.h + (1 - g) * n

    def choices(self) -> dict[str, object]:
        return {"gate": self.gate, "others": self.others}
