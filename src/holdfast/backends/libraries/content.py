"""Files of the cache by content: their names, after what they were made from, and whether they are whole."""

import hashlib
import re
from pathlib import Path


def name_after(content: str, *, name: str, otherwise: str) -> str:
    """A file name for what was made from `content`: readable in front, unique at the end.

    Args:
        content: all that it depends on.
        name: what it is, in words.
        otherwise: the readable part, if nothing of `name` can be part of a file name.
    """
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:60] or otherwise
    return f"{readable}-{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def digest(path: Path) -> str:
    """The SHA-256 of a file, at about a gigabyte a second."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
