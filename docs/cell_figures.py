"""The figure of a layer's page: the shape of its gates where they have one of their own, else its gradient over lag."""

import matplotlib
import torch
from matplotlib.figure import Figure

from holdfast.cells import Sigmoid
from holdfast.layers import Entry, Recurrent
from holdfast.probes.shapes import shaped_gates
from holdfast.report import draw_gates
from holdfast.report.figures import STYLE
from holdfast.report.theme import PAPER, SERIES

UNITS = 32
STEPS = 100
ROWS = 8
STAND_IN = float(STEPS)
"""For an option without a default: the longest lag."""


def at_its_start(entry: Entry) -> Recurrent:
    """The layer that is drawn, of `UNITS` units."""
    generator = torch.Generator().manual_seed(0)
    return entry.build(1, UNITS, **_missing(entry), backend="reference", generator=generator).eval()


def _missing(entry: Entry) -> dict[str, float]:
    return dict.fromkeys(entry.required(), STAND_IN)


def figure(entry: Entry, layer: Recurrent) -> tuple[Figure, str]:
    """The figure of a layer as it starts, and what it shows."""
    cell = layer._cell(0)
    if any(not isinstance(gate.gate, Sigmoid) for gate in shaped_gates(cell).values()):
        return draw_gates(cell), "The gates at the start, beside the sigmoid."
    given = "".join(f", {name} {value:g}" for name, value in _missing(entry).items())
    return draw_gradient(layer), (
        "How far a gradient reaches at the start: its norm at an input so many steps before the last output, relative "
        f"to that at the last input; {UNITS} units, random input{given}."
    )


def gradient_over_lag(layer: Recurrent) -> torch.Tensor:
    """The norm of the gradient of the last output, in a random direction, at every input, from the last backwards."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(STEPS, ROWS, 1, generator=generator, requires_grad=True)
    output, _ = layer(x)
    (gradient,) = torch.autograd.grad(output[-1], x, torch.randn(output[-1].shape, generator=generator))
    return gradient.square().mean((1, 2)).sqrt().flip(0)


def draw_gradient(layer: Recurrent) -> Figure:
    """One line, over lags, on a logarithmic scale."""
    norms = gradient_over_lag(layer)
    with matplotlib.rc_context(STYLE):
        drawn = Figure((5.1, 3.0), layout="constrained")
        drawn.patch.set_facecolor(PAPER.light)
        axes = drawn.subplots()
        axes.plot((norms / norms[0]).clamp(min=1e-12), color=SERIES[0].light)
        axes.set(xlabel="lag in steps", ylabel="gradient, relative", yscale="log")
        axes.grid(True)
        return drawn
