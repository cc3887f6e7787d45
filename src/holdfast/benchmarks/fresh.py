"""What only a new process shows: how long a first call takes, and an import, and how much memory is needed at most."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from holdfast.benchmarks.contenders import has_compiler
from holdfast.benchmarks.record import Quantity, Record
from holdfast.benchmarks.workloads import LONG
from holdfast.training.memory import measurable

PROBES = Path(__file__).parent / "probes"
MODELS = ("ur-lstm", "nru")


def ask(question: str, *arguments: str, **environment: str) -> dict[str, float]:
    """The answer of a new process, with as many threads as this one, to the question of a file of `probes`.

    The file is run by its path, so that nothing of holdfast is imported before it asks for it.
    """
    command = [sys.executable, "-P", str(PROBES / f"{question}.py"), *arguments]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | threads | environment
    return json.loads(subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True).stdout)


def first_calls(record: Record, *, models=MODELS, repeats: int = 3) -> None:
    """Imports; and the first call of a new cell, compiled and then from the cache. Of several tries the best counts."""
    imports = [ask("imports") for _ in range(repeats)]
    for package in ("torch", "holdfast"):
        seconds = min(answer[package] for answer in imports)
        record.quantities.append(Quantity("first call", f"import {package}", seconds, "s"))
    for model in models if has_compiler() else ():
        with tempfile.TemporaryDirectory() as cache:
            cold = ask("first_call", model, HOLDFAST_CACHE=cache)
            cached = [ask("first_call", model, HOLDFAST_CACHE=cache)["late"] for _ in range(repeats)]
        record.quantities.append(Quantity("first call", f"{model}, compiled", cold["late"], "s"))
        record.quantities.append(Quantity("first call", f"{model}, from the cache", min(cached), "s"))


def memory(record: Record) -> None:
    """The most memory that forward and backward take beyond the output, at a long sequence."""
    if not measurable():
        record.note("memory is measured on Linux only")
        return
    labels = ["ur-lstm compiled", "ur-lstm compiled recompute"] if has_compiler() else []
    for label in (*labels, "ur-lstm reference", "ur-lstm reference recompute", "nn.LSTM"):
        answer = ask("memory", label, str(LONG.steps), str(LONG.batch), str(LONG.inputs), str(LONG.hidden))
        record.quantities.append(Quantity("memory", label, answer["extra"], "bytes"))
    output = 4 * LONG.steps * LONG.batch * LONG.hidden
    record.quantities.append(Quantity("memory", "the output itself", output, "bytes"))
