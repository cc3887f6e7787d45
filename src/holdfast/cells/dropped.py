"""Dropout within a recurrence: of units with one mask a sequence, and of recurrent weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from holdfast.cells.cell import Cell
from holdfast.cells.lstm import LSTM
from holdfast.cells.modifier import Modifier, kept_mask, probability


class VariationalDropout(Modifier):
    """While training, a step reads its input and its output of the step before through masks that last a sequence.

        W_ih x_t, W_hh h_{t-1} -> W_ih (m_x x_t), W_hh (m_h h_{t-1})
        m drawn once for each row: 0, or 1 / (1 - rate)

    Products with h_{t-1} are masked; what a GRU or a leaky cell keeps of it is not, nor is the memory c of an LSTM. In
    a cell of another form, whose step calls neither `recurrent` nor `masked`, the whole first state is masked before
    each step: where that state is carried on too, units that are dropped are forgotten and the others grow by
    1 / (1 - rate) a step. Let the step of a cell of yours take its products of `self.masked(h)`.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        cell: the cell that is modified.
        input_rate: probability that a feature is dropped.
        output_rate: probability that a unit of the first state is dropped.

    A mask lasts one call of the layer; with `recompute` on the reference backend, one segment.

    Source: gal2016theoretically.

    Raises:
        ValueError: a rate outside [0, 1), or an output_rate above 0 around a cell that never reads its output again
            (`Cell.reads_output`).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell] = LSTM,
        input_rate: float = 0.25,
        output_rate: float = 0.25,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, cell=cell, device=device, dtype=dtype)
        self.input_rate = probability("input_rate", input_rate)
        self.output_rate = probability("output_rate", output_rate)
        if self.output_rate and not self.reads_output:
            raise ValueError(
                f"{type(self.unmodified).__name__} gives its output out and never reads it again, so dropping units of "
                f"it does nothing; pass output_rate=0, and input_rate alone"
            )
        if any(isinstance(module, VariationalDropout) for module in self.inner.modules()):
            raise ValueError(f"{type(self.unmodified).__name__} has variational dropout already; take one")
        mask = RowMask().to(next(self.parameters(), torch.empty(0)))
        self.unmodified.output_mask = mask
        place = next(name for name, module in self.inner.named_modules() if module is mask)
        self.place = f"{place}.mask" if self.calls(mask) else None

    def project(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.inner.project(x)
        p = self.inner.project(x * kept_mask(x.shape[-2:], self.input_rate, like=x))
        mask = kept_mask((*x.shape[-2:-1], self.output_size), self.output_rate, like=p)
        return torch.cat([p, mask.expand(*x.shape[:-1], -1)], -1)

    def step(self, p: Tensor, state):
        if not self.training:
            return self.inner.step(p, state)
        p, mask = p.split([p.shape[-1] - self.output_size, self.output_size], -1)
        if self.place is None:
            return self.inner.step(p, self.make_state([mask * state[0], *state[1:]]))
        return functional_call(self.inner, {self.place: mask}, (p, state))

    def choices(self) -> dict[str, object]:
        return {"input_rate": self.input_rate, "output_rate": self.output_rate}


class RowMask(nn.Module):
    """What a step reads of the output before it, while training: `mask` times it, where each row has its own."""

    mask: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(()), persistent=False)

    def forward(self, h: Tensor) -> Tensor:
        """The units that are kept."""
        return self.mask * h if self.training else h


class WeightDrop(Modifier):
    """While training, single recurrent weights are dropped, the same ones at all steps of a sequence (DropConnect).

        W_hh -> M W_hh          M drawn once a call: 0, or 1 / (1 - rate), weight by weight

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        cell: the cell that is modified.
        rate: probability that a weight is dropped; 0.5 in the AWD-LSTM on the Penn Treebank.
        weight: the name of the matrix.

    The mask lasts one call of the layer and is shared by the rows of a batch; with `recompute` on the reference backend
    it lasts one segment.

    Source: merity2018regularizing.

    Raises:
        ValueError: a rate outside [0, 1), or a cell without that matrix.
    """

    mask: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell] = LSTM,
        rate: float = 0.5,
        weight: str = "weight_hh",
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, cell=cell, device=device, dtype=dtype)
        if weight not in dict(self.inner.named_parameters(recurse=False)):
            raise ValueError(f"{type(self.inner).__name__} has no parameter '{weight}' whose weights could be dropped")
        self.rate, self.weight = probability("rate", rate), weight
        # A buffer, so that kernels are given it; drawn anew by every `project`, so it is no part of what is saved.
        self.register_buffer(
            "mask", torch.ones_like(getattr(self.inner, weight), requires_grad=False), persistent=False
        )

    def project(self, x: Tensor) -> Tensor:
        if self.training:
            self.mask = kept_mask(self.mask.shape, self.rate, like=self.mask)
        return self.inner.project(x)

    def step(self, p: Tensor, state):
        if not self.training:
            return self.inner.step(p, state)
        weight = self.inner._parameters[self.weight]  # and not by `getattr`: then it is plain what a step can reach
        assert weight is not None
        return functional_call(self.inner, {self.weight: self.mask * weight}, (p, state))

    def choices(self) -> dict[str, object]:
        return {"rate": self.rate, "weight": self.weight}
