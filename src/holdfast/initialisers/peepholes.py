"""How peepholes start."""

from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.cells import Cell
from holdfast.cells.cell import uniform_between
from holdfast.initialisers.initialiser import Initialiser


@dataclass(frozen=True)
class UniformPeepholes(Initialiser):
    """A full memory opens every gate of its unit a little more, by a weight between 0 and 1.

        v ~ U(0, 1)          for each vector of peepholes

    Source: chandar2019towards, the authors' code.

    Raises:
        ValueError: the cell has no peepholes.
    """

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        found = {name: weight for name, weight in cell.named_parameters() if name.startswith("peephole")}
        if not found:
            raise ValueError(f"UniformPeepholes expects a cell with peepholes, got {type(cell).__name__}; leave it out")
        return {name: uniform_between(weight.detach(), 0, 1, generator) for name, weight in found.items()}
