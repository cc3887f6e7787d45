"""Zoneout: units that now and then stay as they are."""

from collections.abc import Callable

import torch
from torch import Tensor

from holdfast.cells.cell import Cell
from holdfast.cells.lstm import LSTM
from holdfast.cells.modifier import Modifier, probability


class Zoneout(Modifier):
    """While training, each unit of each state skips a step with a given probability and keeps its value instead.

        s' = inner step from s_{t-1}
        s_t = d s_{t-1} + (1 - d) s'          d Bernoulli for each unit, row and step; its mean in evaluation mode

    Unlike dropout it loses nothing: a unit that zones out carries memory and gradient over the step unchanged. States
    that are no units, such as clocks and counts, go on at every step (`Cell.bookkeeping`).

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        cell: the cell that is modified.
        output_rate: probability that a unit of the first state, the output h, keeps its value.
        memory_rate: the same for the other states: c of an LSTM.

    The paper has (output_rate, memory_rate) = (0.15, 0.15) on permuted MNIST, (0.05, 0.5) on characters of the Penn
    Treebank, (0.2, 0.2) on text8.

    Source: krueger2017zoneout.

    Raises:
        ValueError: a rate outside [0, 1), or a cell whose units can't be kept one by one (`Cell.entangled`).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell] = LSTM,
        output_rate: float = 0.15,
        memory_rate: float = 0.15,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, cell=cell, device=device, dtype=dtype)
        if self.unmodified.entangled:
            raise ValueError(f"{type(self.unmodified).__name__} can't have zoneout: {self.unmodified.entangled}")
        self.output_rate = probability("output_rate", output_rate)
        self.memory_rate = probability("memory_rate", memory_rate)

    @property
    def rates(self) -> dict[str, float]:
        """The probability with which a unit of a state keeps its value, for each state that has units."""
        first, *others = self.state_sizes
        rates = {first: self.output_rate} | dict.fromkeys(others, self.memory_rate)
        return {name: rate for name, rate in rates.items() if name not in self.bookkeeping}

    def project(self, x: Tensor) -> Tensor:
        p = self.inner.project(x)
        masks = [self.kept((*x.shape[:-1], self.state_sizes[name]), rate, p) for name, rate in self.rates.items()]
        return torch.cat([p, *masks], -1)

    def kept(self, shape: tuple[int, ...], rate: float, like: Tensor) -> Tensor:
        """d: where a state keeps its value."""
        if self.training:
            return (torch.rand(shape, device=like.device) < rate).to(like.dtype)
        return torch.full(shape, rate, dtype=like.dtype, device=like.device)

    def step(self, p: Tensor, state):
        widths = [self.state_sizes[name] for name in self.rates]
        p, *masks = p.split([p.shape[-1] - sum(widths), *widths], -1)
        kept, new = dict(zip(self.rates, masks, strict=True)), self.inner.next_state(p, state)
        return tuple(
            kept[name] * old + (1 - kept[name]) * value if name in kept else value
            for name, old, value in zip(self.state_sizes, state, new, strict=True)
        )

    def choices(self) -> dict[str, object]:
        return {"output_rate": self.output_rate, "memory_rate": self.memory_rate}
