"""All measurements of a layer at once, as plain numbers."""

import cmath
import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from holdfast.layers import Recurrent
from holdfast.probes.forgetting import Forgetting, NoDistanceError, forgetting_curve
from holdfast.probes.gates import KEEPING, correlation_with_time, gates_of, saturation, time_scales
from holdfast.probes.gradients import directions, gradient_by_lag
from holdfast.probes.recording import Track, record
from holdfast.probes.shapes import GateShape, learnt_shapes
from holdfast.probes.spectrum import jacobian_spectrum

PLACES = 4
"""At so many steps the recurrent Jacobian is taken, each in another row."""
PASTS = (8, 4, 2)
"""Shares of the sequences that are tried as the past that is to be forgotten."""


@dataclass(frozen=True)
class GateProbe:
    """What is measured of one gate, unit by unit.

    Args:
        cell: which cell of the stack, from 0.
        name: the block that the gate is over.
        time_scales: in steps, of a gate that keeps a memory; None for other gates, and in it for what is infinite.
        low, high: how much of the time the gate is below 0.1, above 0.9.
        correlation: with the number of the step; None for a unit that does not move.
    """

    cell: int
    name: str
    time_scales: tuple[float | None, ...] | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    correlation: tuple[float | None, ...]


@dataclass(frozen=True)
class Probe:
    """What is measured of a layer, in values that JSON can hold.

    Args:
        steps, rows: of the batch.
        gradients: for each cell the norm at lags 1, 2, ...; see `gradient_by_lag`.
        gates: of each cell; empty if the cells have none that can be read.
        forgetting: see `forgetting_curve`; None for a batch in which all rows begin alike, or that has one row, and for
            a layer that is in the same state after any of its beginnings.
        spectrum: for each cell the eigenvalues of its Jacobian, [real, imaginary], at several steps; None for those
            that are not finite; see `jacobian_spectrum`.
        shapes: of the gates that learn theirs; empty if there are none.
    """

    steps: int
    rows: int
    gradients: tuple[tuple[float | None, ...], ...]
    gates: tuple[GateProbe, ...]
    forgetting: Forgetting | None
    spectrum: tuple[tuple[tuple[float, float] | None, ...], ...]
    shapes: tuple[GateShape, ...]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a file."""
        return asdict(self)


def probe(layer: Recurrent, inputs: Tensor, *, generator: torch.Generator) -> Probe:
    """Measures a layer on a batch: gradients, gates and their shapes, forgetting, and the spectrum of its step.

        found = probe(layer.eval(), inputs, generator=torch.Generator().manual_seed(0))
        print(found.gates[0].name, found.gates[0].time_scales)

    For the forgetting curve each row's beginning is read, or its neighbour's, and then the rest of the row: the
    beginning is an eighth of it, or a quarter or half where the rows begin alike or leave the layer in the same state.

    Args:
        layer: in one direction, time first, in evaluation mode.
        inputs: (T, B, I), T at least 2.
        generator: draws the directions of `gradient_by_lag`.

    Raises:
        ValueError: the layer is bidirectional, `batch_first` or in training mode, or the batch is too short.
    """
    steps, rows = inputs.shape[:2]
    if steps < 2:
        raise ValueError(f"a probe expects sequences of at least 2 steps, got {steps}")
    tracks = record(layer, inputs)
    gradients = gradient_by_lag(tracks, directions(tracks[-1].output[-1], generator=generator))
    times = torch.linspace(1, steps - 1, min(PLACES, steps - 1)).round().long()
    places = torch.stack([times, torch.arange(len(times)) % rows], -1)
    spectra = [jacobian_spectrum(track, places).flatten() for track in tracks]
    return Probe(
        steps=steps,
        rows=rows,
        gradients=tuple(_plain(each) for each in gradients),
        gates=tuple(gate for k, track in enumerate(tracks) for gate in _gates(k, track)),
        forgetting=_forgetting(layer, inputs),
        spectrum=tuple(tuple(_pair(value) for value in values.tolist()) for values in spectra),
        shapes=learnt_shapes({k: track.cell for k, track in enumerate(tracks)}),
    )


def _gates(k: int, track: Track) -> list[GateProbe]:
    found = []
    for name, gate in gates_of(track).items():
        low, high = saturation(gate)
        scales = _plain(time_scales(gate)) if name in KEEPING else None
        shares = tuple(low.tolist()), tuple(high.tolist())
        found.append(GateProbe(k, name, scales, *shares, _plain(correlation_with_time(gate))))
    return found


def _forgetting(layer: Recurrent, inputs: Tensor) -> Forgetting | None:
    """From the shortest share of the sequences after which neighbours differ: later it may be forgotten already."""
    for share in PASTS:
        end = max(1, len(inputs) // share)
        past = inputs[:end]
        other = past.roll(1, 1)
        if torch.equal(past, other):
            continue
        with suppress(NoDistanceError):
            return forgetting_curve(layer, past, other, inputs[end:])
    return None


def _pair(value: complex) -> tuple[float, float] | None:
    """Real and imaginary part; None for what is not finite."""
    return (value.real, value.imag) if cmath.isfinite(value) else None


def _plain(values: Tensor) -> tuple[float | None, ...]:
    """Numbers that JSON knows; None for those that are not finite."""
    return tuple(value if math.isfinite(value) else None for value in values.tolist())
