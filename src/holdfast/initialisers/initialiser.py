"""The contract of an initialiser, and how it is applied to a cell."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from holdfast.cells import Cell
from holdfast.cells.cell import fill


class Initialiser(ABC):
    """New values for some of a cell's parameters, as a pure function of the cell's shape and a generator."""

    @abstractmethod
    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> Mapping[str, Tensor]:
        """The new values by the parameter's name; what is not named keeps its value."""


class GateBias(Initialiser):
    """An initialiser that sets what gates are at the start: every bias is 0 but for the offsets of some blocks.

    The blocks `forget` and `update` keep the memory, `input` writes to it, `refine` moves the gate that keeps.

    Raises:
        ValueError: the cell has no bias, or none of the blocks that this initialiser sets.
    """

    @abstractmethod
    def offsets(self, size: int, generator: torch.Generator | None) -> Mapping[str, Tensor]:
        """The biases (size,) of the blocks that this initialiser knows; those that a cell lacks are not used."""

    def __call__(self, cell: Cell, generator: torch.Generator | None = None) -> Mapping[str, Tensor]:
        bias = getattr(cell, "bias", None)
        name, known = type(self).__name__, self.offsets(cell.hidden_size, generator)
        used = [block for block in known if block in cell.blocks]
        if bias is None:
            raise ValueError(
                f"{name} sets gate biases, but this {type(cell).__name__} has none; build it with bias=True"
            )
        if not used:
            raise ValueError(
                f"{name} sets the blocks {', '.join(known)}, but {type(cell).__name__} has only "
                f"{', '.join(cell.blocks) or 'none'}; choose a gated cell or another initialiser"
            )
        values = {other: torch.zeros_like(b) for other, b in cell.named_parameters() if other.startswith("bias")}
        for block in used:
            rows = cell.bias_rows(block)
            if rows is not None:
                values["bias"][rows] = known[block].to(bias)
            elif not known[block].any():
                raise ValueError(
                    f"{name} starts the {block} gate's bias at 0, but in this {type(cell).__name__} it is minus that "
                    f"of the gate that it moves; choose refine='mirrored', or refine_bias='own'"
                )
        return values


def initialise(
    cell: Cell, initialisers: Initialiser | Iterable[Initialiser], generator: torch.Generator | None = None
) -> None:
    """Apply one initialiser, or several in order, to `cell` in place."""
    cell = cell.unmodified
    for initialiser in (initialisers,) if isinstance(initialisers, Initialiser) else initialisers:
        parameters = dict(cell.named_parameters())
        for name, value in initialiser(cell, generator).items():
            fill(parameters[name], value)


def draw_uniform(low: float, high: float, size: int, generator: torch.Generator | None) -> Tensor:
    """A draw (size,) from U(low, high), where the generator lives."""
    device = generator.device if generator is not None else "cpu"
    return torch.empty(size, device=device).uniform_(low, high, generator=generator)
