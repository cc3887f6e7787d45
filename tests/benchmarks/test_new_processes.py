"""What is measured in new processes."""

import subprocess
import sys

import pytest

from holdfast.benchmarks.fresh import ask


def test_imports_are_timed():
    answer = ask("imports")
    assert 0 < answer["holdfast"] < 5
    assert answer["torch"] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_that_of_the_activations():
    """A Python loop keeps at least the gates, the memory and the output of each step; torch's own keeps less."""
    steps, batch, hidden = 500, 16, 64
    extra = ask("memory", "lstm reference", str(steps), str(batch), "3", str(hidden))["extra"]
    unit = 4 * steps * batch * hidden
    assert 5 * unit < extra < 40 * unit


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_the_allocator_keeps_its_pages_when_told_to():
    program = """
import ctypes, resource
from holdfast.benchmarks.allocator import keep_pages
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        bytearray(2**26)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
usual = faults()
assert keep_pages()
faults()
print(usual > 100 * max(1, faults()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
