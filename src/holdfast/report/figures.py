"""The figure of a comparison: a panel a measure, one colour and marker a model, on paper or for the page.

The same comparison always gives the same bytes.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from holdfast.report.comparison import Comparison, Row
from holdfast.report.curves import panel
from holdfast.report.theme import INK, PAPER, QUIET, RULE, Look

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "holdfast",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": QUIET.light,
    "axes.labelcolor": QUIET.light,
    "axes.linewidth": 0.8,
    "text.color": INK.light,
    "xtick.color": QUIET.light,
    "ytick.color": QUIET.light,
    "grid.color": RULE.light,
    "grid.linewidth": 0.7,
}
LINES = 5
"""Up to so many seeds are drawn a line each; more become a band with their median."""
AXES = {"step": "training steps", "seconds": "seconds of training"}


@dataclass(frozen=True)
class Shape:
    """How large a figure is and how its panels lie.

    Args:
        width, height: inches of one panel.
        columns: panels side by side.
        legend: whether it carries its own; on the page the legend stands in the text.
    """

    width: float
    height: float
    columns: int
    legend: bool = False


WIDE = Shape(5.1, 3.4, 2)
NARROW = Shape(3.8, 2.9, 1)
FILE = Shape(4.5, 3.2, 2, legend=True)


def measures(comparison: Comparison) -> list[str]:
    """What is drawn, a panel each: the measure that models are compared by, and the loss."""
    return list(dict.fromkeys([comparison.measure, "loss"]))


def draw(comparison: Comparison, looks: Mapping[str, Look], shape: Shape, *, against: str = "step") -> Figure:
    """The learning curves of all models on a task.

    Args:
        comparison: the runs.
        looks: colour and marker of each label.
        shape: the size, and how the panels lie.
        against: "step", or "seconds" of training.
    """
    panels = measures(comparison)
    columns = min(shape.columns, len(panels))
    rows = -(-len(panels) // columns)
    # A single panel gets the width of two: the curves deserve it, and all figures of a page line up.
    width = shape.width * shape.columns
    with matplotlib.rc_context(STYLE):
        size = (width, shape.height * rows + 0.5 * shape.legend)
        figure = Figure(size, layout=ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06, hspace=0.04))
        figure.patch.set_alpha(0.0)
        for axes, measure in zip(figure.subplots(rows, columns, squeeze=False).flat, panels, strict=True):
            panel(axes, comparison, looks, measure, against)
        if shape.legend:
            figure.patch.set(alpha=1.0, facecolor=PAPER.light)
            handles = [_handle(row, looks[row.label]) for row in comparison.rows]
            legend = figure.legend(
                handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False
            )
            for text in legend.get_texts():
                text.set_parse_math(False)
    return figure


def svg(figure: Figure) -> str:
    """The figure as SVG, with its text as text."""
    with matplotlib.rc_context(STYLE):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as PNG, for places that take nothing else."""
    with matplotlib.rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=160, metadata={"Software": None})
    return buffer.getvalue()


def _handle(row: Row, look: Look) -> Line2D:
    style = {"linestyle": look.dashes, "marker": look.marker, "markersize": 5}
    return Line2D([], [], color=look.tone.light, label=row.label, **style)
