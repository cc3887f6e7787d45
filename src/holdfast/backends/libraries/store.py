"""Libraries on disk, named by what they were made from; one that is not whole is never taken for one."""

import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.backends.libraries.content import digest, name_after
from holdfast.backends.libraries.lock import locked
from holdfast.backends.libraries.toolchain import Toolchain

FORMAT = 1
NOTES = (".cell", ".program", ".toolchain")  # files of `notes`, in the same folder
OURS = "*-" + "[0-9a-f]" * 32  # what all our files begin with: the folder may hold others, which are not ours to remove


@dataclass(frozen=True)
class Entry:
    """What is known of a library; it lies beside it as `<stem>.json`.

    Args:
        name: what it computes, in words.
        flags: how it was compiled.
        compiler: by what.
        sha256: of the library's bytes.
        size: in bytes.
        made: seconds since 1970.
    """

    name: str
    flags: tuple[str, ...]
    compiler: str
    sha256: str
    size: int
    made: float


def stem(source: str, *, name: str, flags: tuple[str, ...], toolchain: Toolchain) -> str:
    """The file name, without its suffix, of the library made from all this: readable in front, unique at the end."""
    content = json.dumps([FORMAT, source, flags, toolchain.fingerprint])
    return name_after(content, name=name, otherwise="kernel")


def intact(library: Path) -> bool:
    """Whether `library` is, to the byte, what the compiler made."""
    entry = read_entry(library.with_suffix(".json"))
    try:
        return entry is not None and digest(library) == entry.sha256
    except OSError:
        return False


def build(source: str, library: Path, *, name: str, flags: tuple[str, ...], toolchain: Toolchain) -> None:
    """Compile `source` to `library`, unless another process has just done so."""
    library.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may have been removed since it was chosen
    with locked(library.with_suffix(".lock")) as alone:
        if intact(library):
            return
        if alone:  # then whoever left these is dead
            discard(library.parent.glob(f"{library.stem}.*.part"))
        workshop = Path(tempfile.mkdtemp(prefix=f"{library.stem}.", suffix=".part", dir=library.parent))
        try:
            text, made = workshop / "kernel.cpp", workshop / "kernel.so"
            text.write_text(source)
            toolchain.compile(text, made, flags, name=name)
            entry = Entry(name, flags, toolchain.version, digest(made), made.stat().st_size, time.time())
            note = workshop / "entry.json"
            note.write_text(json.dumps(asdict(entry), indent=1))
            publish(text, library.with_suffix(".cpp"))
            publish(made, library)
            publish(note, library.with_suffix(".json"))
        finally:
            discard([workshop])


def publish(temporary: Path, final: Path) -> None:
    """Give a finished file its name: readers see the old one or the new one, whole, even after a power cut."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(final)


def read_entry(note: Path) -> Entry | None:
    """The entry in `note`, or None if it is not there or not whole."""
    try:
        fields = json.loads(note.read_text())
        return Entry(**fields | {"flags": tuple(fields["flags"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def entries(folder: Path) -> dict[Path, Entry]:
    """The libraries in `folder`, newest first."""
    found = {note.with_suffix(".so"): read_entry(note) for note in folder.glob(f"{OURS}.json")}
    whole = {library: entry for library, entry in found.items() if entry is not None and library.exists()}
    return dict(sorted(whole.items(), key=lambda item: -item[1].made))


def clear(folder: Path) -> int:
    """Remove all libraries and what came with them; the bytes set free. Processes that run one keep it."""
    freed = 0
    for lock in {path.with_suffix(".lock") for path in folder.glob(f"{OURS}.[jls]*")}:
        with locked(lock):
            belongings = [lock.with_suffix(suffix) for suffix in (".json", ".so", ".cpp")]
            belongings += folder.glob(f"{lock.stem}.*.part")
            freed += sum(path.stat().st_size for path in belongings if path.is_file())
            discard([*belongings, lock])
    small = [path for path in folder.glob(f"{OURS}.*") if any(suffix in NOTES for suffix in path.suffixes)]
    freed += sum(path.stat().st_size for path in small)
    discard(small)
    return freed


def discard(paths) -> None:
    """Remove files and folders, some of which may be gone."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
