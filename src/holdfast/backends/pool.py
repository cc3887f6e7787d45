"""Large arrays that are used again: on many machines new memory costs more than what is computed in it."""

import ctypes
import mmap
import weakref
from collections import defaultdict
from contextlib import suppress
from math import prod

import torch
from torch import Tensor

SMALL = 1 << 16
"""Bytes below which the allocator's own pools do well."""

LARGE = 1 << 22
"""Bytes from which memory is asked for in large pages, of which there are fewer to map and to look up."""


class Pool:
    """Hands out uninitialised tensors, and takes their memory back when the last of their views is gone.

    It holds on to at most as much as was in use at one time. A block serves all that need four fifths of it, so that
    batches of different lengths share one.
    """

    def __init__(self):
        self.free: dict[int, list[Tensor]] = defaultdict(list)
        self.idle = self.in_use = self.peak = 0

    def empty(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """A tensor with any content."""
        count = prod(shape)
        size = count * dtype.itemsize
        if size < SMALL:
            return torch.empty(shape, dtype=dtype)
        block = self.take(size)
        memory = (ctypes.c_char * size).from_address(block.data_ptr())
        weakref.finalize(memory, self.give_back, block).atexit = False
        return torch.frombuffer(memory, dtype=dtype, count=count).view(shape)

    def take(self, size: int) -> Tensor:
        """A block of memory of that size or somewhat more."""
        fitting = [held for held in self.free if size <= held <= 1.25 * size]
        block = self.pop(min(fitting)) if fitting else new_block(size)
        self.in_use += block.numel()
        self.peak = max(self.peak, self.in_use)
        return block

    def pop(self, size: int) -> Tensor:
        """An idle block of exactly that size, of which there must be one."""
        blocks = self.free[size]
        if len(blocks) == 1:
            del self.free[size]
        self.idle -= size
        return blocks.pop()

    def give_back(self, block: Tensor) -> None:
        """Keep a block for the next who asks for its size or a little less; let others go if there is too much."""
        size = block.numel()
        self.in_use -= size
        self.idle += size
        self.free[size].append(block)
        for other in list(self.free):
            while self.idle > self.peak and other in self.free and other != size:
                self.pop(other)

    def clear(self) -> None:
        """Give all idle memory back to the system."""
        self.free.clear()
        self.idle, self.peak = 0, self.in_use


def new_block(size: int) -> Tensor:
    """Memory from the system, in large pages where it has them."""
    if size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(size, dtype=torch.uint8)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a system without large pages gives small ones
        memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=torch.uint8)


POOL = Pool()
