"""Skip RNN: a cell that decides how long to rest."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, uniform_like
from holdfast.cells.lstm import LSTM
from holdfast.cells.modifier import Modifier
from holdfast.cells.sparing import Sparing
from holdfast.cells.straight_through import binary


class Skip(Modifier, Sparing):
    """A cell that decides after each update how long to rest; at the steps between, its state is copied.

        u_t = round(a_t)                                  update or copy; a_1 = 1
        s_t = u_t S(x_t, s_{t-1}) + (1 - u_t) s_{t-1}     S the inner cell; a copy is the same to the last bit
        d_t = sigmoid(w m_t + b)                          m the memory c of the inner cell, of one without it its output
        a_{t+1} = u_t d_t + (1 - u_t) min(a_t + d_t, 1)   the probability of an update, which adds up at rest

    Rounding has the gradient 1, straight through. Two numbers a row are part of the state beside those of the inner
    cell: `rest`, 1 - a_{t+1}, so that a sequence that begins with zeros begins with an update; and `updates`, the sum
    of u, from which a budget is reckoned (`holdfast.objectives.Budgeted`).

    In half precision a count of updates is exact up to 256 (bfloat16) or 2048.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        cell: the cell that is modified.
        update_bias: where b starts; 1 lets it begin with an update at nearly every step.

    Shapes: those of the inner cell; weight_update (1, width of m), bias_update (1,).

    Initialisation: bias_update = update_bias, weight_update ~ U(-1/sqrt(H), 1/sqrt(H)); the inner cell as it does
    itself, by the catalogue with forget or update bias 1.

    Source: campos2018skip. In a stack every cell decides for itself, where the authors' stacks decide as one, by the
    top cell; the first state is zero, and not learnt. The authors' code starts the biases of both gates of a GRU at 1;
    the catalogue's `skip-gru` does so with the update gate, which keeps, and has 0 in the reset gate.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell] = LSTM,
        update_bias: float = 1.0,
        device=None,
        dtype=None,
    ):
        own = {"rest": 1, "updates": 1}
        super().__init__(input_size, hidden_size, cell=cell, own_states=own, device=device, dtype=dtype)
        self.counters = (*self.counters, "updates")
        self.update_bias = float(update_bias)
        inner = list(self.inner.state_sizes)
        self.memory = inner.index("c") if "c" in inner else 0
        width = self.inner.state_sizes[inner[self.memory]]
        self.weight_update = empty_parameter(1, width, device=device, dtype=dtype)
        self.bias_update = empty_parameter(1, device=device, dtype=dtype)
        self.reset_gate(None)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """The inner cell as it does; the gate's weights U(-1/sqrt(H), 1/sqrt(H)), its bias `update_bias`."""
        super().reset_parameters(generator)
        self.reset_gate(generator)

    def reset_gate(self, generator: torch.Generator | None) -> None:
        """Draws the gate's own parameters."""
        fill(self.weight_update, uniform_like(self.weight_update, self.hidden_size**-0.5, generator))
        fill(self.bias_update, self.update_bias)

    def project(self, x: Tensor) -> Tensor:
        return self.inner.project(x)

    def step(self, p: Tensor, state):
        *old, rest, updates = state
        a = 1 - rest
        u = binary(a)
        new = self.inner.next_state(p, self.inner.make_state(old))
        s = [u * after + (1 - u) * before for after, before in zip(new, old, strict=True)]
        d = F.linear(s[self.memory], self.weight_update, self.bias_update).sigmoid()
        a = u * d + (1 - u) * (a + d).clamp(max=1)
        return *s, 1 - a, updates + u

    def updated(
        self, x: Tensor, end: tuple[Tensor, ...], lengths: Tensor | None = None, *, threshold: float | None = None
    ) -> Tensor:
        return end[-1].squeeze(-1)

    def choices(self) -> dict[str, object]:
        return {"update_bias": self.update_bias}
