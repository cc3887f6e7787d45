"""Signs of life while data is fetched or decoded: on a terminal a bar, in a log a line now and then."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic

EVERY = 5.0
"""Seconds between the lines in a log."""

Counter = Callable[[int], None]
"""Is told how many more are done."""


@contextmanager
def counting(title: str, total: int | None) -> Iterator[Counter]:
    """Shows how far something has come.

    Args:
        title: what is being done.
        total: how many there are; None if that is not known.
    """
    if not sys.stderr.isatty():
        yield _Lines(title, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda more: progress.advance(task, more)


def waiting(title: str) -> AbstractContextManager[object]:
    """A sign of life on a terminal while the network is slow, and nothing in a log."""
    from rich.console import Console

    return Console(stderr=True).status(title) if sys.stderr.isatty() else nullcontext()


class _Lines:
    """A line when it has taken a while, and then every so often."""

    def __init__(self, title: str, total: int | None):
        self.title, self.of = title, "" if total is None else f" of {total}"
        self.done, self.told = 0, monotonic()

    def __call__(self, more: int) -> None:
        self.done += more
        if monotonic() - self.told >= EVERY:
            self.told = monotonic()
            print(f"{self.title}: {self.done}{self.of}", file=sys.stderr, flush=True)
