"""The shapes of a layer's gates: what each makes of its pre-activation, unit by unit."""

import math

import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from holdfast.cells import Cell, Cumax
from holdfast.cells.placed import PlacedGate
from holdfast.report.figures import STYLE
from holdfast.report.theme import INK, PAPER, QUIET, SERIES

REACH = 8.0
"""Pre-activations from -REACH to REACH are drawn."""
POINTS = 161
AUXILIARY = (math.inf, 0.0, -math.inf)
"""Values of a second pre-activation at which a gate is drawn: its edges, and the middle between them."""


def gates_of(cell: Cell) -> dict[str, PlacedGate]:
    """The gates of a cell that have a shape, by the name of their block.

    A gate over all units together, such as cumax, has none: its value depends on more than one pre-activation.
    """
    placed = {name: module for name, module in cell.named_modules() if isinstance(module, PlacedGate)}
    shaped = {n: g for n, g in placed.items() if not isinstance(getattr(g.gate, "primary", g.gate), Cumax)}
    return {name.rpartition(".")[2].removesuffix("_gate"): gate for name, gate in shaped.items()}


def draw_gates(cell: Cell) -> Figure:
    """A panel for each gate of a cell: one line a unit, the sigmoid dashed beside them.

        layer = holdfast.make("kaf-gru", 8, 64)          # ... and train it
        draw_gates(layer.cells[0]).savefig("gates.png")

    A gate over two blocks is drawn for both ends of the second one and for its middle.

    Args:
        cell: with gates of the gated family; at its start or trained.

    Raises:
        ValueError: the cell has no gate that has a shape.
    """
    gates = gates_of(cell)
    if not gates:
        raise ValueError(f"{type(cell).__name__} has no gates of the gated family, whose shapes could be drawn")
    with matplotlib.rc_context(STYLE):
        figure = Figure((3.4 * len(gates), 3.0), layout="constrained")
        figure.patch.set_facecolor(PAPER.light)
        panels = figure.subplots(1, len(gates), squeeze=False, sharey=True)[0]
        for axes, (name, gate) in zip(panels, gates.items(), strict=True):
            panel(axes, name, gate)
        panels[0].set_ylabel("gate")
        return figure


def panel(axes: Axes, name: str, gate: PlacedGate) -> None:
    """The lines of one gate."""
    reference = next(gate.parameters(), torch.empty(0))
    a = torch.linspace(-REACH, REACH, POINTS, dtype=reference.dtype, device=reference.device)
    columns = a.unsqueeze(1).expand(-1, gate.units)  # (points, units)
    for other in AUXILIARY if gate.gate.auxiliary else (0.0,):
        with torch.no_grad():
            values = gate(columns, *(torch.full_like(columns, other) for _ in gate.gate.auxiliary))
        lines = values.T.unique(dim=0)  # units of one shape are one line
        axes.plot(a.cpu(), lines.T.cpu(), color=SERIES[0].light, linewidth=1.0, alpha=1.0 if len(lines) == 1 else 0.4)
    axes.plot(a.cpu(), a.sigmoid().cpu(), color=INK.light, linewidth=1.2, linestyle="--", label="sigmoid")
    axes.set(xlabel="pre-activation", ylim=(-0.02, 1.02))
    axes.set_title(f"{name} gate", fontsize=9.0, color=QUIET.light)
    axes.grid(True)
