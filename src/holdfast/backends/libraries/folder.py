"""Where libraries are kept: a folder that nobody but its user can write, since what lies there is run."""

import atexit
import os
import shutil
import stat
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

VARIABLE = "HOLDFAST_CACHE"


def cache_folder() -> Path:
    """The folder of the cache, made if need be; a temporary one, with one warning, if that one can't be trusted."""
    return usable(os.environ.get(VARIABLE, ""), os.getpid())


@cache
def usable(wanted: str, process: int) -> Path:
    """`wanted`, or the default if it is empty, or a temporary folder; decided once for each process."""
    try:
        folder = Path(wanted).expanduser().absolute() if wanted else default_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        objection = unsafe(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        objection = str(error)
    if objection is None:
        return folder
    message = f"kernels are compiled anew in every process, since the cache can't be used: {objection}"
    warnings.warn(f"{message}; or set {VARIABLE} to a folder of your own", RuntimeWarning, stacklevel=2)
    return temporary_folder(process)


def default_folder() -> Path:
    """The platform's place for what can be made again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "holdfast"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "holdfast"


def unsafe(folder: Path) -> str | None:
    """Why libraries in `folder` must not be trusted, and what to do; None if they may be."""
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to user {found.st_uid}, and you are user {os.geteuid()}"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others can write {folder}; empty it and run `chmod 700 {folder}`"
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"others can replace {folder}, since they can write {parent}"
    with tempfile.TemporaryFile(dir=folder):
        return None


def temporary_folder(process: int) -> Path:
    """A private folder that goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-"))
    atexit.register(remove, folder, process)
    return folder


def remove(folder: Path, process: int) -> None:
    """Remove `folder` if we are the process that made it, and not a fork of it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
