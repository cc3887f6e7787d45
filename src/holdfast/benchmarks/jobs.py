"""The benchmarks in pieces, so that one can say how much is left, and stop between two of them."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.benchmarks.record import Record


@dataclass(frozen=True)
class Job:
    """What is measured in one go.

    Args:
        name: says what is measured; no two jobs of a plan have the same.
        seconds: how long it takes on a usual machine, roughly; only the time left is told by it.
        run: adds what it finds to a record.
    """

    name: str
    seconds: float
    run: Callable[[Record], None]
