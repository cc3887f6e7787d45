"""The generated part of every kernel of the catalogue, as kept in `snapshots/`.

python -m tests.compiler.snapshots        writes them anew: look at the difference before it is committed
"""

from functools import cache
from pathlib import Path

from holdfast.compiler import Program, compile_cell
from holdfast.compiler.targets.cpp import runtime

from .workloads import NAMES, build

FOLDER = Path(__file__).parent / "snapshots"


@cache
def program(name: str) -> Program:
    """A cell's program at odd sizes, so that none is confused."""
    return compile_cell(build(name, 3, 10).eval()._cell(0), from_input=True)


def generated(name: str) -> str:
    """The source of a cell's kernel without the runtime that all share."""
    return program(name).source.replace(runtime(), "").replace("\n\n\n", "\n\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        (FOLDER / f"{name}.cpp").write_text(generated(name))
