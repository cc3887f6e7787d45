"""Large arrays that are used again: on many machines new memory costs more than what is computed in it."""

import ctypes
import mmap
import os
import weakref
from collections import defaultdict, deque
from contextlib import suppress
from math import prod
from threading import Lock

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

    Threads share it. What is given back waits in a line of its own for the one at work on the pool: the last view may
    go at any moment, also in the middle of that work, so to wait for its end would be to wait for oneself.
    """

    def __init__(self):
        self.idle = self.in_use = self.peak = 0
        self.returned: deque[Tensor] = deque()
        self.begin_anew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        """Without idle memory. A forked child has a lock of its own: a thread that it lacks may have held the old."""
        self.lock = Lock()
        self.free: dict[int, list[Tensor]] = defaultdict(list)
        self.idle = 0

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
        with self.lock:
            self.sort_returned()
            fitting = [held for held in self.free if size <= held <= 1.25 * size]
            block = self.pop(min(fitting)) if fitting else None
            self.in_use += size if block is None else block.numel()
            self.peak = max(self.peak, self.in_use)
        return new_block(size) if block is None else block

    def give_back(self, block: Tensor) -> None:
        """Keep a block for the next who asks for its size or a little less."""
        self.returned.append(block)
        if self.lock.acquire(blocking=False):
            try:
                self.sort_returned()
            finally:
                self.lock.release()

    def sort_returned(self) -> None:
        """Put what was given back among the idle blocks, and let others go if there is too much; under the lock."""
        while self.returned:
            block = self.returned.popleft()
            size = block.numel()
            self.in_use -= size
            self.idle += size
            self.free[size].append(block)
            for other in list(self.free):
                while self.idle > self.peak and other in self.free and other != size:
                    self.pop(other)

    def pop(self, size: int) -> Tensor:
        """An idle block of exactly that size, of which there must be one; under the lock."""
        blocks = self.free[size]
        if len(blocks) == 1:
            del self.free[size]
        self.idle -= size
        return blocks.pop()

    def clear(self) -> None:
        """Give all idle memory back to the system."""
        with self.lock:
            self.sort_returned()
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
