"""Learning curves: one colour and marker a model, and a line a seed; many seeds become a band with their median.

Chance is a dashed line and the criterion of "solved" a dotted one. A run that solved the task ends in a filled marker,
one that diverged in a cross, any other in a hollow marker. The same comparison always gives the same bytes.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from holdfast.report import numbers
from holdfast.report.records import Run
from holdfast.report.tables import Comparison, Row
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
    "path.simplify": False,
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
            _panel(axes, comparison, looks, measure, against)
        if shape.legend:
            figure.patch.set(alpha=1.0, facecolor=PAPER.light)
            handles = [_handle(row, looks[row.label]) for row in comparison.rows]
            figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
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


def _panel(axes: Axes, comparison: Comparison, looks: Mapping[str, Look], measure: str, against: str) -> None:
    _frame(axes, measure, against)
    for row in reversed(comparison.rows):
        _curves(axes, row, looks[row.label], measure, against)
    _levels(axes, comparison, measure)


def _frame(axes: Axes, measure: str, against: str) -> None:
    """Bare axes: a grid that recedes, the measure as a title where it is read first."""
    scale = "" if measure in numbers.PERCENTAGES else ", log scale"
    axes.set_title(f"validation {measure}{scale}", loc="left", size=9.5)
    axes.set_xlabel(AXES[against])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, pad=5)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.patch.set_alpha(0.0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.count(value)))
    if measure in numbers.PERCENTAGES:
        axes.set_ylim(0.0, 1.02)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}{numbers.THIN}%"))
    else:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.plain(value, 1)))


def _curves(axes: Axes, row: Row, look: Look, measure: str, against: str) -> None:
    curves = [curve for run in row.runs if (curve := run.curve(measure, against=against))]
    crowd = len(curves) > LINES
    if crowd:
        _band(axes, row, look, curves)
    for run in row.runs:
        if not (curve := run.curve(measure, against=against)):
            continue
        if not crowd:
            _line(axes, curve, look, f"{row.label}, seed {run.seed}: {run.status}", width=1.5)
        _end(axes, *curve[-1], run, look)


def _band(axes: Axes, row: Row, look: Look, curves: list[list[tuple[float, float]]]) -> None:
    """Lowest to highest seed as an area, and their median, over the points that every seed has."""
    values = [dict(curve) for curve in curves]
    shared = sorted(set.intersection(*(set(curve) for curve in values)))
    columns = [[curve[x] for curve in values] for x in shared]
    lowest, highest = [min(column) for column in columns], [max(column) for column in columns]
    axes.fill_between(shared, lowest, highest, color=look.tone.light, alpha=0.18, linewidth=0)
    middle = [(x, median(column)) for x, column in zip(shared, columns, strict=True)]
    _line(axes, middle, look, f"{row.label}, median of {len(curves)} seeds", width=2.0)


def _line(axes: Axes, points: Sequence[tuple[float, float]], look: Look, name: str, *, width: float) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    style = {"linestyle": look.dashes, "linewidth": width, "solid_capstyle": "round", "solid_joinstyle": "round"}
    (line,) = axes.plot(xs, ys, color=look.tone.light, **style)
    line.set_gid(name)


def _end(axes: Axes, x: float, y: float, run: Run, look: Look) -> None:
    """How a run ended: a filled marker if it solved the task, a cross if it diverged, otherwise a hollow one."""
    colour = look.tone.light
    if run.status == "diverged":
        axes.plot([x], [y], marker="x", color=colour, markersize=7, markeredgewidth=2.0, clip_on=False)
    else:
        face = PAPER.light if run.steps_to_solved is None else colour
        style = {"markersize": 5.5, "markeredgewidth": 1.3, "markerfacecolor": face}
        axes.plot([x], [y], marker=look.marker, color=colour, clip_on=False, zorder=3, **style)


def _levels(axes: Axes, comparison: Comparison, measure: str) -> None:
    """Chance and the criterion, named on the line itself, on the side where nothing good happens."""
    chance = comparison.description.get("chance", {}).get(measure)
    solved = comparison.description.get("solved_loss") if measure == "loss" else None
    below = measure in numbers.PERCENTAGES
    for value, word, dashes in ((chance, "chance", (0, (5, 3))), (solved, "solved below", (0, (1, 2)))):
        if value is None:
            continue
        axes.axhline(value, color=QUIET.light, linewidth=1.1, linestyle=dashes, zorder=1.5)
        axes.annotate(
            f"{word} {numbers.level(measure, value)}",
            (1.0, value),
            xycoords=axes.get_yaxis_transform(),
            xytext=(0, -3 if below else 3),
            textcoords="offset points",
            ha="right",
            va="top" if below else "bottom",
            size=8,
            color=QUIET.light,
            bbox={"facecolor": PAPER.light, "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
        )


def _handle(row: Row, look: Look) -> Line2D:
    style = {"linestyle": look.dashes, "marker": look.marker, "markersize": 5}
    return Line2D([], [], color=look.tone.light, label=row.label, **style)
