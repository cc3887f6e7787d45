"""What a run has said of itself so far, put in words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

_STARVED = 0.05


class Listener(Protocol):
    """Anything that takes the events of a run: its record, people's progress, TensorBoard."""

    def append(self, event: str, *, step: int, **values: Any) -> None:
        """Takes an event as it stands in metrics.jsonl."""
        ...


@dataclass
class News:
    """The latest events of a run; it listens like a record, and so knows how long the rest will take.

    Args:
        title: names the run.
        steps: how long it is at most.
        metric: the measure by which its evaluations are told.
        clock: seconds from any origin.
    """

    title: str
    steps: int
    metric: str
    clock: Callable[[], float] = monotonic
    step: int = 0
    loss: float | None = None
    measure: float | None = None
    waiting: float = 0.0
    _first: tuple[int, float] | None = field(default=None, repr=False)

    def append(self, event: str, *, step: int, **values: Any) -> None:
        """Takes an event as it stands in metrics.jsonl."""
        if values.get("split") == "test":
            return
        self.step = step
        self._first = self._first or (step, self.clock())
        if event == "train":
            self.loss = values["loss"]
            self.waiting = values.get("waited", 0.0) / max(values.get("seconds", 0.0), 1e-9)
        else:
            self.measure = values[self.metric]

    @property
    def seconds_left(self) -> float | None:
        """By the pace since the first event; None before there is a pace."""
        if self._first is None or self.step <= self._first[0]:
            return None
        step, started = self._first
        return (self.clock() - started) / (self.step - step) * (self.steps - self.step)

    @property
    def figures(self) -> str:
        """Loss and metric, as far as they are known, and the wait for data if it is worth a word."""
        loss = [] if self.loss is None else [f"loss {self.loss:.4g}"]
        measure = [] if self.measure is None else [f"validation {self.metric} {self.measure:.4g}"]
        starved = [f"{self.waiting:.0%} of the time waiting for data"] if self.waiting >= _STARVED else []
        return ", ".join(loss + measure + starved)

    @property
    def time_left(self) -> str:
        """In words; nothing before there is a pace."""
        return "" if self.seconds_left is None else f"{in_words(self.seconds_left)} left"

    def __str__(self) -> str:
        parts = (f"{self.title}: step {self.step} of {self.steps}", self.figures, self.time_left)
        return ", ".join(part for part in parts if part)


def in_words(seconds: float) -> str:
    """A duration as people say it: 45 s, 3 min, 2 h 5 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
