"""What it saves not to compute what rests: in operations, and in measured time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from holdfast.cells import Skip
from holdfast.layers.awake import run_awake
from holdfast.layers.open_units import run_open
from holdfast.layers.recurrent import Recurrent
from holdfast.layers.updates import operations, products, sparing_cells, updates


@dataclass(frozen=True)
class Saving:
    """What is saved where only that is computed which does not rest.

    Args:
        operations: multiply-adds of the products of a sequence, on average.
        of: what they would be with all units updated at every step.
        updated: the share of units and steps that are updated, on average.
        seconds: time that a batch takes, measured.
        whole_seconds: the same code with all units updated at every step.
        layer_seconds: the layer as it runs otherwise, with the backend that it chooses.
    """

    operations: float
    of: float
    updated: float
    seconds: float
    whole_seconds: float
    layer_seconds: float

    def __str__(self) -> str:
        return (
            f"{self.operations:.3g} of {self.of:.3g} multiply-adds a sequence ({self.operations / self.of:.1%}); "
            f"{self.seconds * 1e3:.3g} ms, {self.whole_seconds * 1e3:.3g} ms with all units updated at every step, "
            f"{self.layer_seconds * 1e3:.3g} ms as the layer runs otherwise"
        )


def run_sparingly(layer: Recurrent, x: Tensor, *, threshold: float) -> Tensor:
    """The outputs (T, B, H) of a layer whose units may rest, where those that do are not computed.

    Args:
        layer: of time gates or of cells that skip, in one direction, time first.
        x: (T, B, I).
        threshold: a time gate below it is closed; with 0 none is. Cells that skip rest as they are.

    Raises:
        ValueError: another kind of layer, or a threshold below 0.
    """
    if skips(layer):
        return run_awake(layer, x)[0]
    return run_open(layer, x, threshold=threshold)[0]


@torch.no_grad()
def updated_steps(layer: Recurrent, x: Tensor, *, threshold: float) -> Tensor:
    """How many steps of x (T, B, I) are computed, each counted by the share of its units: (cells, B or 1)."""
    if skips(layer):
        return run_awake(layer, x)[1].double()
    return updates(layer, x[:, :1], layer.initial_state(1), threshold=threshold).double()  # gates know no state


@torch.no_grad()
def measure_saving(
    layer: Recurrent, x: Tensor, *, threshold: float, counted: Tensor | None = None, repeats: int = 5
) -> Saving:
    """What is saved on sequences such as x (T, B, I).

    Args:
        layer: as for `run_sparingly`.
        x: the batch whose time is measured: the least of `repeats` runs, in turns.
        threshold: a time gate below it is closed.
        counted: (T, B', I), the sequences whose operations are counted; x unless given.

    Raises:
        ValueError: as `run_sparingly`.
    """
    whole = (lambda: run_awake(layer, x, resting=False)) if skips(layer) else (lambda: run_open(layer, x, threshold=0))
    times = least_times([lambda: run_sparingly(layer, x, threshold=threshold), whole, lambda: layer(x)], repeats)
    most = float(sum(products(layer._cell(k)) for k in range(len(layer.cells))) * len(x))
    steps = updated_steps(layer, x if counted is None else counted, threshold=threshold)
    return Saving(float(operations(layer, steps).mean()), most, float(steps.mean()) / len(x), *times)


def least_times(runs: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """The least seconds of each, in turns, after one run of each to warm up."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, taken in zip(runs, times, strict=True):
            started = perf_counter()
            run()
            taken.append(perf_counter() - started)
    return [min(taken[1:]) for taken in times]


def skips(layer: Recurrent) -> bool:
    """Whether its cells skip; if not, they have time gates."""
    return all(isinstance(cell, Skip) for cell in sparing_cells(layer))
