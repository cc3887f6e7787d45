"""What a comparison shows, in sentences made from its numbers and nothing else."""

from statistics import fmean

from holdfast.report import numbers
from holdfast.report.comparison import Comparison, Row
from holdfast.report.run import FAILED, UNFINISHED


def findings(comparison: Comparison) -> list[str]:
    """The sentences, the most important first."""
    mishaps = (sentence for row in comparison.rows for sentence in _mishaps(row))
    return [*_solved(comparison), *_best(comparison), *_near_chance(comparison), *mishaps]


def _solved(comparison: Comparison) -> list[str]:
    solvers = [row for row in comparison.rows if row.steps_to_solved]
    solvers.sort(key=lambda row: fmean(row.steps_to_solved))
    if not solvers:
        threshold = comparison.description.get("solved_loss")
        return [] if threshold is None else [f"No run solved the task (a loss below {numbers.plain(threshold)})."]
    always = [row for row in solvers if len(row.steps_to_solved) == len(row.runs)]
    sentences = []
    if always:
        means = numbers.listed([f"{row.label} ({numbers.count(fmean(row.steps_to_solved))})" for row in always])
        sentences.append(f"Solved in every run, after so many steps on average: {means}.")
    sentences += [
        f"{row.label} solved it in {len(row.steps_to_solved)} of {len(row.runs)} runs."
        for row in solvers
        if row not in always
    ]
    if never := [row.label for row in comparison.rows if row not in solvers]:
        sentences.append(f"Solved in no run: {numbers.listed(never)}.")
    return sentences


def _best(comparison: Comparison) -> list[str]:
    """Only where there is one best; a tie is for the table to show."""
    if len(comparison.best) != 1:
        return []
    first, second = (row for row in comparison.rows[:2])
    if not (first.result and second.result):
        return []
    said = f"{first.label} has the best {first.split} {comparison.measure}, {_value(first)}; next is {second.label}"
    overlap = _overlap(first.result.values, second.result.values)
    doubt = "; their seeds overlap, so the order of the two is open" if overlap else ""
    return [f"{said}, {_value(second)}{doubt}."]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return max(min(one), min(other)) <= min(max(one), max(other))


def _near_chance(comparison: Comparison) -> list[str]:
    near = [row.label for row in comparison.rows if row.result and comparison.near_chance(row.result.mean)]
    return [f"Near chance: {numbers.listed(near)}."] if near else []


def _mishaps(row: Row) -> list[str]:
    told = {"diverged": "diverged", FAILED: "failed", UNFINISHED: "had not ended when this was written"}
    happened = [f"{row.statuses[status]} {words}" for status, words in told.items() if row.statuses[status]]
    return [f"Of {numbers.times(len(row.runs), 'run')} of {row.label}, {numbers.listed(happened)}."] if happened else []


def _value(row: Row) -> str:
    return numbers.measure(row.measure, row.result.mean, row.result.spread) if row.result else "none"
