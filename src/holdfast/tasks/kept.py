"""The decoded sets on this machine: what there is, and how to be rid of it."""

import shutil
from pathlib import Path

from holdfast.backends.libraries.lock import locked
from holdfast.tasks.stored import data_cache

_OURS = "*-" + "[0-9a-f]" * 32


def kept(folder: Path) -> dict[str, int]:
    """The size in bytes of every decoded set in a cache, by the name of its folder."""
    return {place.name: _size(place) for place in sorted(data_cache(folder).glob(_OURS)) if place.is_dir()}


def clear(folder: Path) -> int:
    """Removes all decoded sets and what came with them; the bytes set free. Processes that read one keep it."""
    freed = 0
    for lock in data_cache(folder).glob(f"{_OURS}.lock"):
        with locked(lock):
            for place in (lock.with_suffix(""), *lock.parent.glob(f"{lock.stem}.*.part")):
                freed += _size(place)
                shutil.rmtree(place, ignore_errors=True)
            lock.unlink(missing_ok=True)
    return freed


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
