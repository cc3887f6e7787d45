"""What only a new process shows: how long a first call takes, and an import, and how much memory is needed at most."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import has_backend
from benchmarks.record import Quantity, Record
from benchmarks.workloads import LONG

ROOT = Path(__file__).parent.parent
MODELS = ("ur-lstm", "nru")


def ask(question: str, *arguments: str, **environment: str) -> dict[str, float]:
    """The answer of a new process to a question of `probes.py`."""
    paths = os.pathsep.join([str(ROOT), *sys.path])
    command = [sys.executable, "-m", f"benchmarks.probes.{question}", *arguments]
    variables = os.environ | {"PYTHONPATH": paths} | environment
    return json.loads(subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True).stdout)


def first_calls(record: Record, *, models=MODELS, repeats: int = 3) -> None:
    """Imports; and the first call of a new cell, compiled and then from the cache. Of several tries the best counts."""
    imports = [ask("imports") for _ in range(repeats)]
    for package in ("torch", "holdfast"):
        seconds = min(answer[package] for answer in imports)
        record.quantities.append(Quantity("first call", f"import {package}", seconds, "s"))
    for model in models if has_backend("compiled") else ():
        with tempfile.TemporaryDirectory() as cache:
            cold = ask("first_call", model, HOLDFAST_CACHE=cache)
            cached = [ask("first_call", model, HOLDFAST_CACHE=cache)["late"] for _ in range(repeats)]
        record.quantities.append(Quantity("first call", f"{model}, compiled", cold["late"], "s"))
        record.quantities.append(Quantity("first call", f"{model}, from the cache", min(cached), "s"))


def memory(record: Record) -> None:
    """The most memory that forward and backward take beyond the output, at a long sequence."""
    if not Path("/proc/self/clear_refs").exists():
        record.notes.append("memory is measured on Linux only")
        return
    labels = ["ur-lstm compiled", "ur-lstm compiled recompute"] if has_backend("compiled") else []
    for label in (*labels, "ur-lstm reference", "ur-lstm reference recompute", "nn.LSTM"):
        answer = ask("memory", label, str(LONG.steps), str(LONG.batch), str(LONG.inputs), str(LONG.hidden))
        record.quantities.append(Quantity("memory", label, answer["extra"], "bytes"))
    output = 4 * LONG.steps * LONG.batch * LONG.hidden
    record.quantities.append(Quantity("memory", "the output itself", output, "bytes"))
