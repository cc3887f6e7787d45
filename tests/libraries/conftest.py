"""A cache of its own for each test, a compiler that counts its calls, and processes that start without torch."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import holdfast.backends.build as build
from holdfast.backends.libraries.toolchain import probe

# The package `holdfast.backends` imports torch, which takes seconds; what builds kernels does not need it.
PRELUDE = f"""
import sys, types
package = types.ModuleType("holdfast.backends")
package.__path__ = [{str(Path(build.__file__).parent)!r}]
sys.modules["holdfast.backends"] = package
from holdfast.backends.build import load
"""

ANSWER = 'extern "C" int answer() { return %d; }'


class Compiler:
    """A `c++` on the PATH, before the real one, that notes each call that compiles something."""

    def __init__(self, folder: Path):
        self.folder, self.log = folder / "bin", folder / "log"
        self.real = shutil.which("c++")
        self.folder.mkdir()
        self.behave(f'exec {self.real} "$@"')

    def behave(self, action: str) -> None:
        """From now on do `action`, a line of shell in which $made is the output, when there is something to compile."""
        program = self.folder / "c++"
        passing = f'case "$*" in *" -E "*) exec {self.real} "$@";; esac'
        program.write_text(f'#!/bin/sh\n{passing}\necho "$*" >> {self.log}\nfor made; do :; done\n{action}\n')
        program.chmod(0o755)
        probe.cache_clear()

    @property
    def calls(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("HOLDFAST_CACHE", str(folder))
    return folder


@pytest.fixture
def compiler(tmp_path, monkeypatch) -> Iterator[Compiler]:
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler")
    compiler = Compiler(tmp_path)
    monkeypatch.setenv("PATH", str(compiler.folder), prepend=os.pathsep)
    yield compiler
    probe.cache_clear()


@pytest.fixture
def start():
    """Start a Python process that can `load`; it is killed if the test leaves it running."""
    started = []

    def start(program: str) -> subprocess.Popen:
        command = [sys.executable, "-W", "error", "-c", PRELUDE + program]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
