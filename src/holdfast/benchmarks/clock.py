"""Time on a machine that others use too: contenders take turns, and what counts is how they compare in a round."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Estimate:
    """A median, and the range that holds the middle half of the samples."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples) -> "Estimate":
        samples = list(samples)
        low, _, high = quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
        return cls(median(samples), low, high)


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Args:
        rounds: how many times each contender runs.
        seconds: after so long no further round begins, once there were three.
    """

    rounds: int
    seconds: float


def race(runs: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, list[float]]:
    """Seconds of each run in each round, after one that does not count; who goes first changes with the round."""
    samples: dict[str, list[float]] = {label: [] for label in runs}
    labels = list(runs)
    gc.collect()
    gc.disable()
    try:
        begin = time.perf_counter()
        for k in range(-1, effort.rounds):
            for label in labels[k % len(labels) :] + labels[: k % len(labels)]:
                seconds = clock(runs[label])
                if k >= 0:
                    samples[label].append(seconds)
            if k >= 2 and time.perf_counter() - begin > effort.seconds:
                break
    finally:
        gc.enable()
    return samples


def clock(run: Callable[[], object]) -> float:
    """Seconds of one call, without those of freeing its result."""
    begin = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - begin
    del result
    return seconds
