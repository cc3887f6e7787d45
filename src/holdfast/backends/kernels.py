"""Which kernel a cell has: compiled when first needed, then remembered."""

import logging
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from holdfast.backends.build import BuildError, CompileError
from holdfast.backends.condition import Condition
from holdfast.backends.kernel import Kernel
from holdfast.backends.libraries.toolchain import VARIABLE
from holdfast.backends.programs import recall, remember
from holdfast.cells import Cell
from holdfast.compiler import Refusal, compile_cell
from holdfast.compiler.fingerprint import fingerprint


class Kernels:
    """The kernels of a process, and for cells without one the reason in words.

    Cells that are alike share one: which are is known by their fingerprints, and so is, from the cache, the program of
    a cell that was compiled by another process.

    Args:
        poison, flags: as for `Kernel`.
    """

    def __init__(self, *, poison: bool = False, flags: tuple[str, ...] | None = None):
        self.poison, self.flags = poison, flags
        self.known: WeakKeyDictionary[Cell, list[Known]] = WeakKeyDictionary()
        self.shared: dict[str, Kernel] = {}
        self.hinted: set[tuple[type, str]] = set()
        self.renew_lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew_lock)

    def renew_lock(self) -> None:
        """One thread at a time makes kernels. A forked child has a lock of its own."""
        self.lock = threading.Lock()

    def of(self, cell: Cell) -> Kernel | str:
        """The kernel of a cell as it stands, or why there is none."""
        mine = self.known.setdefault(cell, [])
        found = known_as_it_stands(mine)
        if found is None:
            with nullcontext() if in_trace() else self.lock:
                found = known_as_it_stands(mine)
                if found is None:
                    found = Known(Condition(cell), self.find(cell))
                    mine.append(found)
                    self.hint(cell, mine)
        return found.kernel

    def find(self, cell: Cell) -> Kernel | str:
        """The kernel of a cell like this one, or a new one."""
        mark = fingerprint(cell)
        if mark is None:
            return self.make(cell, None)
        if mark not in self.shared:
            made = self.make(cell, mark)
            # what stands in the way names a line, which another cell like it has elsewhere; or its own step changes it
            if isinstance(made, str) or mark != fingerprint(cell):
                return made
            self.shared[mark] = made
        return self.shared[mark]

    def make(self, cell: Cell, mark: str | None) -> Kernel | str:
        """From the cache, or traced and compiled."""
        try:
            program = None if mark is None else recall(mark)
            if program is None:
                program = program_of(cell)
                if mark is not None and mark == fingerprint(cell):
                    remember(mark, program)
            return Kernel(program, poison=self.poison, flags=self.flags)
        except CompileError as error:
            return in_short(error)
        except (Refusal, BuildError) as reason:
            return str(reason)

    def hint(self, cell: Cell, mine: list["Known"]) -> None:
        """Say what to do, at the third kernel that a cell has for a third value of the same number."""
        names = [mine[-1].condition.number_unlike(known.condition) for known in mine[:-1]]
        name = next((name for name in names if name is not None and names.count(name) >= 2), None)
        if name is not None and (type(cell), name) not in self.hinted:
            self.hinted.add((type(cell), name))
            warnings.warn(
                f"{type(cell).__name__} is compiled anew for every value of '{name}', which takes seconds each time; "
                "keep a number that changes in a buffer, which its kernel reads at every call",
                RuntimeWarning,
                stacklevel=2,
            )


@dataclass(frozen=True)
class Known:
    """What was found for a cell in one condition.

    Args:
        condition: that one.
        kernel: it, or why there is none.
    """

    condition: Condition
    kernel: Kernel | str


def known_as_it_stands(mine: list[Known]) -> Known | None:
    """What is known of a cell in its present condition; the latest is the likeliest."""
    for known in reversed(mine):
        if known.condition.holds():
            return known
    return None


def program_of(cell: Cell):
    """The program that serves a cell best.

    The input is projected within the kernel, which spares the way of all pre-activations through memory; a projection
    that is not a function of single steps, or that the compiler refuses, is done before it.
    """
    try:
        return in_clean_thread(compile_cell, cell, from_input=True)
    except Refusal:
        return in_clean_thread(compile_cell, cell, from_input=False)


def in_short(error: CompileError) -> str:
    """Why there is no kernel although its source was written: what a C++ compiler says is for us, not for the user."""
    LOG.info("%s", error)
    if "error:" not in error.message:
        return f"the C++ compiler gave up: {error.message.partition('the command was')[0].strip()}"
    flags = os.environ.get(VARIABLE)
    blame = f"{VARIABLE}={flags!r} is wrong, or holdfast is" if flags else "that is a defect of holdfast"
    return (
        f"the C++ that was written for it does not compile; {blame} (the compiler's words: logger {LOG.name!r}, INFO)"
    )


def in_clean_thread(function, *args, **keywords):
    """What a function returns where torch's modes are as at the start: no inference mode, autocast, export."""
    with ThreadPoolExecutor(1, thread_name_prefix=TRACING) as thread:
        return thread.submit(function, *args, **keywords).result()


def in_trace() -> bool:
    """Whether this is a trace, within which a cell may ask for the kernel of another one."""
    return threading.current_thread().name.startswith(TRACING)


TRACING = "holdfast-trace"
LOG = logging.getLogger(__name__)
