"""What is measured, in which order, and how long: all of it, or a first impression."""

from dataclasses import dataclass
from typing import Literal, get_args

from benchmarks import fresh, races
from benchmarks.allocator import KEEPS, keep_pages
from benchmarks.clock import Effort
from benchmarks.record import Record
from benchmarks.streaming import streaming
from benchmarks.workloads import SHAPES, Workload

Section = Literal[
    "shapes",
    "catalogue",
    "ragged",
    "recomputation",
    "small",
    "float64",
    "streaming",
    "first call",
    "memory",
    "shapes, pages kept",
]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Args:
        sections: which, in this order; the one that changes the allocator of this process for good comes last.
        shapes: the workloads of "shapes".
        references: the models whose reference runs there too.
        first: the models whose first call is measured, each `repeats` times.
        effort: for each race.
    """

    sections: tuple[Section, ...]
    shapes: tuple[Workload, ...]
    references: tuple[str, ...]
    first: tuple[str, ...]
    repeats: int
    effort: Effort


QUICK = Plan(
    ("shapes", "ragged", "streaming", "first call"),
    (SHAPES[0], SHAPES[3]),
    references=("ur-lstm",),
    first=("ur-lstm",),
    repeats=1,
    effort=Effort(5, 1.5),
)
FULL = Plan(get_args(Section), SHAPES, references=races.FLAGSHIPS, first=fresh.MODELS, repeats=3, effort=Effort(15, 10))


def measure(record: Record, section: Section, plan: Plan) -> None:
    """Add what one section finds to `record`."""
    effort = plan.effort
    match section:
        case "shapes":
            races.shapes(record, plan.shapes, effort, references=plan.references)
        case "catalogue":
            races.catalogue(record, effort)
        case "ragged":
            races.ragged(record, effort)
        case "recomputation":
            races.recomputation(record, effort)
        case "small":
            races.small(record, effort)
        case "float64":
            races.double(record, effort)
        case "streaming":
            streaming(record, effort)
        case "first call":
            fresh.first_calls(record, models=plan.first, repeats=plan.repeats)
        case "memory":
            fresh.memory(record)
        case "shapes, pages kept":
            if keep_pages():
                races.shapes(record, plan.shapes, effort, allocator=KEEPS, references=())
            else:
                record.notes.append("this C library can't be told to keep its pages")
