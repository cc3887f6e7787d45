"""Batches made ahead of the steps that need them, so that a step does not wait for its data."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import Self

from holdfast.tasks import Batch


class Feed:
    """The batches of a run in the order of its steps, made in a thread of their own while the model learns.

    A batch is addressed by its step and drawn from a generator of that address, so it holds the same bits whenever it
    is made: a run that was killed with batches in the making loses nothing.

    The first batch is made by the caller itself, so that an interrupt stops even a slow one. What goes wrong with a
    later one is raised where its step asks for it.

    Args:
        make: the batch of a step.
        first, last: the steps that will be asked for, `last` not among them.
        ahead: how many batches are made in advance, at most.
    """

    def __init__(self, make: Callable[[int], Batch], *, first: int, last: int, ahead: int = 2):
        self.make, self.last, self.ahead = make, last, ahead
        self.worker = ThreadPoolExecutor(1, thread_name_prefix="holdfast-feed")
        self.coming: deque[Future[Batch]] = deque()
        self.next = first
        self.waited = 0.0

    def take(self) -> Batch:
        """The batch of the next step; the time that passes until it is there is added to `waited`, in seconds."""
        started = perf_counter()
        batch = self.coming.popleft().result() if self.coming else self.make(self.next)
        self.waited += perf_counter() - started
        self.next += 1
        for step in range(self.next + len(self.coming), min(self.next + self.ahead, self.last)):
            self.coming.append(self.worker.submit(self.make, step))
        return batch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Makes no more batches, and waits for the one in the making."""
        self.worker.shutdown(cancel_futures=True)
