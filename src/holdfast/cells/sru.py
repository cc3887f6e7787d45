"""The simple recurrent unit."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, uniform_like


class SRU(Cell):
    """A gated network without a recurrent matrix: each unit sees its own memory only, and the input passes by it.

        f = sigmoid(W_f x_t + b_f + v_f c_{t-1})
        r = sigmoid(W_r x_t + b_r + v_r c_{t-1})
        c_t = f c_{t-1} + (1 - f) W x_t
        h_t = r c_t + (1 - r) s,       s = alpha x_t if I = H, else W_s x_t;   alpha = sqrt(1 + 2 exp(highway_bias))

    Not to be confused with the statistical recurrent unit, which some tables call SRU too. Since its gates see the
    memory, it is not linear in it, and has no parallel scan; all its matrix products are outside of the time loop.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        highway_bias: initial b_r; below 0 the input passes by at first, as deep stacks need.

    Shapes: weight_ih (3H, I), or (4H, I) if I is not H, rows in the order f, r, W, W_s; bias (2H,) and peephole (2H,),
    those of f before those of r.

    Initialisation: W and W_s ~ U(-sqrt(3/I), sqrt(3/I)), of variance 1/I, with W_s times alpha; W_f and W_r the same
    times sqrt(1/2); v ~ U(-sqrt(3/2), sqrt(3/2)), of variance 1/2; b_f = 0, b_r = highway_bias.

    Source: lei2018simple. The authors' code has alpha as an option that is off.

    Published: 1.19 to 1.20 bits a character on enwik8; from memory, not checked against the paper.
    """

    reads_output = False

    def __init__(self, input_size: int, hidden_size: int, *, highway_bias: float = 0.0, device=None, dtype=None):
        blocks = ("forget", "reset", "candidate", "skip")
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks=blocks[:3] if input_size == hidden_size else blocks,
        )
        self.highway_bias = highway_bias
        self.alpha = math.sqrt(1 + 2 * math.exp(highway_bias))
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(len(self.blocks) * hidden_size, input_size, **kind)
        self.bias = empty_parameter(2 * hidden_size, **kind)
        self.peephole = empty_parameter(2 * hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        scales = {"forget": math.sqrt(1 / 2), "reset": math.sqrt(1 / 2), "candidate": 1.0, "skip": self.alpha}
        for name in self.blocks:
            rows = self.weight_ih[self.block(name)]
            fill(rows, uniform_like(rows, scales[name] * math.sqrt(3 / self.input_size), generator))
        fill(self.peephole, uniform_like(self.peephole, math.sqrt(3 / 2), generator))
        fill(self.bias, 0)
        fill(self.bias[self.block("reset")], self.highway_bias)

    def project(self, x: Tensor) -> Tensor:
        p = F.linear(x, self.weight_ih)
        return p if "skip" in self.blocks else torch.cat([p, self.alpha * x], -1)

    def step(self, p: Tensor, state):
        gates, candidate, skip = p.split([2 * self.hidden_size, self.hidden_size, self.hidden_size], -1)
        seen = torch.cat([state.c, state.c], -1)
        f, r = (gates + self.bias + self.peephole * seen).sigmoid().chunk(2, -1)
        c = candidate + f * (state.c - candidate)
        return skip + r * (c - skip), c

    def choices(self) -> dict[str, object]:
        return {"highway_bias": self.highway_bias}
