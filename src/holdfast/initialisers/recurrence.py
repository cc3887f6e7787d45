"""How the recurrence starts: an orthogonal matrix, the identity, or a weight for each unit."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.cells import Cell
from holdfast.cells.cell import normal_like, uniform_between
from holdfast.initialisers.initialiser import Initialiser

RELU_GAIN = 2**0.5
"""Makes up for the half that a ReLU takes away."""


@dataclass(frozen=True)
class OrthogonalRecurrence(Initialiser):
    """The recurrent matrix of every block is orthogonal, so the linear part keeps the norm of the state.

        W_hh: orthogonal, uniformly distributed, block by block
        W_ih: N(0, 2 gain^2 / (I + rows)), block by block        (Glorot)
        biases: 0

    Args:
        gain: of the input weights; sqrt(2) for ReLU.

    Source: saxe2014exact; these numbers: chandar2019towards, the authors' code.

    Raises:
        ValueError: the cell has no recurrent matrix with rows for every block.
    """

    gain: float = 1.0

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        values = {n: torch.zeros_like(p) for n, p in cell.named_parameters() if n.startswith("bias")}
        w_ih, w_hh = weights(cell, "weight_ih"), weights(cell, "weight_hh")
        if len(w_hh) != sum(cell.block_sizes.values()):
            raise ValueError(
                f"OrthogonalRecurrence expects a recurrent matrix with rows for every block of {type(cell).__name__}, "
                f"{', '.join(cell.blocks) or 'which has none'}; got {tuple(w_hh.shape)}"
            )
        values["weight_hh"], values["weight_ih"] = torch.empty_like(w_hh), torch.empty_like(w_ih)
        for block in cell.blocks:
            rows = cell.block(block)
            values["weight_hh"][rows] = orthogonal(w_hh[rows], generator)
            values["weight_ih"][rows] = glorot(w_ih[rows], self.gain, generator)
        return values


@dataclass(frozen=True)
class IndependentRecurrence(Initialiser):
    """Recurrent weights of single units, as in an IndRNN, start within a range: how long each remembers.

        u ~ U(low, high)

    Args:
        low, high: the range, the same in every layer of a stack. For another one in the last layer, as the paper has it
            for tasks that are read at their last step, see `last_start` of `IndRNN`.

    Source: li2018independently.

    Raises:
        ValueError: low is above high, or the cell has no such weights.
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError(f"IndependentRecurrence expects low <= high, got {self.low} and {self.high}")

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        return {"recurrence": uniform_between(weights(cell, "recurrence"), self.low, self.high, generator)}


@dataclass(frozen=True)
class IdentityRecurrence(Initialiser):
    """The recurrent matrix is the identity, so that a ReLU network starts as an accumulator (IRNN).

        W_hh = I,   W_ih ~ N(0, std^2),   biases 0

    Args:
        std: of the input weights; None for sqrt(2) sqrt(2 / (I + H)), Glorot's for ReLU, as chandar2019towards has it.

    Source: le2015simple.

    Raises:
        ValueError: the cell has gates: its recurrent matrix is not square.
    """

    std: float | None = 0.001

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        w_ih, w_hh = weights(cell, "weight_ih"), weights(cell, "weight_hh")
        if w_hh.shape[0] != w_hh.shape[1]:
            raise ValueError(
                f"IdentityRecurrence expects a square recurrent matrix, got {tuple(w_hh.shape)} in "
                f"{type(cell).__name__}; use OrthogonalRecurrence for cells with gates"
            )
        values = {n: torch.zeros_like(p) for n, p in cell.named_parameters() if n.startswith("bias")}
        identity = torch.eye(cell.hidden_size, dtype=w_hh.dtype, device=w_hh.device)
        w_ih = glorot(w_ih, RELU_GAIN, generator) if self.std is None else normal_like(w_ih, self.std, generator)
        return {**values, "weight_hh": identity, "weight_ih": w_ih}


def weights(cell: Cell, name: str) -> Tensor:
    """The parameter `name` of `cell`."""
    found = dict(cell.named_parameters()).get(name)
    if found is None:
        raise ValueError(f"{type(cell).__name__} has no parameter '{name}', which this initialiser sets")
    return found.detach()


def glorot(like: Tensor, gain: float, generator: torch.Generator | None) -> Tensor:
    """Input weights that neither amplify nor damp: N(0, 2 gain^2 / (rows + columns)), shaped like `like`."""
    return normal_like(like, gain * math.sqrt(2 / sum(like.shape)), generator)


def orthogonal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A uniformly distributed matrix with orthonormal rows or columns, shaped like `like`."""
    rows, columns = like.shape
    draw = normal_like(like, 1, generator)
    wide = draw if draw.dtype == torch.float64 else draw.float()  # there is no QR in half precision
    q, r = torch.linalg.qr(wide if rows >= columns else wide.T)
    q = q * r.diagonal().sign()  # makes the distribution uniform
    return (q if rows >= columns else q.T).to(like)
