"""From C++ source to a library in this process: built at most once on a machine, loaded at most once in a process."""

import ctypes
import os
import threading
from pathlib import Path

from holdfast.backends.libraries.errors import BuildError, CompileError, LoadError, NoCompiler
from holdfast.backends.libraries.folder import VARIABLE, cache_folder
from holdfast.backends.libraries.store import build, intact, stem
from holdfast.backends.libraries.toolchain import FLAGS, find_toolchain, usual_flags

__all__ = ["FLAGS", "BuildError", "CompileError", "LoadError", "NoCompiler", "find_toolchain", "load"]


class Loader:
    """The libraries of one process. They stay loaded until it ends: one can't know that none of their code is running.

    Their functions release the interpreter lock while they run.

    A forked child keeps those of its parent, and gets a lock of its own: the parent's may have been held by a thread
    that the child does not have.
    """

    def __init__(self):
        self.libraries: dict[str, ctypes.CDLL] = {}
        self.renew_lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew_lock)

    def renew_lock(self) -> None:
        self.lock = threading.Lock()

    def load(self, source: str, *, name: str, flags: tuple[str, ...] | None = None) -> ctypes.CDLL:
        flags = usual_flags() if flags is None else flags
        toolchain = find_toolchain()
        key = stem(source, name=name, flags=flags, toolchain=toolchain)
        with self.lock:
            if key not in self.libraries:
                library = cache_folder() / f"{key}.so"
                try:
                    if not intact(library):
                        build(source, library, name=name, flags=flags, toolchain=toolchain)
                    self.libraries[key] = ctypes.CDLL(str(library))
                except OSError as error:
                    raise refused(library.parent, error) from error
            return self.libraries[key]


def refused(folder: Path, error: OSError) -> LoadError:
    """The system would not write or load a library: a full disk, a folder from which nothing may be run."""
    advice = f"set {VARIABLE} to a folder that can be written and from which libraries may be run"
    return LoadError(f"a kernel could not be kept in {folder} or loaded from it ({error}); {advice}")


LOADER = Loader()


def load(source: str, *, name: str, flags: tuple[str, ...] | None = None) -> ctypes.CDLL:
    """The library made from the C++ text `source`, from the cache if it has been built before.

        library = load('extern "C" int answer() { return 42; }', name="answer")

    Args:
        source: one whole translation unit.
        name: what it computes, for file names, messages and `holdfast cache list`.
        flags: those of the compiler, such as `FLAGS + ("-O1",)`; if None, `FLAGS` and what the variable
            HOLDFAST_CXXFLAGS of the environment adds to them.

    Raises:
        NoCompiler: there is no C++ compiler; the message says what to install.
        CompileError: the source is wrong; the error keeps it beside the compiler's message.
        LoadError: the system would not load the library.
    """
    return LOADER.load(source, name=name, flags=flags)
