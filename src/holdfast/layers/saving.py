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
        seconds: time that a batch takes, measured.
        whole_seconds: the same code with all units updated at every step.
        layer_seconds: the layer as it runs otherwise, with the backend that it chooses.
    """

    operations: float
    of: float
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
def operations_of(layer: Recurrent, x: Tensor, *, threshold: float) -> float:
    """The multiply-adds of a sequence, on average over x (T, B, I), as `run_sparingly` computes it."""
    if skips(layer):
        return float(operations(layer, run_awake(layer, x)[1].double()).mean())
    held = updates(layer, x[:, :1], layer.initial_state(1), threshold=threshold)  # gates know the time and no state
    return float(operations(layer, held.double()).mean())


@torch.no_grad()
def measure_saving(layer: Recurrent, x: Tensor, *, threshold: float, repeats: int = 5) -> Saving:
    """What is saved on sequences such as x (T, B, I): the least times of `repeats` runs, in turns.

    Raises:
        ValueError: as `run_sparingly`.
    """
    whole = (lambda: run_awake(layer, x, resting=False)) if skips(layer) else (lambda: run_open(layer, x, threshold=0))
    times = least_times([lambda: run_sparingly(layer, x, threshold=threshold), whole, lambda: layer(x)], repeats)
    most = float(sum(products(layer._cell(k)) for k in range(len(layer.cells))) * len(x))
    return Saving(operations_of(layer, x, threshold=threshold), most, *times)


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
