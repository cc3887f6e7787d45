"""Which kernel a cell has: compiled when first needed, then remembered."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

import torch

from holdfast.backends.build import BuildError
from holdfast.backends.kernel import Kernel
from holdfast.cells import Cell
from holdfast.compiler import Refusal, compile_cell


class Kernels:
    """The kernels of a process, and for cells without one the reason in words.

    Args:
        poison, flags: as for `Kernel`.
    """

    def __init__(self, *, poison: bool = False, flags: tuple[str, ...] | None = None):
        self.poison, self.flags = poison, flags
        self.known: WeakKeyDictionary[Cell, dict[tuple, Kernel | str]] = WeakKeyDictionary()
        self.warned: set[str] = set()

    def of(self, cell: Cell) -> Kernel | str:
        """The kernel of a cell as it stands, or why there is none."""
        mine = self.known.setdefault(cell, {})
        key = settings_of(cell)
        if key not in mine:
            mine[key] = self.make(cell)
        return mine[key]

    def make(self, cell: Cell) -> Kernel | str:
        """Trace and compile."""
        try:
            return Kernel(program_of(cell), poison=self.poison, flags=self.flags)
        except Refusal as refusal:
            obstacle = str(refusal)
            self.warn_once(f"{type(cell).__name__} runs on the slow reference: {obstacle}")
        except BuildError as error:
            obstacle = str(error)
            self.warn_once(f"cells run on the slow reference: {obstacle}")
        return obstacle

    def warn_once(self, message: str) -> None:
        """Say it, unless it was said before."""
        if message not in self.warned:
            self.warned.add(message)
            warnings.warn(message, RuntimeWarning, stacklevel=2)


def program_of(cell: Cell):
    """The program that serves a cell best.

    A narrow input is projected within the kernel, which spares the way of all pre-activations through memory. A wide
    one, or a projection that is not a function of single steps, is projected before, in one product over the sequence.
    """
    if cell.input_size <= WIDEST_INPUT_WITHIN:
        try:
            return in_clean_thread(compile_cell, cell, from_input=True)
        except Refusal:
            pass
    return in_clean_thread(compile_cell, cell, from_input=False)


def in_clean_thread(function, *args, **keywords):
    """What a function returns where torch's modes are as at the start: no inference mode, autocast, export."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *args, **keywords).result()


WIDEST_INPUT_WITHIN = 64


def settings_of(cell: Cell) -> tuple:
    """What of a cell may change between two calls and changes its kernel."""
    plain = tuple((k, v) for k, v in vars(cell).items() if isinstance(v, (bool, int, float, str)))
    parameter = next(cell.parameters(), None)
    return plain, torch.get_default_dtype() if parameter is None else parameter.dtype
