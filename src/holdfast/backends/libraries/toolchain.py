"""The machine's C++ compiler: where it is, what it makes code for, and one call of it."""

import hashlib
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from holdfast.backends.libraries import notes
from holdfast.backends.libraries.errors import CompileError, NoCompiler
from holdfast.backends.libraries.folder import cache_folder
from holdfast.backends.libraries.machine import identity

NAMES = ("c++", "g++", "clang++")
PATIENCE = 900  # seconds; a kernel takes a few

# clang knows the machine at hand as a CPU on Arm, and as an architecture elsewhere.
NATIVE = "-mcpu=native" if platform.machine().lower() in ("arm64", "aarch64") else "-march=native"

# No -ffast-math: it assumes that there are no NaN and no infinities, so a diverged run would go unseen, and it lets the
# compiler reorder sums, so results would change from one compiler to the next. What makes loops vectorise without any
# such harm is to say that nobody reads `errno` after a math function, and that nobody traps floating-point exceptions:
# both are true of kernels, and neither changes a value.
STANDARD = "-std=c++17"
FLAGS = ("-O3", NATIVE, STANDARD, "-shared", "-fPIC", "-pthread", "-fno-math-errno", "-fno-trapping-math")
VARIABLE = "HOLDFAST_CXXFLAGS"


def usual_flags() -> tuple[str, ...]:
    """`FLAGS`, then those that the environment adds, such as `-Og` for kernels that are built sooner and run slower."""
    return (*FLAGS, *shlex.split(os.environ.get(VARIABLE, "")))


@dataclass(frozen=True)
class Toolchain:
    """A compiler and what sets its code apart from that of another compiler or machine.

    Args:
        compiler: the program's path.
        version: the compiler's own name and version, for people.
        fingerprint: a hash that changes with the compiler's version and with the instructions that the CPU knows.
    """

    compiler: str
    version: str
    fingerprint: str

    def compile(self, source: Path, library: Path, flags: tuple[str, ...], *, name: str) -> None:
        """Make `library` from `source`, with nothing written outside of the folder of `library`.

        Raises:
            CompileError: the compiler failed, was killed, or took longer than `PATIENCE`.
        """
        command = [self.compiler, *flags, str(source), "-o", str(library)]
        said = library.with_suffix(".txt")
        try:
            returncode = spawn(command, said)
        except subprocess.TimeoutExpired:
            raise CompileError(name, source.read_text(), f"it was given up after {PATIENCE} s") from None
        if returncode != 0:
            message = explain(returncode, said.read_text(errors="replace"), command)
            message = message.replace(f"{library.parent}/", "")
            raise CompileError(name, source.read_text(), message)


def spawn(command: list[str], said: Path) -> int:
    """Run `command` with its messages going to the file `said`, beside which it keeps its temporary files.

    Without a pipe, and with `close_fds=False`, which makes Python use `posix_spawn`: a fork in another thread would
    copy a pipe's end, and we would wait for that process too.
    """
    environment = os.environ | {"LC_ALL": "C", "TMPDIR": str(said.parent)}
    with said.open("wb") as file:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            close_fds=False,
            timeout=PATIENCE,
            check=False,
        )
    return done.returncode


def explain(returncode: int, message: str, command: list[str]) -> str:
    """What became of a compiler that failed, in words."""
    if returncode < 0:
        message += f"it was ended by {signal.Signals(-returncode).name}; is there enough memory?\n"
    return f"{message}the command was: {' '.join(command)}"


def find_toolchain() -> Toolchain:
    """The first compiler on the PATH.

    Raises:
        NoCompiler: there is none that works; the message says what to install.
    """
    found = [path for name in NAMES if (path := shutil.which(name))] if os.name == "posix" else []
    for compiler in found:
        toolchain = probe(compiler)
        if toolchain:
            return toolchain
    what = f"{' and '.join(found)} did not run" if found else f"none of {', '.join(NAMES)} is on the PATH"
    raise NoCompiler(f"no working C++ compiler: {what}; {advice()}")


@cache
def probe(compiler: str) -> Toolchain | None:
    """The compiler's version and target, or None if it does not work.

    To ask it takes as long as everything else at a first call, so its answer is kept while compiler and processor are
    the same.
    """
    known = identity(compiler)
    if known is None:
        return ask(compiler)
    place = cache_folder() / f"compiler-{notes.digest(json.dumps([FLAGS, known]))[:32]}.toolchain"
    kept = notes.read(place)
    if kept is not None:
        return Toolchain(compiler, *kept)
    toolchain = ask(compiler)
    if toolchain is not None:
        notes.write(place, [toolchain.version, toolchain.fingerprint])
    return toolchain


def ask(compiler: str) -> Toolchain | None:
    """What the compiler says of itself.

    Its predefined macros tell its version, `__VERSION__`, and its target: one for each set of instructions.
    """
    command = [compiler, NATIVE, STANDARD, "-dM", "-E", "-x", "c++", os.devnull]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    macros = dict(line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.count(" ") >= 2)
    version = macros.get("__VERSION__", "unknown").strip('"')
    family = "" if "clang" in version.lower() else "g++ "
    return Toolchain(compiler, family + version, hashlib.sha256(done.stdout.encode()).hexdigest())


def advice() -> str:
    """How to get a compiler on this system."""
    return {
        "Linux": "install g++ 10 or later (`apt install g++` or `dnf install gcc-c++`) or clang++",
        "Darwin": "install Apple's command line tools: `xcode-select --install`",
    }.get(platform.system(), "kernels are compiled on Linux and macOS only")
