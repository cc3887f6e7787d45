"""Small files of plain data in the cache: written whole or not at all, and read only if they are what was written."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write(path: Path, data: Any) -> None:
    """Keep `data`, which JSON can hold, at `path`.

    A cache that can't be written (a full disk) is no reason to stop: then nothing is kept.
    """
    text = json.dumps(data)
    temporary = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{digest(text)}\n{text}")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def read(path: Path) -> Any:
    """What was kept at `path`; None if nothing was, or if it is no longer whole."""
    try:
        expected, _, text = path.read_text().partition("\n")
        return json.loads(text) if digest(text) == expected else None
    except (OSError, ValueError):
        return None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
