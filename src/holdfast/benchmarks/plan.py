"""What is measured, in which order, and how long: all of it, or a first impression."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, get_args

from holdfast.benchmarks import fresh, races
from holdfast.benchmarks.allocator import KEEPS
from holdfast.benchmarks.clock import Effort
from holdfast.benchmarks.jobs import Job
from holdfast.benchmarks.long import Long
from holdfast.benchmarks.long import jobs as long_jobs
from holdfast.benchmarks.streaming import streaming
from holdfast.benchmarks.workloads import SHAPES, Workload

Section = Literal[
    "shapes",
    "catalogue",
    "ragged",
    "recomputation",
    "small",
    "float64",
    "streaming",
    "first-call",
    "memory",
    "long",
    "pages-kept",
]
"""In the order in which they are measured; the one that changes the allocator of this process for good comes last."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Args:
        name: "quick" or "full".
        sections: which, unless some are asked for.
        shapes: the workloads of "shapes".
        references: the models whose reference runs there too.
        first: the models whose first call is measured, each `repeats` times.
        effort: for each race.
        each: for each race of the catalogue, of which there are many.
        long: what is measured over long sequences.
    """

    name: str
    sections: tuple[Section, ...]
    shapes: tuple[Workload, ...]
    references: tuple[str, ...]
    first: tuple[str, ...]
    repeats: int
    effort: Effort
    each: Effort
    long: Long = field(default_factory=Long)


QUICK = Plan(
    "quick",
    ("shapes", "ragged", "streaming", "first-call"),
    (SHAPES[0], SHAPES[3]),
    references=("ur-lstm",),
    first=("ur-lstm",),
    repeats=1,
    effort=Effort(5, 1.5),
    each=Effort(3, 0.5),
)
FULL = Plan(
    "full",
    tuple(section for section in get_args(Section) if section != "long"),
    SHAPES,
    references=races.FLAGSHIPS,
    first=fresh.MODELS,
    repeats=3,
    effort=Effort(15, 10),
    each=Effort(7, 3),
)


def jobs_of(plan: Plan, sections: Sequence[Section] | None = None) -> list[Job]:
    """What is to be measured, in the order of `Section`: the plan's sections, or those that are given."""
    wanted = plan.sections if sections is None else sections
    return [job for section in get_args(Section) if section in wanted for job in jobs_in(section, plan)]


def jobs_in(section: Section, plan: Plan) -> list[Job]:
    """The jobs of one section."""
    effort = plan.effort
    match section:
        case "shapes":
            return races.shapes(plan.shapes, effort, references=plan.references)
        case "catalogue":
            return races.catalogue(plan.each)
        case "ragged":
            return [Job("ragged", 2 * effort.seconds, partial(races.ragged, effort=effort))]
        case "recomputation":
            return [Job("recomputation", 30 + 2 * effort.seconds, partial(races.recomputation, effort=effort))]
        case "small":
            return races.small(effort)
        case "float64":
            return [races.double(effort)]
        case "streaming":
            return [Job("streaming", 5 + effort.seconds, partial(streaming, effort=effort))]
        case "first-call":
            run = partial(fresh.first_calls, models=plan.first, repeats=plan.repeats)
            return [Job("first call", 30 * len(plan.first), run)]
        case "memory":
            return [Job("memory", 60, fresh.memory)]
        case "long":
            return long_jobs(plan.long)
        case "pages-kept":
            return races.shapes(plan.shapes, effort, allocator=KEEPS, references=())
