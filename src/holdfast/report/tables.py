"""Records put side by side: one comparison a task, one row a model, one number over its seeds.

Runs that differ in nothing but the seed make a row; anything else that differs (a width, a learning rate) makes another
row, and its name then says what. Nothing is left out: a run that diverged or never ended counts where it has a number
and is named where it has none.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import Any

from holdfast.report import numbers
from holdfast.report.records import UNFINISHED, Json, Run

# Where a run was computed and what it wrote on the way is no part of the question it answers.
CIRCUMSTANCES = frozenset({"threads", "accelerator", "evaluation_batch_size", "report_every", "tensorboard"})
# Less than this part of the way from chance to perfect is called "near chance".
NEAR_CHANCE = 0.05
PERFECT = {"loss": 0.0, "accuracy": 1.0}


@dataclass(frozen=True)
class Statistic:
    """A number over several runs."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def spread(self) -> float | None:
        """The sample standard deviation; None for a single run."""
        return stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Row:
    """All runs of one model under one choice of settings.

    Args:
        label: the model's name for readers.
        runs: its runs, by seed.
        measure: the task's measure.
    """

    label: str
    runs: tuple[Run, ...]
    measure: str

    @property
    def model(self) -> str:
        return str(self.runs[0].model["name"])

    @property
    def parameters(self) -> int | None:
        return self._described.get("parameters")

    @property
    def summary(self) -> str:
        """What the model is, in a line."""
        return str(self._described.get("summary", ""))

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the bibliography."""
        return tuple(self._described.get("sources", ()))

    @property
    def backend(self) -> str:
        return str(self._described.get("backend", ""))

    @cached_property
    def split(self) -> str:
        """The set that the row's numbers come from: validation only if no run has a test number."""
        results = [run.result(self.measure) for run in self.runs]
        return "test" if any(result and result.split == "test" for result in results) else "validation"

    @cached_property
    def result(self) -> Statistic | None:
        """The measure over every run that has it on that set, however the run ended."""
        return self.over(self.measure)

    @property
    def whole(self) -> bool:
        """Whether every run has a test number: a mean over those that went well is no fair one to compare."""
        return self.split == "test" and self.result is not None and len(self.result.values) == len(self.runs)

    def over(self, measure: str) -> Statistic | None:
        """Any measure over the runs, on the same set."""
        results = [run.result(measure) for run in self.runs]
        values = tuple(result.value for result in results if result and result.split == self.split)
        return Statistic(values) if values else None

    @property
    def _described(self) -> Json:
        """What the first run that got so far says of the model."""
        return next((about for run in self.runs if (about := run.description.get("model"))), {})

    @property
    def steps_to_solved(self) -> tuple[int, ...]:
        """Of the runs that solved the task."""
        return tuple(run.steps_to_solved for run in self.runs if run.steps_to_solved is not None)

    @property
    def seconds(self) -> Statistic | None:
        values = tuple(run.seconds for run in self.runs if run.seconds is not None)
        return Statistic(values) if values else None

    @property
    def statuses(self) -> Counter[str]:
        return Counter(run.status for run in self.runs)


@dataclass(frozen=True)
class Comparison:
    """All models on one task.

    Args:
        title: the task's title; with what sets it apart if two tasks share one.
        settings: the task's settings.
        description: what the runs said of it.
        rows: the models, best first; those with runs that have no test number after the others.
    """

    title: str
    settings: Json
    description: Json
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    @property
    def measure(self) -> str:
        return self.description.get("metric", "loss")

    @property
    def higher_is_better(self) -> bool:
        return bool(self.description.get("higher_is_better", False))

    @property
    def chance(self) -> float | None:
        return self.description.get("chance", {}).get(self.measure)

    @property
    def runs(self) -> list[Run]:
        return [run for row in self.rows for run in row.runs]

    @cached_property
    def best(self) -> tuple[Row, ...]:
        """The row with the best mean and those that print the same; empty if fewer than two rows are whole."""
        whole = [row for row in self.rows if row.whole]
        return tuple(row for row in whole if _printed(row) == _printed(whole[0])) if len(whole) > 1 else ()

    def near_chance(self, value: float) -> bool:
        """Whether a value is less than a twentieth of the way from chance to perfect."""
        if self.chance is None or self.measure not in PERFECT:
            return False
        return (value - self.chance) / (PERFECT[self.measure] - self.chance) < NEAR_CHANCE


