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
    return usable(wanted_folder(), os.getpid())


def wanted_folder() -> Path:
    """The folder that the user names, or the platform's place for what can be made again."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(os.path.expanduser(named)).absolute()
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches/holdfast"))
    base = os.environ.get("XDG_CACHE_HOME", "")
    return Path(base if os.path.isabs(base) else os.path.expanduser("~/.cache")) / "holdfast"


@cache
def usable(folder: Path, process: int) -> Path:
    """`folder`, or a temporary one if it can't be used; decided once for each process."""
    objection = obstacle(folder)
    if objection is None:
        return folder
    message = "kernels are compiled and data sets decoded anew in every process, since their cache can't be used"
    warnings.warn(f"{message}: {objection}; or set {VARIABLE} to a folder of your own", RuntimeWarning, stacklevel=2)
    return temporary_folder(process)


def obstacle(folder: Path) -> str | None:
    """Why `folder` can't be the cache, or None if it can; makes it if need be."""
    if not folder.is_absolute():
        return "there is no home folder"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return unsafe(folder)
    except OSError as error:
        return str(error)


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
