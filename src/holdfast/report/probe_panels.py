"""What one panel of a probe's figure shows: before training in outline or dotted, after it filled or drawn."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from holdfast.report.run import Json
from holdfast.report.theme import INK, QUIET, RULE, Look, looks

BINS = 24
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


def time_scales(probe: Json | None) -> list[float]:
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


def draw_time_scales(axes: Axes, model: Measured) -> None:
    edges = [10 ** (-1 + 7 * k / (2 * BINS)) for k in range(2 * BINS + 1)]
    _histogram(axes, model, lambda probe: [max(value, 0.1) for value in time_scales(probe)], edges)
    axes.axvline(model.after["steps"], color=QUIET.light, linewidth=1.0, linestyle=":")
    axes.set(xscale="log", xlabel="time scale of a unit, in steps (dotted: length of the sequences)")


def draw_gradients(axes: Axes, model: Measured) -> None:
    for probe, style in ((model.before, BEFORE), (model.after, AFTER)):
        norms = probe["gradients"][-1] if probe else []
        points = [(lag, norm) for lag, norm in enumerate(norms, 1) if norm]
        name = model.label if probe is model.after else f"{model.label}, before training"
        axes.plot(*zip(*points, strict=True) if points else ((), ()), color=model.look.tone.light, label=name, **style)
    axes.set(yscale="log", xlabel="lag, in steps", ylabel="gradient with respect to the state")


def draw_saturation(axes: Axes, model: Measured) -> None:
    names = dict.fromkeys(gate["name"] for gate in model.after["gates"])
    for name, look in looks(names).items():
        own = [gate for gate in model.after["gates"] if gate["name"] == name]
        low, high = ([share for gate in own for share in gate[side]] for side in ("low", "high"))
        axes.scatter(low, high, s=12, marker=look.marker, color=look.tone.light, alpha=0.6, linewidths=0, label=name)
    axes.plot([0, 1], [1, 0], color=RULE.light, linewidth=1.0)
    axes.set(xlabel="time below 0.1", ylabel="time above 0.9", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.legend(frameon=False, fontsize=8)


def draw_correlation(axes: Axes, model: Measured) -> None:
    def values(probe: Json | None) -> list[float]:
        own = [gate for gate in probe["gates"] if gate["time_scales"]] if probe else []
        return [value for gate in own for value in gate["correlation"] if value is not None]

    _histogram(axes, model, values, [-1 + 2 * k / BINS for k in range(BINS + 1)])
    axes.set(xlabel="correlation of the keeping gate with time")


def draw_forgetting(axes: Axes, model: Measured) -> None:
    for probe, style in ((model.before, BEFORE), (model.after, AFTER)):
        curve = probe["forgetting"] if probe else None
        if not curve:
            continue
        points = [(n, d) for n, d in zip(curve["steps"], curve["distance"], strict=True) if n and d]
        name = model.label if probe is model.after else f"{model.label}, before training"
        marker = model.look.marker if probe is model.after else ""
        line = zip(*points, strict=True) if points else ((), ())
        axes.plot(*line, color=model.look.tone.light, label=name, marker=marker, ms=4, **style)
    axes.set(xscale="log", yscale="log", xlabel="steps since the pasts differed", ylabel="distance of the states")


def draw_spectrum(axes: Axes, model: Measured) -> None:
    circle = [2 * math.pi * k / 200 for k in range(201)]
    axes.plot([math.cos(a) for a in circle], [math.sin(a) for a in circle], color=QUIET.light, linewidth=0.9)
    hollow: dict[str, Any] = {"facecolors": "none", "edgecolors": QUIET.light}
    filled: dict[str, Any] = {"color": model.look.tone.light, "linewidths": 0, "alpha": 0.6}
    for probe, style in ((model.before, hollow), (model.after, filled)):
        values = [value for cell in probe["spectrum"] for value in cell if value] if probe else []
        axes.scatter([re for re, _ in values], [im for _, im in values], s=9, **style)
    axes.set(xlabel="real", ylabel="imaginary", aspect="equal")


def draw_shape(axes: Axes, model: Measured) -> None:
    """A line for each shape that some unit's gate has; `before` and `after` are those of one gate."""
    at = model.after["at"]
    drawn: dict[str, Any] = {"color": model.look.tone.light, "linewidth": 1.0}
    started: dict[str, Any] = {"color": QUIET.light, "linewidth": 1.2, "linestyle": ":"}
    for shape, style, name in ((model.after, drawn, "after training"), (model.before, started, "before")):
        rows = shape["values"] if shape else []
        for k, row in enumerate(rows):
            axes.plot(at, row, label=None if k else name, alpha=1.0 if len(rows) == 1 else 0.4, **style)
    sigmoid = [1 / (1 + math.exp(-a)) for a in at]
    axes.plot(at, sigmoid, color=INK.light, linewidth=1.2, linestyle="--", label="sigmoid")
    axes.set(xlabel="pre-activation", ylabel="gate", ylim=(-0.02, 1.02))
    axes.legend(frameon=False, fontsize=8)
