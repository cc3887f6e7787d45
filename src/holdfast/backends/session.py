"""One step at a time: a kernel with its weights packed and its arguments written down beforehand."""

import ctypes

import torch
from torch import Tensor

from holdfast.backends.kernel import Call, Kernel, Masks
from holdfast.cells import Cell


class Session:
    """Steps of a cell for a batch of fixed size, without gradients.

    It notices when parameters change, in place or by being replaced.

    Args:
        cell: whose steps these are.
        kernel: of the cell.
        batch: number of rows.
    """

    def __init__(self, cell: Cell, kernel: Kernel, batch: int):
        self.cell, self.kernel, self.batch = cell, kernel, batch
        program = kernel.program
        self.widths, self.from_input = program.layout.states, program.from_input
        self.held = [*cell.parameters(), *cell.buffers()]
        self.packed = torch.empty(kernel.packed_size + 64, dtype=torch.uint8)
        self.saved = torch.empty(batch, program.layout.kept_size, dtype=program.dtype)
        self.states = (ctypes.c_void_p * len(self.widths))()
        self.lasts = (ctypes.c_void_p * len(self.widths))()
        self.version: tuple | None = None

    def current(self) -> tuple:
        """What changes when a parameter does."""
        return tuple([(v._version, v.data_ptr()) for v in self.held])

    @torch.no_grad()
    def prepare(self) -> None:
        """Write down the arguments, for the parameters as they are; the weights are packed by the next step."""
        like = self.saved.new_empty(1, self.batch, self.kernel.program.layout.width)
        state = [self.saved.new_empty(self.batch, width) for width in self.widths]
        self.call = Call(self.kernel, like, state, self.kernel.program.prologue(*self.held), Masks())
        self.arguments = self.call.arguments
        self.arguments.packed = -(-self.packed.data_ptr() // 64) * 64
        self.arguments.saved, self.arguments.slots = self.saved.data_ptr(), 1
        self.arguments.state, self.arguments.last = ctypes.addressof(self.states), ctypes.addressof(self.lasts)
        self.address = ctypes.addressof(self.arguments)
        self.version = self.current()

    def step(self, x: Tensor, state: list[int], output: int, last: list[int]) -> None:
        """One step of x (B, I), between addresses of dense arrays (B, size)."""
        if self.version is None or self.version != self.current():
            self.prepare()
            self.arguments.pack = 1
        p = x if self.from_input else self.cell.project(x).contiguous()
        self.arguments.input, self.arguments.output = p.data_ptr(), output
        self.states[:], self.lasts[:] = state, last
        self.kernel.forward_function(self.address)
        self.arguments.pack = 0