def comparisons(runs: Sequence[Run]) -> list[Comparison]:
    """The runs sorted into one comparison a task, in the order of the tasks' titles."""
    tasks: dict[str, list[Run]] = {}
    for run in runs:
        tasks.setdefault(_fingerprint(run.task), []).append(run)
    titles = _told_apart([(_title(group[0]), group[0].task) for group in tasks.values()])
    return sorted(
        (_comparison(title, group) for title, group in zip(titles, tasks.values(), strict=True)),
        key=lambda comparison: comparison.title,
    )


def flattened(settings: Json, prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level: {"a": {"b": 1}} gives {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _comparison(title: str, runs: Sequence[Run]) -> Comparison:
    described = next((run.description["task"] for run in runs if "task" in run.description), {})
    measure, higher = described.get("metric", "loss"), described.get("higher_is_better", False)
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(f"{run.label} {_fingerprint(_question(run))}", []).append(run)
    labels = _told_apart([(group[0].label, _question(group[0])) for group in groups.values()])
    rows = [
        Row(label, tuple(sorted(group, key=lambda run: run.seed)), measure)
        for label, group in zip(labels, groups.values(), strict=True)
    ]
    return Comparison(title, runs[0].task, described, tuple(sorted(rows, key=lambda row: _rank(row, higher))))


def _rank(row: Row, higher_is_better: bool) -> tuple[int, float, float, str]:
    """Whole rows first, rows without a number last; among equals the best, then the first to solve the task."""
    if row.result is None:
        return 3, 0.0, 0.0, row.label
    kind = 0 if row.whole else 1 if row.split == "test" else 2
    solved = fmean(row.steps_to_solved) if row.steps_to_solved else float("inf")
    return kind, -row.result.mean if higher_is_better else row.result.mean, solved, row.label


def _printed(row: Row) -> str:
    return numbers.measure(row.measure, row.result.mean) if row.result else ""


def _question(run: Run) -> Json:
    """All that a run was asked to do, without the seed and without the circumstances."""
    training = {key: value for key, value in run.training.items() if key not in CIRCUMSTANCES}
    return {"model": run.model, "training": training}


def _fingerprint(settings: Json) -> str:
    return json.dumps(settings, sort_keys=True)


def _title(run: Run) -> str:
    """The task's name for readers, with its lag if that was chosen, otherwise with its length: "Copying, lag 100"."""
    about = run.description.get("task", {})
    name = str(about.get("title") or run.task["name"])
    words = name if name != run.task["name"] else " ".join(map(_word, name.split("-")))
    extent = f", lag {numbers.count(run.task['lag'])}" if "lag" in run.task else ""
    if not extent and about.get("steps"):
        extent = f", {numbers.count(about['steps'])} steps"
    return words[:1].upper() + words[1:] + extent


def _word(word: str) -> str:
    return {"mnist": "MNIST", "cifar10": "CIFAR-10"}.get(word, word)


def _told_apart(named: Sequence[tuple[str, Json]]) -> list[str]:
    """The names; where several are the same, each with the settings in which those differ."""
    names = []
    for name, settings in named:
        rivals = [flattened(other) for other_name, other in named if other_name == name]
        own = flattened(settings)
        apart = [key for key in own if any(rival.get(key) != own[key] for rival in rivals)]
        told = ", ".join(f"{key.rsplit('.', 1)[-1]} {own[key]}" for key in apart)
        names.append(f"{name} ({told})" if told else name)
    return names


def statuses(row: Row) -> list[tuple[str, str]]:
    """How the runs of a row ended, each status with its words: "solved" if all did, otherwise "2 solved"."""
    order = ("solved", "finished", "stopped early", "diverged", UNFINISHED)
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
