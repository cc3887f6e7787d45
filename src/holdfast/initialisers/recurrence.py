"""How the recurrent matrix starts: orthogonal, or the identity."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.cells import Cell
from holdfast.initialisers.initialiser import Initialiser


@dataclass(frozen=True)
class OrthogonalRecurrence(Initialiser):
    """The recurrent matrix of every block is orthogonal, so the linear part keeps the norm of the state.

        W_hh: orthogonal, uniformly distributed, block by block
        W_ih: N(0, 2 gain^2 / (I + rows)), block by block        (Glorot)
        biases: 0

    Args:
        gain: of the input weights; sqrt(2) for ReLU.

    Source: saxe2014exact; these numbers: chandar2019towards, the authors' code.
    """

    gain: float = 1.0

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        values = {n: torch.zeros_like(p) for n, p in cell.named_parameters() if n.startswith("bias")}
        w_ih, w_hh = weights(cell, "weight_ih"), weights(cell, "weight_hh")
        values["weight_hh"], values["weight_ih"] = torch.empty_like(w_hh), torch.empty_like(w_ih)
        for block in cell.blocks:
            rows = cell.block(block)
            values["weight_hh"][rows] = orthogonal(w_hh[rows], generator)
            std = self.gain * math.sqrt(2 / (cell.input_size + cell.block_sizes[block]))
            values["weight_ih"][rows] = std * normal(w_ih[rows], generator)
        return values


@dataclass(frozen=True)
class IdentityRecurrence(Initialiser):
    """The recurrent matrix is the identity, so that a ReLU network starts as an accumulator (IRNN).

        W_hh = I,   W_ih ~ N(0, std^2),   biases 0

    Args:
        std: of the input weights.

    Source: le2015simple.

    Raises:
        ValueError: the cell has gates: its recurrent matrix is not square.
    """

    std: float = 0.001

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        w_ih, w_hh = weights(cell, "weight_ih"), weights(cell, "weight_hh")
        if w_hh.shape[0] != w_hh.shape[1]:
            raise ValueError(
                f"IdentityRecurrence expects a square recurrent matrix, got {tuple(w_hh.shape)} in "
                f"{type(cell).__name__}; use OrthogonalRecurrence for cells with gates"
            )
        values = {n: torch.zeros_like(p) for n, p in cell.named_parameters() if n.startswith("bias")}
        identity = torch.eye(cell.hidden_size, dtype=w_hh.dtype, device=w_hh.device)
        return {**values, "weight_hh": identity, "weight_ih": self.std * normal(w_ih, generator)}


def weights(cell: Cell, name: str) -> Tensor:
    """The matrix `name` of `cell`."""
    found = dict(cell.named_parameters()).get(name)
    if found is None:
        raise ValueError(f"{type(cell).__name__} has no parameter '{name}', which this initialiser sets")
    return found.detach()


def normal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A standard normal draw with the shape, dtype and device of `like`."""
    device = like.device if generator is None else generator.device
    return torch.empty(like.shape, dtype=like.dtype, device=device).normal_(generator=generator).to(like.device)


def orthogonal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A uniformly distributed matrix with orthonormal rows or columns, shaped like `like`."""
    rows, columns = like.shape
    draw = normal(like, generator)
    wide = draw if draw.dtype == torch.float64 else draw.float()  # there is no QR in half precision
    q, r = torch.linalg.qr(wide if rows >= columns else wide.T)
    q = q * r.diagonal().sign()  # makes the distribution uniform
    return (q if rows >= columns else q.T).to(like)
