"""What a run of the benchmarks found, in memory and as JSON."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from holdfast.backends.build import BuildError, find_toolchain
from holdfast.benchmarks.allocator import USUAL
from holdfast.benchmarks.clock import Estimate
from holdfast.training.environment import environment
from holdfast.training.files import write_json

FORWARD, TRAINING = "forward", "forward + backward"
PEAK = "peak"


@dataclass(frozen=True)
class Timing:
    """The seconds of one contender, round by round, in one race.

    Args:
        section, workload, task, allocator: which race.
        label: which contender.
        seconds: one number a round.
        operations: floating-point operations of its matrix products; 0 if unknown.
        threads: how many it had; 0 if unknown.
    """

    section: str
    workload: str
    task: str
    allocator: str
    label: str
    seconds: tuple[float, ...]
    operations: float = 0
    threads: int = 0

    @property
    def estimate(self) -> Estimate:
        return Estimate.of(self.seconds)


@dataclass(frozen=True)
class Quantity:
    """A number that is no race: a latency, an amount of memory, a difference."""

    section: str
    name: str
    value: float
    unit: str


@dataclass
class Record:
    """All that was found.

    Args:
        mode: "quick", "full".
        timings, quantities: what was measured.
        wrong: contenders that failed the correctness gate, and by how much; they were not timed.
        notes: what a reader has to know: what was left out, and why.
        machine: what it was measured on, and with.
        done: the jobs that are over, by name.
    """

    mode: str
    timings: list[Timing] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Adds to the notes what is not there yet."""
        self.notes += [] if text in self.notes else [text]

    def fault(self, text: str) -> None:
        """Adds to what is wrong what is not there yet."""
        self.wrong += [] if text in self.wrong else [text]

    def find(self, section: str, workload: object, label: str, task: str, allocator: str = USUAL) -> Timing | None:
        for timing in self.timings:
            found = (timing.section, timing.workload, timing.label, timing.task, timing.allocator)
            if found == (section, str(workload), label, task, allocator):
                return timing
        return None

    def ratio(self, section: str, workload: object, labels: tuple[str, str], task: str, allocator: str = USUAL):
        """The first contender's time over the second's, paired by round; None unless both were measured."""
        ours, theirs = (self.find(section, workload, label, task, allocator) for label in labels)
        if ours is None or theirs is None:
            return None
        return Estimate.of(a / b for a, b in zip(ours.seconds, theirs.seconds, strict=True))

    def peak(self, timing: Timing) -> float | None:
        """Operations a second of the machine's best burst with as many threads as that contender had; None if none ran.

        The best of all, and not that of the same round: what others do on the machine must not lower the bar.
        """
        bursts = [t for t in self.timings if t.label == PEAK and t.threads == timing.threads]
        return max((burst.operations / min(burst.seconds) for burst in bursts), default=None)

    def share(self, timing: Timing) -> float | None:
        """The contender's operations a second over the machine's peak; None if either is unknown."""
        peak = self.peak(timing)
        return timing.operations / timing.estimate.median / peak if peak and timing.operations else None

    def quantity(self, section: str, name: str) -> float | None:
        return next((q.value for q in self.quantities if (q.section, q.name) == (section, name)), None)

    def races(self) -> Iterable[tuple[tuple[str, str, str, str], list[Timing]]]:
        """Timings by race, in the order in which they were run."""
        grouped: dict[tuple[str, str, str, str], list[Timing]] = {}
        for timing in self.timings:
            key = (timing.section, timing.workload, timing.task, timing.allocator)
            grouped.setdefault(key, []).append(timing)
        return grouped.items()

    def save(self, path: Path, verdicts: Iterable) -> None:
        """Write all of it, and the bars, as JSON."""
        write_json(
            path, asdict(self) | {"bars": [asdict(verdict) | {"result": verdict.result} for verdict in verdicts]}
        )

    @classmethod
    def load(cls, path: Path) -> "Record":
        """What was saved.

        Raises:
            OSError, ValueError, KeyError, TypeError: there is no such file, or it is no record.
        """
        content = json.loads(path.read_text(encoding="utf-8"))
        content.pop("bars")
        timings = [Timing(**timing | {"seconds": tuple(timing["seconds"])}) for timing in content.pop("timings")]
        quantities = [Quantity(**quantity) for quantity in content.pop("quantities")]
        return cls(**content, timings=timings, quantities=quantities)


def describe_machine() -> dict[str, Any]:
    """What the numbers are measured on, and with."""
    try:
        compiler = find_toolchain().version
    except BuildError:
        compiler = "none"
    vectors, load = torch.backends.cpu.get_cpu_capability(), round(os.getloadavg()[0], 2)
    return environment() | {"vectors": vectors, "load": load, "compiler": compiler}
