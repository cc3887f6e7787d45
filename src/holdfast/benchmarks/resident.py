"""Memory of this process, as Linux counts it."""

import resource
from pathlib import Path


def resident() -> int:
    """Bytes of memory in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def most() -> int:
    """The most bytes that were ever in use, or that were since `forget_most`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_most() -> None:
    Path("/proc/self/clear_refs").write_text("5")
