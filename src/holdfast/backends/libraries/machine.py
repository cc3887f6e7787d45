"""What a compiler's idea of this machine depends on, without asking the compiler."""

import os
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
ABOUT_INSTRUCTIONS = (
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features", "isa",
)  # fmt: skip
VARIABLES = ("GCC_EXEC_PREFIX", "COMPILER_PATH", "CCC_OVERRIDE_OPTIONS", "CPATH", "CPLUS_INCLUDE_PATH")
COMPILERS = ("g++", "c++", "clang")


def identity(compiler: str) -> list | None:
    """What changes whenever the compiler is another one, or the processor; None where that can't be told.

    A script, or a program such as ccache, may call any compiler; so only a compiler's own program is known by its file.
    """
    try:
        program = Path(compiler).resolve(strict=True)
        with program.open("rb") as file:
            is_script = file.read(2) == b"#!"
        found = program.stat()
    except OSError:
        return None
    processor = instructions()
    if is_script or processor is None or not any(name in program.name for name in COMPILERS):
        return None
    file_parts = [str(program), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]
    return [compiler, *file_parts, processor, [os.environ.get(name) for name in VARIABLES]]


def instructions() -> list[str] | None:
    """What the system says about the first processor, without what changes as it runs; None if it says nothing."""
    try:
        with CPUINFO.open() as file:
            lines = [line.strip() for line in iter(file.readline, "\n") if line]
            return [line for line in lines if line.split(":")[0].strip() in ABOUT_INSTRUCTIONS] or None
    except OSError:
        return None
