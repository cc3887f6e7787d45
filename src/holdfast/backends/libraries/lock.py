"""One builder at a time: a lock that its holder's death releases."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 300  # seconds
held: set[int] = set()


@contextmanager
def locked(path: Path, *, patience: float = PATIENCE) -> Iterator[bool]:
    """Hold the lock file `path`; yields whether it was got within `patience` seconds.

    The system releases it when the process ends, however it ends, so there are no stale locks. One that is not to be
    had (a suspended holder, a file system without locks) must not stop a run: what it guards is written atomically,
    and the price of going on is that the work is done twice.
    """
    deadline = time.monotonic() + patience
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held.add(descriptor)
        try:
            mine = acquire(descriptor, deadline)
            if not mine or is_at(descriptor, path):
                yield mine
                return
        finally:
            release(descriptor)


def acquire(descriptor: int, deadline: float) -> bool:
    """Try until the deadline."""
    import fcntl

    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        except OSError:
            return False


def release(descriptor: int) -> None:
    """Unlock in so many words: closing would not do while a forked child holds a copy of the descriptor."""
    import fcntl

    held.discard(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError:
        pass  # a file system without locks
    finally:
        os.close(descriptor)


def is_at(descriptor: int, path: Path) -> bool:
    """Whether the file that we locked is still the one of that name: clearing the cache unlinks locks."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def forget_in_child() -> None:
    """A forked child holds no lock: else a parent that is killed would leave its locks with its children."""
    for descriptor in held:
        os.close(descriptor)
    held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_in_child)
