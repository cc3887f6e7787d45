"""One process at a time in a run's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from holdfast.training.record import RecordError, unusable

try:
    import fcntl
except ImportError:  # Windows has no locks that a kill sets free, and goes without
    fcntl = None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other processes out of the folder while it is entered; the system frees it even after a kill.

    Raises:
        RecordError: another process is in it, or it can't be written.
    """
    with _opened(folder) as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RecordError(
                    f"another process is training in {folder}; wait until it is done, or choose another folder"
                ) from None
        yield


def _opened(folder: Path) -> IO[str]:
    try:
        return (folder / "lock").open("w")
    except OSError as error:
        raise unusable(folder, error) from error
