"""One step at a time: a kernel with its weights packed and its arguments written down beforehand."""

import ctypes

import torch
from torch import Tensor, nn

from holdfast.backends.condition import Condition
from holdfast.backends.kernel import Call, Kernel, Masks, threads_for
from holdfast.cells import Cell


class Watch:
    """Notices when a module is no longer as it was: given another setting or parameter, or written to.

    Args:
        module: it, or a list of them.
    """

    def __init__(self, module: nn.Module):
        self.condition = Condition(module)
        self.tensors = [v for held in self.condition.held for v in held.values() if v is not None]
        self.before = self.now()

    def now(self) -> list:
        """What changes when parameters or buffers do; their identities are not taken by others, since they are held."""
        held = self.condition.held
        return [(id(v), v._version, v.data_ptr()) for tensors in held for v in tensors.values() if v is not None]

    def unchanged(self) -> bool:
        """Whether the module is still as it was."""
        return self.before == self.now() and self.condition.holds()


class Session:
    """Steps of a cell with its parameters as they are now, without gradients.

    It writes to memory of its own without the interpreter lock, so it is for one thread.

    Args:
        cell: whose steps these are.
        kernel: of the cell.
    """

    @torch.no_grad()
    def __init__(self, cell: Cell, kernel: Kernel):
        program = kernel.program
        self.cell, self.from_input, self.forward = cell, program.from_input, kernel.forward_function
        self.widths, self.kept_size = program.layout.states, program.layout.kept_size
        self.packed = torch.empty(kernel.packed_size + 64, dtype=torch.uint8)
        self.states, self.lasts = ((ctypes.c_void_p * len(self.widths))() for _ in range(2))
        like = torch.empty(1, 1, program.layout.width, dtype=program.dtype)
        state = [like.new_empty(1, width) for width in self.widths]
        self.call = Call(kernel, like, state, program.prologue(*cell.parameters(), *cell.buffers()), Masks())
        self.arguments, self.batch, self.saved = self.call.arguments, 0, like
        self.arguments.packed = -(-self.packed.data_ptr() // 64) * 64
        self.arguments.slots = 1
        self.arguments.state, self.arguments.last = ctypes.addressof(self.states), ctypes.addressof(self.lasts)
        self.address = ctypes.addressof(self.arguments)

    def make_room(self, batch: int) -> None:
        """Memory for so many rows."""
        self.saved = self.saved.new_empty(batch, self.kept_size)
        self.arguments.saved, self.arguments.batch = self.saved.data_ptr(), batch
        self.arguments.threads, self.batch = threads_for(batch), batch

    def step(self, x: Tensor, batch: int, state: list[int], output: int, last: list[int]) -> None:
        """One step of x (B, I) or (I,), between addresses of dense arrays (B, size)."""
        if batch != self.batch:
            self.make_room(batch)
        p = x if self.from_input else self.cell.project(x).contiguous()
        self.arguments.input, self.arguments.output = p.data_ptr(), output
        self.states[:], self.lasts[:] = state, last
        self.forward(self.address)
        self.arguments.pack = 0  # the weights were packed by the first step
