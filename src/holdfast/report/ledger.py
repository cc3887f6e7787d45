"""The ledger: what papers report and what came of it here, a row a model, and "not run" where nothing was run."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from holdfast.cells import Skip
from holdfast.experiments import SCALES, Experiment, Published
from holdfast.layers import CATALOGUE
from holdfast.report import beside, numbers
from holdfast.report.comparison import Row
from holdfast.report.costs import share_of_operations
from holdfast.report.deviations import apart_from, shared_by_most
from holdfast.report.judged import Judged, judged
from holdfast.report.saved import saved
from holdfast.report.wording import machine, steps_to_solved_words

NOT_RUN = "not run"
SKIPPING = frozenset(name for name, entry in CATALOGUE.items() if issubclass(entry.cell, Skip))
"""Models all units of which are updated at a step, or none."""


@dataclass(frozen=True)
class Line:
    """One model of one question.

    Args:
        model: its label.
        published: what the paper reports, marked if that was not checked; empty if nothing is known.
        ours: the mean over the seeds, and where units may rest how much was updated; or "not run".
        seeds: those that were run.
        steps: updates of each run, and after how many the task was solved.
        machine: where the runs were made.
        deviations: what differs from the paper, on purpose or in the records; nothing where nothing was run.
        claims: each sentence with what became of it.
    """

    model: str
    published: str
    ours: str
    seeds: str
    steps: str
    machine: str
    deviations: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """One question of an experiment in the ledger.

    Args:
        experiment, scale, question: their names.
        shared: what differs from the paper for most models.
        lines: a line a model; their deviations are those that are not shared, and where a shared one does not hold.
        saved: what runs save at inference, under `saved.HEADER`; empty where it was not measured.
    """

    experiment: str
    scale: str
    question: str
    shared: tuple[str, ...]
    lines: tuple[Line, ...]
    saved: tuple[tuple[str, ...], ...] = ()

    @property
    def made(self) -> bool:
        """Whether any run answers it."""
        return any(line.ours != NOT_RUN for line in self.lines)


def ledger(folder: Path, experiments: Iterable[Experiment]) -> list[Account]:
    """Every question of these experiments at every scale.

    Args:
        folder: results/, or where `holdfast reproduce` left its runs.
        experiments: what was asked.

    Raises:
        ValueError: a record can't be read.
    """
    return [account(one) for experiment in experiments for scale in SCALES for one in judged(folder, experiment, scale)]


def account(one: Judged) -> Account:
    """One question with the runs that answer it."""
    departures = {label: one.question.departures(label) for label in one.question.labels}
    shared = shared_by_most(list(departures.values()))
    lines = [_line(one, label, apart_from(shared, own)) for label, own in departures.items()]
    return Account(one.experiment.name, one.scale, one.question.name, shared, tuple(lines), saved(one.runs))


def _line(one: Judged, label: str, departures: list[str]) -> Line:
    row = one.row(label)
    return Line(
        model=label,
        published=_published(one.published(label)),
        ours=NOT_RUN if row is None else _ours(row),
        seeds="" if row is None else ", ".join(str(run.seed) for run in row.runs),
        steps="" if row is None else _steps(row),
        machine="" if row is None else "; ".join(dict.fromkeys(machine(run.environment) for run in row.runs)),
        deviations=(*(departures if row else ()), *one.strays(label)),
        claims=tuple((claim.sentence, verdict) for claim, verdict in one.verdicts(label)),
    )


def _published(entries: Iterable[Published]) -> str:
    """Each number with the set that it was measured on; outcomes in words as they are."""
    words = (
        beside.reported(entry) + (" (validation)" if entry.split == "validation" and entry.value is not None else "")
        for entry in entries
    )
    return "; ".join(dict.fromkeys(words))


def _ours(row: Row) -> str:
    diverged = row.statuses["diverged"]
    ended = [f"{diverged} of {len(row.runs)} diverged"] if diverged else []
    if row.result is None:
        return ended[0]
    value = numbers.measure(row.measure, row.result.mean, row.result.spread)
    return ", ".join([value if row.split == "test" else f"{value} (validation)", *_rested(row), *ended])


def _rested(row: Row) -> list[str]:
    """How much was updated where units may rest: of gates the mean openness is no share of anything that is saved."""
    openness = row.over("openness")
    if openness is None:
        return []
    words = numbers.measure("openness", openness.mean, openness.spread)
    if row.model in SKIPPING:
        return [f"{words} of the updates"]
    share = share_of_operations(row)
    done = [] if share is None else [f"{numbers.level('openness', share)} of the operations"]
    return [f"mean openness {words}", *done]


def _steps(row: Row) -> str:
    steps = sorted({run.steps for run in row.runs})
    extent = numbers.count(steps[0]) if len(steps) == 1 else f"{numbers.count(steps[0])} to {numbers.count(steps[-1])}"
    return f"{extent}, solved after {steps_to_solved_words(row)}" if row.steps_to_solved else f"{extent}, not solved"
