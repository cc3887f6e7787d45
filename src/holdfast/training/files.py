"""Files that are written whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Puts what `write` writes in the place of `path`, at one stroke.

    A kill before the stroke leaves the old file, and a temporary one beside it that the next writing replaces.
    """
    temporary = path.with_name(path.name + ".partial")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    _remember_name(path.parent)


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8, whole or not at all."""
    write_whole(path, lambda file: file.write(text.encode()))


def write_json(path: Path, content: Any) -> None:
    """A JSON file that people can read, whole or not at all."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def place_all(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes all files aside, then moves each to its place: a full disk or a kill leaves no half of a file.

    Args:
        files: contents by their path in the folder; the one that stands for all comes last.
        folder: made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    try:
        for name, content in files.items():
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_bytes(content)
        for name in files:
            (folder / name).parent.mkdir(exist_ok=True)
            os.replace(aside / name, folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """A folder with these files and no others; an earlier one stays until the new one is whole.

    Args:
        folder: that is made, or replaced.
        files: contents by their path in it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        place_all(files, aside / "new")
        if folder.exists():
            os.replace(folder, aside / "old")
        os.replace(aside / "new", folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _remember_name(folder: Path) -> None:
    """After a loss of power the folder knows the new name too. Windows can't open folders and does without."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
