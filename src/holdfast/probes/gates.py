"""Gates, read off the cells that have them, and what their values say of a memory."""

from functools import singledispatch

import torch
from torch import Tensor

from holdfast.cells import (
    GRU,
    JANET,
    LSTM,
    MLSTM,
    SLSTM,
    AffineCell,
    Cell,
    GatedGRU,
    GatedLSTM,
    GatedRNN,
    LayerNormLSTM,
    LeakyRNN,
    LinearCell,
    PeepholeLSTM,
)
from holdfast.probes.recording import Track

KEEPING = ("forget", "update")
"""The names of gates that keep a memory: what they let through is left of it."""
LOW, HIGH = 0.1, 0.9
"""A gate below or above is called saturated."""
FASTEST = 1e-30
"""Stands for a gate of zero, whose logarithm is no number."""


def gates_of(track: Track) -> dict[str, Tensor]:
    """The gates of a cell over a batch, (T, B, H) each, by the name of their block; none of a cell without.

    A cell of your own is told with `read_gates.register(MyCell, function)`.
    """
    with torch.no_grad():
        return read_gates(track.cell, track)


@singledispatch
def read_gates(cell: Cell, track: Track) -> dict[str, Tensor]:
    """From a cell and its track to its gates; a function for each class of cells that has some.

    Of other cells with a memory c of the hidden size, what a step leaves of it: dc_t / dc_{t-1}, unit by unit, with
    all else as it is. In a plain LSTM that is the forget gate; ordered neurons, time gates, zoneout and skipped
    updates add to what is kept. An sLSTM holds c relative to exp(m) and reads c / n: of it what is left is

        d (c_t / n_t) / d (c_{t-1} / n_{t-1}) = n_{t-1} / n_t  dc_t / dc_{t-1}

    A matrix memory is read by queries, and has no unit of which that could be told.
    """
    inner = cell.unmodified
    if cell.state_sizes.get("c") != cell.hidden_size or isinstance(inner, MLSTM):
        return {}
    left = _memory_slope(cell, track)
    if isinstance(inner, SLSTM):
        n = list(cell.state_sizes).index("n")
        left = left * track.before[n] / track.after[n]
    return {"forget": left}


def _memory_slope(cell: Cell, track: Track) -> Tensor:
    """dc_t / dc_{t-1}, (T, B, H)."""
    place = list(cell.state_sizes).index("c")
    with torch.enable_grad():
        before = [part.detach().flatten(0, 1) for part in track.before]
        memory = before[place].requires_grad_()
        after = cell.next_state(track.p.detach().flatten(0, 1), cell.make_state(before))[place]
        (left,) = torch.autograd.grad(after.sum(), memory)
    return left.unflatten(0, track.p.shape[:2])


@read_gates.register(LSTM)
@read_gates.register(LayerNormLSTM)
def _(cell: LSTM | LayerNormLSTM, track: Track) -> dict[str, Tensor]:
    return _sigmoids(cell, _affine(cell, track), "input", "forget", "output")


@read_gates.register
def _(cell: PeepholeLSTM, track: Track) -> dict[str, Tensor]:
    pre, before, after = _affine(cell, track), track.before[1], track.after[1]
    seen = {"input": (cell.peephole_input, before), "forget": (cell.peephole_forget, before)}
    seen["output"] = (cell.peephole_output, after)
    return {name: (pre[..., cell.block(name)] + weight * c).sigmoid() for name, (weight, c) in seen.items()}


@read_gates.register
def _(cell: GRU, track: Track) -> dict[str, Tensor]:
    return _sigmoids(cell, _affine(cell, track), "reset", "update")


@read_gates.register
def _(cell: JANET, track: Track) -> dict[str, Tensor]:
    return _sigmoids(cell, _affine(cell, track), "forget")


@read_gates.register
def _(cell: LeakyRNN, track: Track) -> dict[str, Tensor]:
    return {"forget": (1 - cell.leak.sigmoid()).expand_as(track.output)}


@read_gates.register
def _(cell: GatedRNN, track: Track) -> dict[str, Tensor]:
    (written,) = _sigmoids(cell, _affine(cell, track), "input").values()
    return {"input": written, "forget": 1 - written}


@read_gates.register(GatedLSTM)
@read_gates.register(GatedGRU)
def _(cell: GatedLSTM | GatedGRU, track: Track) -> dict[str, Tensor]:
    pre = _affine(cell, track)
    found = {}
    for name in cell.blocks:
        if f"{name}_gate" in dict(cell.named_children()):
            blocks = (name, *(cell.gate.auxiliary if name in KEEPING else ()))
            found[name] = cell.opened(name, *(pre[..., cell.block(block)] for block in blocks))
    return found


@read_gates.register
def _(cell: LinearCell, track: Track) -> dict[str, Tensor]:
    """What is multiplied with the memory; of a complex one the modulus."""
    a, b = cell.coefficients(track.p)
    a = a.expand_as(b)
    return {"forget": torch.hypot(*a.chunk(2, -1)) if cell.complex_memory else a}


def time_scales(gate: Tensor) -> Tensor:
    """For how many steps each unit remembers, by the gate that keeps its memory.

        tau = -1 / ln(median of g over steps and rows)

    A gate that stays as it is leaves exp(-n / tau) after n steps; near 1, tau is 1 / (1 - g). With the median, half of
    the time a unit remembers for longer: one that keeps for most of a sequence and is cleared at its end is a long one.

    Args:
        gate: (T, B, H), values in [0, 1].

    Returns:
        (H,), in steps; infinite for a unit whose gate is 1.
    """
    return 1 / gate.double().flatten(0, 1).quantile(0.5, 0).clamp(min=FASTEST).log().abs()


def saturation(gate: Tensor) -> tuple[Tensor, Tensor]:
    """How much of the time each unit's gate (T, B, H) is below 0.1, and above 0.9: two fractions (H,).

    Source: karpathy2015visualizing.
    """
    return (gate < LOW).double().mean((0, 1)), (gate > HIGH).double().mean((0, 1))


def correlation_with_time(gate: Tensor) -> Tensor:
    """The correlation of each unit's gate (T, B, H) with the number of the step, over all rows: (H,).

    A unit that opens while the sequence goes on has 1; NaN for one that does not move.
    """
    values = gate.double()
    times = torch.arange(len(gate), dtype=torch.float64, device=gate.device).view(-1, 1, 1)
    values, times = values - values.mean((0, 1)), times - times.mean()
    spread = values.square().mean((0, 1)).sqrt() * times.square().mean().sqrt()
    return torch.where(spread > 1e-9, (values * times).mean((0, 1)) / spread, torch.nan)


def _affine(cell: AffineCell, track: Track) -> Tensor:
    """The pre-activations p + W_hh h: those of the gates, whatever a cell does with its candidate."""
    return track.p + cell.recurrent(track.before[0])


def _sigmoids(cell: Cell, pre: Tensor, *names: str) -> dict[str, Tensor]:
    return {name: pre[..., cell.block(name)].sigmoid() for name in names}
