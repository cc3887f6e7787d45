"""How rows of the table, and claims, are put into words."""

from collections.abc import Sequence
from itertools import groupby
from statistics import fmean

from holdfast.report import numbers
from holdfast.report.comparison import Row
from holdfast.report.run import FAILED, UNFINISHED, Json


def machine(environment: Json) -> str:
    """Where something was measured, by its environment.json: "AMD EPYC 7B13, 2 cores"; all machines in turn."""
    places = map(_place, (*environment.get("before", ()), environment))
    return ", then ".join(place for place, _ in groupby(places))


def _place(environment: Json) -> str:
    """One machine: its GPU, if that trained, its processor and its cores."""
    device = environment.get("device_name") or environment.get("device")
    cores = f"{environment['cores']} cores" if "cores" in environment else None
    parts = (None if device == "cpu" else device, environment.get("processor"), cores)
    return ", ".join(filter(None, parts)) or "unknown"


def statuses(row: Row) -> list[tuple[str, str]]:
    """How the runs of a row ended, each status with its words: "solved" if all did, otherwise "2 solved"."""
    order = ("solved", "finished", "stopped early", "diverged", FAILED, UNFINISHED)
    counts = [(status, row.statuses[status]) for status in order if row.statuses[status]]
    return [(status, status if count == len(row.runs) else f"{count} {status}") for status, count in counts]


def runs_counted(row: Row) -> str:
    """How many runs are behind the row's number: "3", or "2 of 3" where one has no number."""
    counted = len(row.result.values) if row.result else 0
    return f"{len(row.runs)}" if counted in (0, len(row.runs)) else f"{counted} of {len(row.runs)}"


def steps_to_solved_words(row: Row) -> str:
    """The mean over the runs that solved the task, and how many did if not all: "1 300 (1 of 3)"."""
    steps = row.steps_to_solved
    if not steps:
        return "not solved"
    some = "" if len(steps) == len(row.runs) else f" ({len(steps)} of {len(row.runs)})"
    return numbers.count(fmean(steps)) + some


def claims_counted(verdicts: Sequence[str]) -> str:
    """ "80 claims: 41 met, 25 not met, 14 open." """
    met, refuted = verdicts.count("met"), verdicts.count("not met")
    unjudged = len(verdicts) - met - refuted
    return f"{numbers.times(len(verdicts), 'claim')}: {met} met, {refuted} not met, {unjudged} open."
