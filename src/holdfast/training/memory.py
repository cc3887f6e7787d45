"""Memory of this process, as Linux counts it, and what the updates of a run take of it."""

import os
import resource
from pathlib import Path

import torch

_FORGET = Path("/proc/self/clear_refs")


def measurable() -> bool:
    """Whether this system says how much memory was ever in use, and can forget it."""
    return os.access(_FORGET, os.W_OK)


def resident() -> int:
    """Bytes of memory in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def most() -> int:
    """The most bytes that were ever in use, or that were since `forget_most`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_most() -> None:
    _FORGET.write_text("5")


class Taken:
    """The most bytes that are held while it watches, beyond those that were held when it was made.

    Where the parameters are on a GPU, its memory is meant, otherwise that of this process.

    Args:
        device: where the parameters are.
    """

    def __init__(self, device: torch.device):
        self.device = device
        self.known = device.type == "cuda" or (device.type == "cpu" and measurable())
        self.watch()
        self.before = self._held() if self.known else 0

    def watch(self) -> None:
        """Forgets what was held for a while: what is looked for is the most from now on."""
        if self.known and self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        elif self.known:
            forget_most()

    def most(self, earlier: int | None) -> int | None:
        """The most since `watch`, or what it was before if that is more; None where it can't be known."""
        if not self.known:
            return earlier
        peak = torch.cuda.max_memory_allocated(self.device) if self.device.type == "cuda" else most()
        return max(peak - self.before, earlier or 0)

    def _held(self) -> int:
        return torch.cuda.memory_allocated(self.device) if self.device.type == "cuda" else resident()
