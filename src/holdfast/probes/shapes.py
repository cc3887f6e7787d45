"""The shapes of gates: what each makes of its pre-activation, unit by unit."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.cells import Cell, Cumax
from holdfast.cells.placed import PlacedGate

REACH = 8.0
"""Pre-activations from -REACH to REACH are looked at."""
POINTS = 33
"""So many of them stand in a file."""
DIGITS = 4
"""After the point, of a gate's values in a file: finer than a figure shows."""


@dataclass(frozen=True)
class GateShape:
    """What the units of one gate that learns its shape make of their pre-activations.

    A second pre-activation, where the gate takes one, stands at 0, the middle of its sigmoid.

    Args:
        cell: which cell of the stack, from 0.
        name: the block that the gate is over.
        at: the pre-activations, ascending.
        values: the gate at each of them, a row for each shape that some unit has.
        distance: unit by unit, how far the gate is from the sigmoid at most.
    """

    cell: int
    name: str
    at: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    distance: tuple[float, ...]


def shaped_gates(cell: Cell) -> dict[str, PlacedGate]:
    """The gates of a cell that have a shape, by the name of their block.

    A gate over all units together, such as cumax, has none: its value depends on more than one pre-activation.
    """
    placed = {name: module for name, module in cell.named_modules() if isinstance(module, PlacedGate)}
    shaped = {n: g for n, g in placed.items() if not isinstance(getattr(g.gate, "primary", g.gate), Cumax)}
    return {name.rpartition(".")[2].removesuffix("_gate"): gate for name, gate in shaped.items()}


def gate_values(gate: PlacedGate, *, points: int, second: float = 0.0) -> tuple[Tensor, Tensor]:
    """Pre-activations (points,) from -REACH to REACH, and what each unit makes of them: (points, H).

    Args:
        gate: with a shape.
        points: how many pre-activations.
        second: the other pre-activations of a gate that takes several.
    """
    reference = next(gate.parameters(), torch.empty(0))
    a = torch.linspace(-REACH, REACH, points, dtype=reference.dtype, device=reference.device)
    columns = a.unsqueeze(1).expand(-1, gate.units)
    with torch.no_grad():
        return a, gate(columns, *(torch.full_like(columns, second) for _ in gate.gate.auxiliary))


def learnt_shapes(cells: Mapping[int, Cell]) -> tuple[GateShape, ...]:
    """The gates that learn their shape, of cells by their place in the stack; empty if there are none."""
    return tuple(
        _shape(place, name, gate)
        for place, cell in cells.items()
        for name, gate in shaped_gates(cell).items()
        if any(True for _ in gate.parameters())
    )


def _shape(place: int, name: str, gate: PlacedGate) -> GateShape:
    a, values = gate_values(gate, points=POINTS)
    values = values.double()
    rounded = (values.T * 10**DIGITS).round() / 10**DIGITS
    return GateShape(
        cell=place,
        name=name,
        at=tuple(a.tolist()),
        values=tuple(map(tuple, rounded.unique(dim=0).tolist())),
        distance=tuple((values - a.double().sigmoid().unsqueeze(1)).abs().amax(0).tolist()),
    )
