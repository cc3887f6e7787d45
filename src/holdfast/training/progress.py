"""What people see of a run: a bar on a terminal, plain lines in a log file."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as RichProgress

from holdfast.training.news import News


class Progress(AbstractContextManager):
    """A listener for people, which shows nothing unless a subclass does; entered while the run lasts."""

    def append(self, event: str, *, step: int, **values: Any) -> None:
        """Hears of an event."""

    def __exit__(self, *error: object) -> None:
        """Cleans up."""


Watch = Callable[[News], Progress]
"""Makes the progress of a run; a function of a module, so that it can be sent to another process."""


def automatic(news: News) -> Progress:
    """A bar if somebody is looking, lines otherwise."""
    return Bar(news) if sys.stdout.isatty() else Lines(news)


def silent(news: News) -> Progress:
    """Nothing at all."""
    return Progress()


class Lines(Progress):
    """A line every few seconds, each whole by itself.

    Args:
        news: what to tell.
        every: seconds between lines.
    """

    def __init__(self, news: News, *, every: float = 5.0):
        self.news, self.every = news, every
        self.told = news.clock() - every

    def append(self, event: str, *, step: int, **values: Any) -> None:
        self.news.append(event, step=step, **values)
        if values.get("split") != "test" and self.news.clock() - self.told >= self.every:
            self.told = self.news.clock()
            print(self.news, flush=True)


class Bar(Progress):
    """A bar that moves, with loss, metric and time left.

    Args:
        news: what to tell.
    """

    def __init__(self, news: News):
        self.news = news
        title, words = TextColumn("{task.description}"), TextColumn("{task.fields[words]}")
        self.rich = RichProgress(title, BarColumn(), MofNCompleteColumn(), words)
        self.bar = self.rich.add_task(news.title, total=news.steps, words="")

    def __enter__(self) -> "Bar":
        self.rich.start()
        return self

    def append(self, event: str, *, step: int, **values: Any) -> None:
        self.news.append(event, step=step, **values)
        words = f"{self.news.figures}  {self.news.time_left}"
        self.rich.update(self.bar, completed=self.news.step, words=words)

    def __exit__(self, *error: object) -> None:
        self.rich.stop()
