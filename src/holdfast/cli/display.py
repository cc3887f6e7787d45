"""What people see of a comparison: one live table on a terminal, plain lines in a log file."""

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.table import Table

from holdfast.cli.follow import Followed
from holdfast.training.news import in_words
from holdfast.training.pool import Failure


class Display(AbstractContextManager):
    """Looks at runs and tells; entered while they last."""

    def __init__(self, runs: Sequence[Followed]):
        self.runs = runs
        for run in runs:
            run.look()

    def look(self, running: Collection[str], failures: Mapping[str, Failure]) -> None:
        """Takes note of what has changed.

        Args:
            running: the names of the runs that have a process now.
            failures: those that have failed.
        """
        for run in self.runs:
            run.running = run.name in running
            run.failure = failures[run.name].message if run.name in failures else None
            if run.running:
                run.look()

    def __exit__(self, *error: object) -> None:
        """Cleans up."""


class Lines(Display):
    """Every few seconds a line for each run that is under way, and one when a run ends.

    Args:
        runs: of the comparison.
        every: seconds between lines.
    """

    def __init__(self, runs: Sequence[Followed], *, every: float = 10.0):
        super().__init__(runs)
        self.every, self.told = every, monotonic()
        self.over = {run.name for run in runs if run.summary}

    def look(self, running: Collection[str], failures: Mapping[str, Failure]) -> None:
        super().look(running, failures)
        for run in self.runs:
            if run.status not in ("waiting", "running") and run.name not in self.over:
                self.over.add(run.name)
                print(f"{run.name}: {run.status}, {outcome(run)}", flush=True)
        if monotonic() - self.told >= self.every:
            self.told = monotonic()
            for run in self.runs:
                if run.running and run.news.step:
                    print(run.news, flush=True)


class LiveTable(Display):
    """A table of all runs that changes in its place.

    Args:
        runs: of the comparison.
    """

    def __enter__(self) -> "LiveTable":
        self.live = Live(table(self.runs), refresh_per_second=4)
        self.live.start()
        return self

    def look(self, running: Collection[str], failures: Mapping[str, Failure]) -> None:
        super().look(running, failures)
        self.live.update(table(self.runs))

    def __exit__(self, *error: object) -> None:
        self.live.update(table(self.runs))
        self.live.stop()


def make_display(runs: Sequence[Followed]) -> Display:
    """A table if somebody is looking, lines otherwise."""
    return LiveTable(runs) if sys.stdout.isatty() else Lines(runs)


def show_results(runs: Sequence[Followed]) -> None:
    """The table, unless a terminal shows it already, and what there is to say of the runs that did not end well."""
    if not sys.stdout.isatty():
        Console().print(table(runs))
    for run in runs:
        if run.status in ("failed", "diverged"):
            print(f"{run.name}: {run.status}: {outcome(run)}")


def table(runs: Sequence[Followed]) -> Table:
    """A row a run."""
    metric = runs[0].news.metric
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    measures = ("training loss", f"validation {metric}", f"test {metric}")
    for title in ("model", "seed", "status", "step", *measures, "time", "memory"):
        drawn.add_column(title, justify="left" if title in ("model", "status") else "right")
    for run in runs:
        drawn.add_row(run.label, str(run.settings.seed), run.status, *figures(run))
    return drawn


def figures(run: Followed) -> list[str]:
    """Step, training loss, validation and test metric, the time that was taken or is left, the memory of updates."""
    news, summary = run.news, run.summary
    if summary is None:
        return [f"{news.step}/{news.steps}", number(news.loss), number(news.measure), "", news.time_left, ""]
    validation, test = ((measures or {}).get(news.metric) for measures in (summary.validation, summary.test))
    step = f"{summary.steps}/{news.steps}"
    spent = [in_words(summary.seconds), mebibytes(summary.memory)]
    return [step, number(news.loss), number(validation), number(test), *spent]


def mebibytes(memory: int | None) -> str:
    return "" if memory is None else f"{memory / 2**20:.0f} MiB"


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def outcome(run: Followed) -> str:
    """What came out of a run, in a line."""
    summary = run.summary
    if run.failure is not None or summary is None:
        return run.failure or "no summary"
    if summary.status == "diverged":
        return summary.message
    measures = [f"test {name} {value:.4g}" for name, value in (summary.test or {}).items()]
    return ", ".join([*measures, in_words(summary.seconds)])
