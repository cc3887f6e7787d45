"""Decoded sets on disk: arrays named by what they were made from, and memory-mapped."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.backends.libraries.content import digest, name_after
from holdfast.backends.libraries.folder import VARIABLE, cache_folder
from holdfast.backends.libraries.lock import locked

_FORMAT = 1
_PATIENCE = 3600  # seconds for which one process waits while another decodes


@dataclass(frozen=True)
class Layout:
    """How an array lies in its file.

    Args:
        dtype: as NumPy spells it.
        shape: its axes.
    """

    dtype: str
    shape: tuple[int, ...]


Write = Callable[[Path], dict[str, Layout]]
"""Writes the bytes of each array into `<name>.bin` in a folder, and says how they lie."""


def stored(name: str, content: str, write: Write) -> dict[str, np.ndarray]:
    """The arrays made from `content`: from the cache if they are there to the byte, else made now and kept.

    They are mapped into memory, so that a set larger than it can be read; a change to them stays in this process. The
    folder appears at one stroke, and of several processes that need it one does the work.

    Args:
        name: what it is, for the folder's name.
        content: all that the arrays depend on.
        write: makes them.

    Raises:
        ValueError: the cache has no room, or can't be written.
    """
    place = data_cache(cache_folder()) / name_after(f"{_FORMAT}/{content}", name=name, otherwise="data")
    try:
        if not intact(place):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(place.with_name(place.name + ".lock"), patience=_PATIENCE) as alone:
                if not intact(place):
                    _make(place, write, alone=alone)
        return _mapped(place)
    except OSError as error:
        raise ValueError(
            f"the decoded {name} can't be kept in {place.parent} ({error.strerror or error}); "
            f"make room there, or set {VARIABLE} to a folder of your own that has it"
        ) from error


def data_cache(folder: Path) -> Path:
    """Where decoded sets lie in the cache."""
    return folder / "data"


def intact(place: Path) -> bool:
    """Whether every array in `place` is, to the byte, what was written."""
    try:
        return all(entry["sha256"] == digest(place / f"{name}.bin") for name, entry in _entries(place).items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _make(place: Path, write: Write, *, alone: bool) -> None:
    if alone:  # then whoever left these is dead
        for left in place.parent.glob(f"{place.name}.*.part"):
            shutil.rmtree(left, ignore_errors=True)
    workshop = Path(tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".part", dir=place.parent))
    try:
        layouts = write(workshop)
        files = {name: workshop / f"{name}.bin" for name in layouts}
        entries = {name: {**asdict(layouts[name]), "sha256": digest(file)} for name, file in files.items()}
        note = workshop / "arrays.json"
        note.write_text(json.dumps({"made": time.time(), "arrays": entries}, indent=1))
        for file in (*files.values(), note):
            with file.open("rb") as written:
                os.fsync(written.fileno())
        shutil.rmtree(place, ignore_errors=True)  # damaged; who has it mapped keeps it
        workshop.replace(place)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _mapped(place: Path) -> dict[str, np.ndarray]:
    return {
        name: np.memmap(place / f"{name}.bin", dtype=entry["dtype"], mode="c", shape=tuple(entry["shape"]))
        for name, entry in _entries(place).items()
    }


def _entries(place: Path) -> dict[str, Any]:
    return json.loads((place / "arrays.json").read_text())["arrays"]
