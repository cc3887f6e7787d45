"""Figures of what was measured of layers: a panel a model, before training in outline and after it filled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from holdfast.report.figures import STYLE
from holdfast.report.probe_panels import (
    Measured,
    draw_correlation,
    draw_forgetting,
    draw_gradients,
    draw_saturation,
    draw_shape,
    draw_spectrum,
    draw_time_scales,
    time_scales,
)
from holdfast.report.theme import PAPER, Look, looks

WIDTH, HEIGHT = 3.4, 2.6
"""Inches of a panel."""
CAPTIONS = {
    "time-scales": "For how many steps units remember, by their gates",
    "gradients": "What is left of a gradient after so many steps back",
    "saturation": "How much of the time gates are shut or open",
    "correlation": "Correlation of the keeping gates with the number of the step",
    "forgetting": "How far states with different pasts still are apart",
    "spectrum": "Eigenvalues of the recurrent Jacobian, beside the unit circle",
    "gate-shapes": "What gates that learn their shape make of their pre-activations, unit by unit",
}
"""What each figure shows, in the order in which they are shown."""


def draw_probes(
    probed: Mapping[str, Mapping[str, Any]], *, styles: Mapping[str, Look] | None = None
) -> dict[str, Figure]:
    """The figures of one or several models, by name; those that there are numbers for.

        time-scales     for how many steps units remember, by their gates
        gradients       what is left of a gradient after so many steps back
        saturation      how much of the time gates are shut or open
        correlation     of gates with the number of the step
        forgetting      how far states with different pasts still are apart
        spectrum        eigenvalues of the recurrent Jacobian, beside the unit circle
        gate-shapes     what gates that learn their shape make of their pre-activations, unit by unit

    Args:
        probed: label -> {"before": ..., "after": ...}, each as `Probe.as_dict` gives it; "before" may be missing.
        styles: how each label is drawn; by alphabet unless given.
    """
    styles = styles or looks(probed)
    all_of_them = [Measured(k, each.get("before"), each["after"], styles[k]) for k, each in probed.items()]
    gated = [each for each in all_of_them if each.after["gates"]]
    keeping = [each for each in gated if time_scales(each.after)]
    streamed = [each for each in all_of_them if each.after["forgetting"]]
    learnt = [gate for each in all_of_them for gate in _learnt_gates(each)]
    with matplotlib.rc_context(STYLE):
        figures = {
            "time-scales": _a_panel_each(keeping, draw_time_scales, across=1),
            "gradients": _together(all_of_them, draw_gradients),
            "saturation": _a_panel_each(gated, draw_saturation),
            "correlation": _a_panel_each(gated, draw_correlation, across=1),
            "forgetting": _together(streamed, draw_forgetting),
            "spectrum": _a_panel_each(all_of_them, draw_spectrum),
            "gate-shapes": _a_panel_each(learnt, draw_shape, across=3),
        }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _a_panel_each(
    models: Sequence[Measured], draw: Callable[[Axes, Measured], None], *, across: int | None = None
) -> Figure | None:
    """Panels of equal axes, so many side by side: all, or one where what lies along x is to be compared."""
    if not models:
        return None
    columns = min(across or len(models), len(models))
    rows = -(-len(models) // columns)
    down = across == 1
    figure = _figure((WIDTH * columns * (1.4 if down else 1), HEIGHT * rows * (0.75 if down else 1) + 0.3))
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    for axes, model in zip(panels, models, strict=False):
        _frame(axes)
        axes.set_title(model.label, loc="left", size=9.5)
        draw(axes, model)
        if down:
            axes.label_outer()
        else:
            axes.tick_params(labelbottom=True)
    for axes in panels[len(models) :]:
        axes.remove()
    return figure


def _learnt_gates(model: Measured) -> list[Measured]:
    """Each gate that learns its shape, as what is known of it alone; none in the records of older probes."""
    shapes = {(shape["cell"], shape["name"]): shape for shape in model.after.get("shapes", ())}
    begun = {(shape["cell"], shape["name"]): shape for shape in (model.before or {}).get("shapes", ())}
    stacked = len({cell for cell, _ in shapes}) > 1
    return [
        Measured(
            f"{model.label}, {name} gate" + (f" of layer {cell + 1}" if stacked else ""),
            begun.get((cell, name)),
            shape,
            model.look,
        )
        for (cell, name), shape in shapes.items()
    ]


def _together(models: Sequence[Measured], draw: Callable[[Axes, Measured], None]) -> Figure | None:
    """One panel, a line a model."""
    if not models:
        return None
    figure = _figure((WIDTH * 1.5, HEIGHT * 1.3))
    axes = figure.subplots()
    _frame(axes)
    for model in models:
        draw(axes, model)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _figure(size: tuple[float, float]) -> Figure:
    figure = Figure(size, layout="constrained")
    figure.patch.set_facecolor(PAPER.light)
    return figure


def _frame(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True)
    axes.set_axisbelow(True)
