"""What people see while the benchmarks run: a bar on a terminal, plain lines in a log file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from holdfast.benchmarks.jobs import Job
from holdfast.training.news import in_words


@dataclass
class Pace:
    """How long the rest will take, from how long it was thought to take and how long the first jobs took.

    Args:
        jobs: all of them.
    """

    jobs: Sequence[Job]
    expected: float = 0.0
    taken: float = 0.0

    def done(self, job: Job, seconds: float) -> None:
        """A job has taken so long."""
        self.expected += job.seconds
        self.taken += seconds

    @property
    def seconds_left(self) -> float:
        """With a pace of 1 to begin with, whose weight is that of half a minute."""
        pace = (30 + self.taken) / (30 + self.expected)
        return pace * (sum(job.seconds for job in self.jobs) - self.expected)


def told(jobs: Sequence[Job], console: Console) -> Iterator[Job]:
    """The jobs one after the other, each announced before it begins, with the time that is left."""
    pace = Pace(jobs)
    columns = TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=len(jobs), left="")
        for k, job in enumerate(jobs):
            left = f"about {in_words(pace.seconds_left)} left"
            progress.update(bar, description=job.name, completed=k, left=left)
            if not console.is_terminal:
                console.print(f"{k + 1} of {len(jobs)}, {left}: {job.name}", soft_wrap=True, highlight=False)
            begin = monotonic()
            yield job
            pace.done(job, monotonic() - begin)
        progress.update(bar, description="", completed=len(jobs), left="")
