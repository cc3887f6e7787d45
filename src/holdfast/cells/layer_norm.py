"""Layer normalisation of the products within a recurrence."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from holdfast.cells.cell import AffineCell, Cell, empty_parameter, fill
from holdfast.cells.lstm import LSTM
from holdfast.cells.modifier import Modifier


class LayerNorm(Modifier):
    """Both products of a cell have the same mean and variance at every step, in every row.

        pre-activations = LN(W_ih x_t) + b + LN(W_hh h_{t-1})          all else as in the cell

    LN takes mean and variance over the units of a row, of all blocks together; in the GRUs, as published for them, of
    the gates together and of the candidate apart. Each has a gain for every unit; its offset is the bias b.

    Args:
        input_size: features of x_t. With a single one, LN leaves little more than its sign.
        hidden_size: units H.
        cell: the cell that is modified: one whose pre-activations are W_ih x_t + b + W_hh h_{t-1} (`AffineCell`).

    Shapes: those of the cell; inner.norm_ih.weight, inner.norm_hh.weight, as many as the cell's weights have rows.
    Gains start at 1.

    Source: ba2016layer. The paper's LSTM normalises its memory too: that is `LayerNormLSTM`.

    Raises:
        ValueError: a cell of another form, one with products of its own (NRU, coRNN, LEM), or one that is normalised
            already.
    """

    def __init__(self, input_size: int, hidden_size: int, *, cell: Callable[..., Cell] = LSTM, device=None, dtype=None):
        super().__init__(input_size, hidden_size, cell=cell, device=device, dtype=dtype)
        normalised, name = self.unmodified, type(self.unmodified).__name__
        if not isinstance(normalised, AffineCell):
            raise ValueError(
                f"LayerNorm expects a cell of pre-activations W_ih x + b + W_hh h, an AffineCell; got {name}"
            )
        if normalised.norm_hh is not None:
            raise ValueError(f"{name} is normalised already; take one LayerNorm, and not around LayerNormLSTM")
        for place in ("norm_ih", "norm_hh"):
            setattr(normalised, place, RowNorm(normalised.products).to(normalised.weight_hh))
        if not self.calls(normalised.get_submodule("norm_hh")):
            raise ValueError(
                f"LayerNorm can't reach the product W_hh h of {name}, whose step has products of its own; if the cell "
                f"is yours, let its step take W_hh h from self.recurrent(h)"
            )

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """The inner cell as it does; gains 1."""
        super().reset_parameters(generator)
        for norm in self.modules():
            if isinstance(norm, RowNorm):
                norm.reset_parameters()

    def project(self, x: Tensor) -> Tensor:
        return self.inner.project(x)

    def step(self, p: Tensor, state):
        return self.inner.step(p, state)


class RowNorm(nn.Module):
    """Layer normalisation of the rows of several products (..., K), each product apart, with a gain for every row.

    Args:
        sizes: rows of each product; K in all.
    """

    def __init__(self, sizes: Sequence[int]):
        super().__init__()
        self.sizes = list(sizes)
        self.weight = empty_parameter(sum(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Gains 1."""
        fill(self.weight, 1)

    def forward(self, product: Tensor, *which: int) -> Tensor:
        """The product normalised; only the one with the number `which` if there is one."""
        gains = self.weight.split(self.sizes)
        if which:
            return row_norm(product, gains[which[0]])
        parts = [row_norm(part, gain) for part, gain in zip(product.split(self.sizes, -1), gains, strict=True)]
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.sizes))


def row_norm(product: Tensor, gain: Tensor) -> Tensor:
    """Layer normalisation over the last axis."""
    return F.layer_norm(product, gain.shape, gain)
