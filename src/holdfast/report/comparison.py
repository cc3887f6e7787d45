"""Runs put side by side: a row is one model, a number is taken over its seeds.

No run is left out: how each ended is told. A row's number is over the runs that have one on the row's set, which is the
test set as soon as one run has a test number; a run that diverged or never ended has none there, and then the row says
over how many of its runs the number is.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev

from holdfast.experiments import near_chance, taught
from holdfast.report import numbers
from holdfast.report.run import Json, Run

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
    def published_as(self) -> str:
        """Under which name papers report it: how it is taught makes it another model."""
        return taught(self.model, self.runs[0].objective)

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
    def steps_to_solved(self) -> tuple[int, ...]:
        """Of the runs that solved the task."""
        return tuple(run.steps_to_solved for run in self.runs if run.steps_to_solved is not None)

    @property
    def seconds(self) -> Statistic | None:
        values = tuple(run.seconds for run in self.runs if run.seconds is not None)
        return Statistic(values) if values else None

    @property
    def memory(self) -> Statistic | None:
        """The most bytes that updates took."""
        values = tuple(float(run.memory) for run in self.runs if run.memory is not None)
        return Statistic(values) if values else None

    @property
    def statuses(self) -> Counter[str]:
        return Counter(run.status for run in self.runs)

    @property
    def _described(self) -> Json:
        """What the first run that got so far says of the model."""
        return next((about for run in self.runs if (about := run.description.get("model"))), {})


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
    def tells_memory(self) -> bool:
        """Whether a run knows how much memory its updates took; early records do not."""
        return any(run.memory is not None for run in self.runs)

    @property
    def chance(self) -> float | None:
        return self.description.get("chance", {}).get(self.measure)

    @property
    def runs(self) -> list[Run]:
        return [run for row in self.rows for run in row.runs]

    @cached_property
    def best(self) -> tuple[Row, ...]:
        """The row with the best mean and those that print the same.

        A row with a run that has no test number is not among them, nor is one near chance; and of one row nothing is
        the best.
        """
        means = {row: row.result.mean for row in self.rows if row.whole and row.result}
        if len(means) < 2 or self.near_chance(next(iter(means.values()))):
            return ()
        printed = {row: numbers.measure(self.measure, mean) for row, mean in means.items()}
        return tuple(row for row, text in printed.items() if text == next(iter(printed.values())))

    def near_chance(self, value: float) -> bool:
        """Whether a value is less than a twentieth of the way from chance to perfect."""
        perfect = PERFECT.get(self.measure)
        return perfect is not None and near_chance(value, chance=self.chance, perfect=perfect)
