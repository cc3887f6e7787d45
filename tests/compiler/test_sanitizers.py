"""Generated kernels under the address and undefined-behaviour sanitizers: nothing out of bounds, nothing undefined."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .workloads import NAMES

pytestmark = pytest.mark.slow

# The sanitizers' run-time library has to be in the process before anything else, so kernels run in a new process.
PRELUDE = """
import sys, torch
from holdfast.backends.build import FLAGS, load
SANITIZED = (*FLAGS, "-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
torch.set_num_threads(2)
"""

KERNELS = """
import holdfast
from holdfast.backends import Reference, Work
from holdfast.backends.compiled import Compiled
from holdfast.backends.kernels import Kernels
from holdfast.layers import lookup

model, dtype = sys.argv[1], getattr(torch, sys.argv[2])
compiled = Compiled(Kernels(poison=True, flags=SANITIZED))
generator = torch.Generator().manual_seed(0)

def draw(*shape):
    return torch.randn(shape, generator=generator, dtype=dtype)

def draws(cell, x, state):
    first, second = (Reference().unroll(cell, Work(x, state))[0] for _ in range(2))
    return not torch.equal(first, second)

def numbers(backend, cell, x, state, **masks):
    torch.manual_seed(0)
    inputs = [x, *state, *cell.parameters()]
    output, last = backend.unroll(cell, Work(x, state, **masks))
    loss = (output * output.cos()).sum() + sum(part.sin().sum() for part in last)
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True)
    return [output, *last, *(torch.zeros_like(i) if g is None else g for i, g in zip(inputs, gradients, strict=True))]

for T, B, I, H in [(1, 1, 1, 1), (7, 3, 5, 33), (5, 17, 70, 16)]:
    needed = dict.fromkeys(lookup(model).required(), 20)
    cell = holdfast.make(model, I, H, dtype=dtype, generator=generator, **needed).cells[0]
    x = draw(T, B, I).requires_grad_()
    state = tuple(draw(B, size).requires_grad_() for size in cell.state_sizes.values())
    lengths = torch.randint(1, T + 1, (B,), generator=generator)
    valid = torch.arange(T).unsqueeze(1) < lengths
    reset = torch.rand(T, B, generator=generator) < 0.2
    for masks in ({}, {"valid": valid}, {"reset": reset}, {"valid": valid, "reset": reset}, {"recompute": 3}):
        assert compiled.obstacle(cell) is None, compiled.obstacle(cell)
        pairs = zip(*(numbers(b, cell, x, state, **masks) for b in (compiled, Reference())), strict=True)
        if "recompute" in masks and draws(cell, x, state):
            continue  # the reference draws for each segment anew
        for found, expected in pairs:
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
print("clean")
"""

OPEN_UNITS = """
import os
os.environ["HOLDFAST_CXXFLAGS"] = " ".join(SANITIZED[len(FLAGS):])
import holdfast
from holdfast.backends.open_units import library
from holdfast.layers.open_units import run_open

assert library() is not None
for dtype in (torch.float32, torch.float64):
    for batch, inputs, units in [(1, 1, 1), (3, 5, 33), (9, 2, 110), (33, 3, 10), (67, 1, 7)]:
        layer = holdfast.make("gaussian-lstm", inputs, units, t_max=20.0, width=0.2, peepholes=True, dtype=dtype)
        x = torch.randn(20, batch, inputs, dtype=dtype)
        with torch.no_grad():
            for threshold in (0, 0.5, 2):
                run_open(layer, x, threshold=threshold)
            torch.testing.assert_close(run_open(layer, x, threshold=0)[0], layer(x)[0], rtol=1e-3, atol=1e-4)
print("clean")
"""

OVERFLOW = """
library = load('extern "C" float beyond(const float* x, long n) { return x[n]; }', name="beyond", flags=SANITIZED)
x = torch.ones(1000)
import ctypes
library.beyond(ctypes.c_void_p(x.data_ptr()), ctypes.c_long(1000))
"""

SHIFT = """
library = load('extern "C" int shift(int x) { return 1 << x; }', name="shift", flags=SANITIZED)
library.shift(40)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a program in a process that has the sanitizers in it."""
    compiler = shutil.which("g++")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs g++ on Linux")
    # The C++ library too: else the address sanitizer, first in line, does not find what throws exceptions.
    libraries = [where(compiler, name) for name in ("libasan.so", "libstdc++.so")]
    if not all(library.exists() for library in libraries):
        pytest.skip("g++ came without its sanitizers")
    folder = tmp_path_factory.mktemp("sanitized")
    wrapper = folder / "c++"  # a compiler that is itself watched by the sanitizers is several times slower
    wrapper.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec {compiler} "$@"\n')
    wrapper.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "LD_PRELOAD": " ".join(map(str, libraries)),
        "ASAN_OPTIONS": "detect_leaks=0:alloc_dealloc_mismatch=0",  # torch's own, at exit
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "HOLDFAST_CACHE": str(folder / "cache"),
    }

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-W", "error", "-c", PRELUDE + program, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def where(compiler: str, library: str) -> Path:
    """The file of one of the compiler's own libraries; a bare name if it has none."""
    command = [compiler, f"-print-file-name={library}"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


@pytest.mark.parametrize(("program", "report"), [(OVERFLOW, "heap-buffer-overflow"), (SHIFT, "shift exponent 40")])
def test_the_sanitizers_see_a_fault_when_there_is_one(run, program, report):
    done = run(program)
    assert done.returncode != 0
    assert report in done.stderr


@pytest.mark.parametrize(("model", "dtype"), [*((name, "float32") for name in NAMES), ("ur-lstm", "float64")])
def test_kernels_are_clean(run, model, dtype):
    done = run(KERNELS, model, dtype)
    assert (done.returncode, done.stdout) == (0, "clean\n"), done.stderr[:5000]


def test_the_kernel_of_open_units_is_clean(run):
    done = run(OPEN_UNITS)
    assert (done.returncode, done.stdout) == (0, "clean\n"), done.stderr[:5000]
