"""Programs in the cache: found by the fingerprint of a cell, without tracing it, or by their own content.

Two kinds of files, both plain data: `<fingerprint>.cell` holds the name of a program, `<name>.program` the program.
"""

from pathlib import Path

from holdfast.backends.libraries import notes
from holdfast.backends.libraries.folder import cache_folder
from holdfast.compiler import Program, Refusal
from holdfast.compiler.sources import unchanged
from holdfast.compiler.stored import from_data, key_of, to_data


def recall(fingerprint: str) -> Program | None:
    """The program of a cell with that fingerprint, if one was kept."""
    key = notes.read(place(fingerprint, ".cell"))
    return program_of_key(key) if isinstance(key, str) else None


def program_of_key(key: str) -> Program | None:
    """The program of that name, if it was kept by this version of the compiler."""
    data = notes.read(place(key, ".program"))
    return from_data(data) if isinstance(data, dict) and key_of(data) == key else None


def keep(program: Program) -> str | None:
    """Keep a program; its name, or None if it can't be kept as plain data."""
    try:
        data = to_data(program)
    except Refusal:
        return None
    if not unchanged():
        return None
    key = key_of(data)
    notes.write(place(key, ".program"), data)
    return key


def remember(fingerprint: str, program: Program) -> None:
    """Keep a program for cells with that fingerprint."""
    key = keep(program)
    if key is not None:
        notes.write(place(fingerprint, ".cell"), key)


def place(key: str, suffix: str) -> Path:
    """The file of that name."""
    return cache_folder() / f"step-{key}{suffix}"
