"""How much of a layer was updated, and what that costs."""

import torch
from torch import Tensor, nn

from holdfast.cells import Cell, Sparing
from holdfast.layers.recurrent import Recurrent, State


def sparing_cells(layer: nn.Module) -> list[Sparing]:
    """The cells of a layer whose units may rest.

    Raises:
        ValueError: the layer has others.
    """
    cells = list(layer.cells) if isinstance(layer, Recurrent) else [layer]
    for cell in cells:
        if not isinstance(cell, Sparing):
            raise ValueError(
                f"expected a layer whose units may rest, such as gaussian-lstm, phased-lstm, skip-lstm or skip-gru; "
                f"got one of {type(cell).__name__}, all of which is updated at every step"
            )
    return cells  # pyright: ignore[reportReturnType]


def updates(
    layer: Recurrent, x: Tensor, end: State, lengths: Tensor | None = None, *, threshold: float | None = None
) -> Tensor:
    """The steps of each sequence, each counted by the share of units that were updated, for every cell: (cells, B).

        updates_b = sum_t mean_j k_{t,j}          time gates
                    sum_t u_t                     cells that skip

    Args:
        layer: of cells whose units may rest, time first; it has run from its first state.
        x: (T, B, I), what it read.
        end: the state that it returned.
        lengths: (B,), where each sequence ends; None if all fill T.
        threshold: a gate below it counts as closed, any other as open; None counts each by how far it is open.

    Raises:
        ValueError: the layer has other cells.
    """
    parts = (end,) if isinstance(end, Tensor) else end
    return torch.stack([
        cell.updated(x, tuple(part[k] for part in parts), lengths, threshold=threshold)
        for k, cell in enumerate(sparing_cells(layer))
    ])  # fmt: skip


def operations(layer: Recurrent, updated: Tensor) -> Tensor:
    """The multiply-adds of the matrix products of each sequence (B,), from what was updated (cells, B)."""
    return sum((products(layer._cell(k)) * row for k, row in enumerate(updated)), torch.zeros(()))


def products(cell: Cell) -> int:
    """The multiply-adds of the matrix products of one step with all units updated: 4 H (I + H) of an LSTM.

    Source: campos2018skip counts so; what decides about updates, peepholes and the head are left out.
    """
    return sum(parameter.numel() for parameter in cell.unmodified.parameters() if parameter.dim() > 1)
