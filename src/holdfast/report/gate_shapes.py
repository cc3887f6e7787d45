"""The shapes of a layer's gates: what each makes of its pre-activation, unit by unit."""

import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from holdfast.cells import Cell
from holdfast.cells.placed import PlacedGate
from holdfast.probes.shapes import gate_values, shaped_gates
from holdfast.report.figures import STYLE
from holdfast.report.theme import INK, PAPER, QUIET, SERIES

POINTS = 161
"""Pre-activations at which a gate is drawn."""
AUXILIARY = (math.inf, 0.0, -math.inf)
"""Values of a second pre-activation at which a gate is drawn: its edges, and the middle between them."""


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
    gates = shaped_gates(cell)
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
    a, _ = gate_values(gate, points=POINTS)
    for other in AUXILIARY if gate.gate.auxiliary else (0.0,):
        _, values = gate_values(gate, points=POINTS, second=other)
        lines = values.T.unique(dim=0)  # units of one shape are one line
        axes.plot(a.cpu(), lines.T.cpu(), color=SERIES[0].light, linewidth=1.0, alpha=1.0 if len(lines) == 1 else 0.4)
    axes.plot(a.cpu(), a.sigmoid().cpu(), color=INK.light, linewidth=1.2, linestyle="--", label="sigmoid")
    axes.set(xlabel="pre-activation", ylim=(-0.02, 1.02))
    axes.set_title(f"{name} gate", fontsize=9.0, color=QUIET.light)
    axes.grid(True)
