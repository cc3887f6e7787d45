"""Which version of the compiler this is: a hash of the text of all that a kernel's source is made from."""

import hashlib
from pathlib import Path

import holdfast.cells

FOLDERS = (Path(__file__).parent, Path(holdfast.cells.__file__).parent)


def digest() -> str:
    """The hash of the sources as they lie on the disk now."""
    content = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted(path for path in folder.rglob("*.*") if path.is_file() and path.suffix != ".pyc"):
            content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


SOURCES = digest()
"""The same as they were when this process began to import them, before any other part of the compiler."""


def unchanged() -> bool:
    """Whether the sources are what they were: else nobody knows which of them this process runs."""
    return digest() == SOURCES
