"""Several runs at once, each in a process of its own, so that one that fails or is killed takes no other with it."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any


def preloaded_context(*modules: str) -> BaseContext:
    """Processes that find these modules imported, where the system can fork; otherwise fresh ones."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


@dataclass(frozen=True)
class Failure:
    """Why a job did not end well.

    Args:
        message: in a line.
        details: a traceback, if there is one.
    """

    message: str
    details: str = ""


_SILENT = "its process ended without a word ({})"
_NOTHING = Failure("")
"""What a job has said whose process ended without a word."""
_LONGEST = 1000
"""Characters of a message."""


@dataclass(frozen=True)
class Pool:
    """Runs jobs, so many at a time, in the order given.

    Args:
        workers: processes at once.
        context: how processes are made.
    """

    workers: int
    context: BaseContext

    def run(
        self,
        jobs: Mapping[str, Callable[[], object]],
        *,
        look: Callable[[Collection[str], Mapping[str, Failure]], None],
        every: float = 0.5,
    ) -> dict[str, Failure]:
        """Runs all jobs; returns the failures by the names of their jobs.

        An exception in here, Ctrl-C above all, ends the jobs that are running.

        Args:
            jobs: what to run, by name; each can be pickled.
            look: called every now and then with the names of the jobs that are running, and the failures so far.
            every: seconds between looks.
        """
        waiting, running = deque(jobs), dict[str, _Running]()
        failures: dict[str, Failure] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    name = waiting.popleft()
                    running[name] = self._start(jobs[name])
                wait([end for job in running.values() for end in job.ends()], every)
                for name in [name for name, job in running.items() if job.over()]:
                    failure = running.pop(name).failure()
                    failures |= {name: failure} if failure else {}
                look(running.keys(), failures)
        finally:
            _end(running.values())
        return failures

    def _start(self, job: Callable[[], object]) -> "_Running":
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(target=_work, args=(job, theirs))  # pyright: ignore[reportAttributeAccessIssue]
        process.start()
        theirs.close()
        return _Running(process, ours)


@dataclass
class _Running:
    """A job in its process. What it says is heard before it has ended: a long word fills the pipe and holds it up."""

    process: Any
    news: Connection
    said: Failure | None = None
    heard: bool = False

    def ends(self) -> list[Any]:
        """What is ready once there is something to hear or to see."""
        return [self.process.sentinel] if self.heard else [self.process.sentinel, self.news]

    def over(self) -> bool:
        """Whether the process has ended."""
        if not self.heard and self.news.poll():
            self._hear()
        return not self.process.is_alive()

    def failure(self) -> Failure | None:
        """What a job that has ended said, or what can be seen from outside.

        Raises:
            KeyboardInterrupt: Ctrl-C has ended it, and so is meant for all, though it may come here later.
        """
        self.process.join()
        if self.process.exitcode == -signal.SIGINT:
            raise KeyboardInterrupt
        if not self.heard:
            self._hear()
        self.news.close()
        return Failure(_SILENT.format(_how(self.process.exitcode))) if self.said is _NOTHING else self.said

    def _hear(self) -> None:
        self.heard = True
        try:
            self.said = self.news.recv()
        except (EOFError, OSError):  # it was killed before its word, or in the middle of it
            self.said = _NOTHING


def _work(job: Callable[[], object], news: Connection) -> None:
    """The life of a process. Ctrl-C ends it without a traceback: a run may be killed at any moment."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with news:
        try:
            job()
        except Exception as error:
            news.send(Failure(_cut(f"{type(error).__name__}: {error}"), traceback.format_exc()))
        else:
            news.send(None)


def _end_with_parent() -> None:
    """Ends this process when the one that started the jobs is gone, however it went: nobody is left to stop it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(jobs: Iterable[_Running]) -> None:
    for job in jobs:
        job.process.terminate()
    for job in jobs:
        job.process.join()
        job.news.close()


def _cut(message: str) -> str:
    """A message that people can take in at once; the traceback holds all of it."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}... ({len(message):,} characters in all)"


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}; out of memory, perhaps"
    return f"exit code {exit_code}"
