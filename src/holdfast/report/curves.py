"""The learning curves of one measure, drawn into one panel: a line a seed, and the median of many seeds on top.

Chance is a dashed line and the criterion of "solved" a dotted one. A run that solved the task ends in a filled marker,
one that diverged in a cross, any other in a hollow marker.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from holdfast.report import numbers
from holdfast.report.comparison import Comparison, Row
from holdfast.report.run import Curve, Run
from holdfast.report.theme import PAPER, QUIET, Look

FEW = 5
"""More seeds than this are drawn faintly, with their median on top."""
AXES = {"step": "training steps", "seconds": "seconds of training"}


def panel(axes: Axes, comparison: Comparison, looks: Mapping[str, Look], measure: str, against: str) -> None:
    """Draws the curves of all rows, the best on top.

    Args:
        axes: the panel.
        comparison: the runs.
        looks: colour and marker of each label.
        measure: what is drawn, on the validation set.
        against: "step", or "seconds" of training.
    """
    _frame(axes, measure, against)
    for row in reversed(comparison.rows):
        _curves(axes, row, looks[row.label], measure, against)
    _levels(axes, comparison, measure)
    if measure not in numbers.PERCENTAGES:
        _name_decades(axes)


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
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=against == "step"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    if measure in numbers.PERCENTAGES:
        axes.set_ylim(0.0, 1.02)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}{numbers.THIN}%"))
    else:
        axes.set_yscale("log")


def _tick(value: float) -> str:
    return numbers.count(value) if value == round(value) else f"{value:g}"


def _name_decades(axes: Axes) -> None:
    """Once the data is there: a tick for each power of ten; with less to show, for 2 and 5 too, or simply a few."""
    low, high = axes.get_ylim()
    if high / low < 5:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 1e3 else (1.0, 2.0, 5.0), numticks=12))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.plain(value, 1)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _curves(axes: Axes, row: Row, look: Look, measure: str, against: str) -> None:
    curves = {run: curve for run in row.runs if (curve := _drawable(run, measure, against))}
    crowd = len(curves) > FEW
    for run, curve in curves.items():
        name = f"{row.label}, seed {run.seed}: {run.status}"
        _line(axes, curve, look, name, width=0.8 if crowd else 1.5, alpha=0.45 if crowd else 1.0)
        _end(axes, *curve[-1], run, look)
    if crowd and (middle := _median(list(curves.values()))):
        _line(axes, middle, look, f"{row.label}, median of {len(curves)} seeds", width=2.2, alpha=1.0)


def _drawable(run: Run, measure: str, against: str) -> Curve:
    """The curve, without the points that a logarithmic axis has no place for: a loss of exactly zero."""
    return [(x, y) for x, y in run.curve(measure, against=against) if y > 0 or measure in numbers.PERCENTAGES]


def _median(curves: Sequence[Curve]) -> Curve:
    """Over the points that every seed has: beyond them it would be the median of those that were slower."""
    values = [dict(curve) for curve in curves]
    shared = sorted(set.intersection(*(set(curve) for curve in values)))
    return [(x, median(curve[x] for curve in values)) for x in shared]


def _line(axes: Axes, points: Curve, look: Look, name: str, *, width: float, alpha: float) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    (line,) = axes.plot(
        xs,
        ys,
        color=look.tone.light,
        linestyle=look.dashes,
        linewidth=width,
        alpha=alpha,
        solid_capstyle="round",
        solid_joinstyle="round",
    )
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
