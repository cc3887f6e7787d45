"""Figures of what was measured of layers: a panel a model, before training in outline and after it filled."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from holdfast.report.figures import STYLE
from holdfast.report.run import Json
from holdfast.report.theme import PAPER, QUIET, RULE, Look, looks

WIDTH, HEIGHT = 3.4, 2.6
"""Inches of a panel."""
BINS = 24
CAPTIONS = {
    "time-scales": "For how many steps units remember, by their gates",
    "gradients": "What is left of a gradient after so many steps back",
    "saturation": "How much of the time gates are shut or open",
    "correlation": "Correlation of the keeping gates with the number of the step",
    "forgetting": "How far states with different pasts still are apart",
    "spectrum": "Eigenvalues of the recurrent Jacobian, beside the unit circle",
}
"""What each figure shows, in the order in which they are shown."""
LONGEST = 1e6
"""Time scales beyond are drawn at this many steps."""

BEFORE: dict[str, Any] = {"linewidth": 0.9, "linestyle": ":"}
AFTER: dict[str, Any] = {"linewidth": 1.6}
"""Lines, before training and after it."""


@dataclass(frozen=True)
class Measured:
    """What is known of one model, as it stands in probe.json.

    Args:
        label: what it is called.
        before, after: a probe's numbers, at the start and after training; None for what was not measured.
        look: how it is drawn.
    """

    label: str
    before: Json | None
    after: Json
    look: Look


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

    Args:
        probed: label -> {"before": ..., "after": ...}, each as `Probe.as_dict` gives it; "before" may be missing.
        styles: how each label is drawn; by alphabet unless given.
    """
    styles = styles or looks(probed)
    all_of_them = [Measured(k, each.get("before"), each["after"], styles[k]) for k, each in probed.items()]
    gated = [each for each in all_of_them if each.after["gates"]]
    keeping = [each for each in gated if _time_scales(each.after)]
    streamed = [each for each in all_of_them if each.after["forgetting"]]
    with matplotlib.rc_context(STYLE):
        figures = {
            "time-scales": _a_panel_each(keeping, _draw_time_scales, down=True),
            "gradients": _together(all_of_them, _draw_gradients),
            "saturation": _a_panel_each(gated, _draw_saturation),
            "correlation": _a_panel_each(gated, _draw_correlation, down=True),
            "forgetting": _together(streamed, _draw_forgetting),
            "spectrum": _a_panel_each(all_of_them, _draw_spectrum),
        }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _a_panel_each(
    models: Sequence[Measured], draw: Callable[[Axes, Measured], None], *, down: bool = False
) -> Figure | None:
    """Panels of equal axes, side by side, or below each other where what lies along x is to be compared."""
    if not models:
        return None
    shape = (len(models), 1) if down else (1, len(models))
    size = (WIDTH * shape[1] * (1.4 if down else 1), HEIGHT * shape[0] * (0.75 if down else 1) + 0.3)
    figure = _figure(size)
    panels = figure.subplots(*shape, squeeze=False, sharex=True, sharey=True).flat
    for axes, model in zip(panels, models, strict=True):
        _frame(axes)
        axes.set_title(model.label, loc="left", size=9.5)
        draw(axes, model)
        if down:
            axes.label_outer()
    return figure


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


def _time_scales(probe: Json | None) -> list[float]:
    """Of all units of all cells, in steps."""
    found = [gate["time_scales"] for gate in probe["gates"] if gate["time_scales"]] if probe else []
    return [LONGEST if value is None else min(value, LONGEST) for values in found for value in values]


def _histogram(axes: Axes, model: Measured, values: Callable[[Json | None], list[float]], bins: list[float]) -> None:
    before, after = values(model.before), values(model.after)
    axes.hist(after, bins=bins, color=model.look.tone.light, alpha=0.75, label="after training")
    if before:
        axes.hist(before, bins=bins, histtype="step", color=QUIET.light, linewidth=1.2, label="before")
        axes.legend(frameon=False, fontsize=8)
    axes.set_ylabel("units")


def _draw_time_scales(axes: Axes, model: Measured) -> None:
    edges = [10 ** (-1 + 7 * k / (2 * BINS)) for k in range(2 * BINS + 1)]
    _histogram(axes, model, lambda probe: [max(value, 0.1) for value in _time_scales(probe)], edges)
    axes.axvline(model.after["steps"], color=QUIET.light, linewidth=1.0, linestyle=":")
    axes.set(xscale="log", xlabel="time scale of a unit, in steps (dotted: length of the sequences)")


def _draw_gradients(axes: Axes, model: Measured) -> None:
    for probe, style in ((model.before, BEFORE), (model.after, AFTER)):
        norms = probe["gradients"][-1] if probe else []
        points = [(lag, norm) for lag, norm in enumerate(norms, 1) if norm]
        name = model.label if probe is model.after else f"{model.label}, before training"
        axes.plot(*zip(*points, strict=True) if points else ((), ()), color=model.look.tone.light, label=name, **style)
    axes.set(yscale="log", xlabel="lag, in steps", ylabel="gradient with respect to the state")


def _draw_saturation(axes: Axes, model: Measured) -> None:
    names = dict.fromkeys(gate["name"] for gate in model.after["gates"])
    for name, look in looks(names).items():
        own = [gate for gate in model.after["gates"] if gate["name"] == name]
        low, high = ([share for gate in own for share in gate[side]] for side in ("low", "high"))
        axes.scatter(low, high, s=12, marker=look.marker, color=look.tone.light, alpha=0.6, linewidths=0, label=name)
    axes.plot([0, 1], [1, 0], color=RULE.light, linewidth=1.0)
    axes.set(xlabel="time below 0.1", ylabel="time above 0.9", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.legend(frameon=False, fontsize=8)


def _draw_correlation(axes: Axes, model: Measured) -> None:
    def values(probe: Json | None) -> list[float]:
        own = [gate for gate in probe["gates"] if gate["time_scales"]] if probe else []
        return [value for gate in own for value in gate["correlation"] if value is not None]

    _histogram(axes, model, values, [-1 + 2 * k / BINS for k in range(BINS + 1)])
    axes.set(xlabel="correlation of the keeping gate with time")


def _draw_forgetting(axes: Axes, model: Measured) -> None:
    for probe, style in ((model.before, BEFORE), (model.after, AFTER)):
        curve = probe["forgetting"] if probe else None
        if not curve:
            continue
        points = [(n, d) for n, d in zip(curve["steps"], curve["distance"], strict=True) if n and d > 0]
        name = model.label if probe is model.after else f"{model.label}, before training"
        marker = model.look.marker if probe is model.after else ""
        axes.plot(*zip(*points, strict=True), color=model.look.tone.light, label=name, marker=marker, ms=4, **style)
    axes.set(xscale="log", yscale="log", xlabel="steps since the pasts differed", ylabel="distance of the states")


def _draw_spectrum(axes: Axes, model: Measured) -> None:
    circle = [2 * math.pi * k / 200 for k in range(201)]
    axes.plot([math.cos(a) for a in circle], [math.sin(a) for a in circle], color=QUIET.light, linewidth=0.9)
    hollow: dict[str, Any] = {"facecolors": "none", "edgecolors": QUIET.light}
    filled: dict[str, Any] = {"color": model.look.tone.light, "linewidths": 0, "alpha": 0.6}
    for probe, style in ((model.before, hollow), (model.after, filled)):
        values = [value for cell in probe["spectrum"] for value in cell] if probe else []
        axes.scatter([re for re, _ in values], [im for _, im in values], s=9, **style)
    axes.set(xlabel="real", ylabel="imaginary", aspect="equal")
