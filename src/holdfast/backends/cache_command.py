"""`holdfast cache list` and `holdfast cache clear`: what has been compiled on this machine."""

import time
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from holdfast.backends.libraries.folder import wanted_folder
from holdfast.backends.libraries.store import Entry, clear, entries


def list_cache() -> None:
    """Show the compiled kernels: name, size, age, hash, how they were compiled."""
    folder = wanted_folder()
    found = entries(folder)
    console = Console()
    if found:
        console.print(table(found))
    size = sum(entry.size for entry in found.values())
    kernels = "1 kernel" if len(found) == 1 else f"{len(found)} kernels"
    console.print(f"{kernels}, {decimal(size)}, in {folder}", soft_wrap=True)


def clear_cache() -> None:
    """Remove all compiled kernels; they are built again when they are needed."""
    folder = wanted_folder()
    Console().print(f"{decimal(clear(folder))} set free in {folder}", soft_wrap=True)


def table(found: dict[Path, Entry]) -> Table:
    """One row a kernel."""
    shown = Table("kernel", "size", "age", "sha256", "compiler", "flags")
    for entry in found.values():
        age = duration(time.time() - entry.made)
        shown.add_row(entry.name, decimal(entry.size), age, entry.sha256[:12], entry.compiler, " ".join(entry.flags))
    return shown


def duration(seconds: float) -> str:
    """`seconds` in the largest unit of which there are two or more: "90 s", "5 min", "36 h", "12 d"."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
