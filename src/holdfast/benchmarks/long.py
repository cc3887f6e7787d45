"""How the time and the memory of a training step grow with the length of the sequences, for several ways to learn."""

from dataclasses import dataclass
from functools import partial
from math import log

from holdfast.benchmarks.allocator import USUAL
from holdfast.benchmarks.fresh import ask
from holdfast.benchmarks.jobs import Job
from holdfast.benchmarks.lessons import LEARNERS
from holdfast.benchmarks.record import TRAINING, Quantity, Record, Timing
from holdfast.benchmarks.workloads import Workload
from holdfast.training.memory import measurable

SECTION = "long"
SIDES = (40, 48, 56, 72, 80, 96, 112, 128)
LENGTHS = tuple(side**2 for side in SIDES)
"""Steps of the pictures of trinh2018learning, read pixel by pixel."""
PREDICTED, MEASURED, BATCH, BUDGET = "predicted memory", "memory", "batch size", "memory budget"


@dataclass(frozen=True)
class Long:
    """What is measured.

    Args:
        batch: sequences in a step; 128 in trinh2018learning.
        budget: bytes that a step may take. Longer sequences are not tried where it is, or is foreseen to be, exceeded.
        lengths: T, ascending.
        inputs, hidden: channels, and the width of everything.

    Raises:
        ValueError: a batch or a budget of nothing.
    """

    batch: int = 2
    budget: float = 4 * 2**30
    lengths: tuple[int, ...] = LENGTHS
    inputs: int = 3
    hidden: int = 128

    def __post_init__(self):
        if self.batch < 1 or not self.budget > 0:
            raise ValueError(f"batch and budget must be above 0, got {self.batch} and {self.budget}")

    def workload(self, steps: int) -> Workload:
        return Workload(steps, self.batch, self.inputs, self.hidden)


def jobs(long: Long) -> list[Job]:
    """A job for each length and contender, short sequences first."""
    return [
        Job(
            f"{label} over {long.workload(steps)}", 4 + steps / 1000, partial(cell, long=long, label=label, steps=steps)
        )
        for steps in long.lengths
        for label in LEARNERS
    ]


def cell(record: Record, long: Long, label: str, steps: int) -> None:
    """One training step in a process of its own; or only the memory that it would need, if that is too much."""
    if not measurable():
        record.note("the memory of training steps is measured on Linux only")
        return
    settle(record, long)
    wanted = foreseen(memories(record, label), steps)
    if wanted is not None and wanted > long.budget:
        record.quantities.append(Quantity(SECTION, name(PREDICTED, label, steps), wanted, "bytes"))
        return
    sizes = long.workload(steps)
    found = ask("long", label, *map(str, (sizes.steps, sizes.batch, sizes.inputs, sizes.hidden)))
    record.quantities.append(Quantity(SECTION, name(MEASURED, label, steps), found["extra"], "bytes"))
    seconds: tuple[float, ...] = tuple(found["seconds"])  # pyright: ignore[reportArgumentType]
    record.timings.append(Timing(SECTION, str(sizes), TRAINING, USUAL, label, seconds))


def settle(record: Record, long: Long) -> None:
    """Keeps what all cells of the record have in common.

    Raises:
        ValueError: the record was begun with another batch or budget.
    """
    for what, value, unit in ((BATCH, long.batch, ""), (BUDGET, long.budget, "bytes")):
        known = record.quantity(SECTION, what)
        if known is None:
            record.quantities.append(Quantity(SECTION, what, value, unit))
        elif known != value:
            raise ValueError(
                f"the record was begun with {what} {known:g}, got {value:g}; give the same, or leave out --resume"
            )


def name(kind: str, label: str, steps: int) -> str:
    """Of a quantity."""
    return f"{kind}, {steps} steps: {label}"


def memories(record: Record, label: str, kind: str = MEASURED) -> dict[int, float]:
    """Length -> bytes, for one contender, as far as they are known."""
    begin, end = f"{kind}, ", f" steps: {label}"
    return {
        int(quantity.name.removeprefix(begin).removesuffix(end)): quantity.value
        for quantity in record.quantities
        if quantity.section == SECTION and quantity.name.startswith(begin) and quantity.name.endswith(end)
    }


def foreseen(known: dict[int, float], steps: int) -> float | None:
    """Memory at a length, from the last two lengths before: it goes on growing by the same power, of 1 to 2.

    None if fewer than two are known.
    """
    before = sorted(length for length in known if length < steps)[-2:]
    if len(before) < 2:
        return None
    shorter, longer = before
    small, large = known[shorter], known[longer]
    power = log(large / small) / log(longer / shorter) if min(small, large) > 0 else 1.0
    return large * (steps / longer) ** min(max(power, 1.0), 2.0)


def seconds(record: Record, label: str) -> dict[int, float]:
    """Length -> seconds of a step, the best of its rounds: what others do on the machine only adds to it."""
    found = (timing for timing in record.timings if (timing.section, timing.label) == (SECTION, label))
    return {int(timing.workload.split(",")[0]): min(timing.seconds) for timing in found}
