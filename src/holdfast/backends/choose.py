"""Which backend runs, and why."""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

from holdfast.backends.backend import Backend, Work
from holdfast.backends.compiled import Compiled
from holdfast.backends.folded import Folded
from holdfast.backends.loop import Loop
from holdfast.backends.native import Native
from holdfast.backends.reference import Reference
from holdfast.backends.scan import Scan
from holdfast.cells import Cell, Dilated

BackendName = Literal["auto", "reference", "scan", "native", "compiled", "folded", "loop"]
FASTEST_FIRST: tuple[Backend, ...] = (Compiled(), Native(), Scan(), Reference(), Loop())
"""The reference can do all work, so "auto" never comes to what stands behind it."""
FOLDED = Folded(lambda cell, work: choose("auto", cell, work).backend)


@dataclass(frozen=True)
class Choice:
    """The backend that runs a cell, and in words what kept the faster ones from it."""

    backend: Backend
    cell: Cell
    obstacles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.backend.shown(self.cell) + "".join(f"; not {obstacle}" for obstacle in self.obstacles)


def check_backend(name: str) -> None:
    """Raise a ValueError unless `name` is a backend."""
    if name not in get_args(BackendName):
        known = ", ".join(repr(known) for known in get_args(BackendName))
        raise ValueError(f"backend must be one of {known}, got {name!r}")


def choose(requested: str, cell: Cell, work: Work | None = None) -> Choice:
    """The requested backend, or for "auto" the fastest that can do the work.

    Where that is the reference, a warning says why, once for each class of cells and reason.

    Raises:
        ValueError: a backend was asked for by name and can't do it; the message says why.
    """
    obstacles = []
    folds = requested == FOLDED.name or isinstance(cell, Dilated)
    for backend in (*([FOLDED] if folds else []), *FASTEST_FIRST):
        if requested not in ("auto", backend.name):
            continue
        obstacle = backend.obstacle(cell, work)
        if obstacle is None and requested == "auto" and work is not None:
            obstacle = backend.disadvantage(cell, work)
        if obstacle is None:
            computed = work is None or work.x.device.type != "meta"
            if requested == "auto" and isinstance(backend, Reference) and computed:
                warn_once(cell, obstacles[0].partition(": ")[2])
            return Choice(backend, cell, tuple(obstacles))
        obstacles.append(f"{backend.name}: {obstacle}")
    raise ValueError(f"backend {requested!r} can't run this: {obstacles[0]}; backend='auto' chooses one that can")


TOLD: set[tuple[str, str]] = set()


def warn_once(cell: Cell, reason: str) -> None:
    """Say that nothing fast can run a cell, unless it was said before of one of its class."""
    name = type(cell).__name__
    if (name, reason) not in TOLD:
        TOLD.add((name, reason))
        warnings.warn(f"{name} runs on the slow reference: {reason}", RuntimeWarning, stacklevel=2)
