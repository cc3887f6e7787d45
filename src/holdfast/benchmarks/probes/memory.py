"""The most memory that forward and backward of a contender take, beyond parameters, input, output and its gradient."""

import json
import resource
import sys
from pathlib import Path

from holdfast.benchmarks.contenders import prepare
from holdfast.benchmarks.workloads import Workload


def resident() -> int:
    """Bytes of memory in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def most() -> int:
    """The most bytes that were ever in use, or that were since `forget_most`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_most() -> None:
    Path("/proc/self/clear_refs").write_text("5")


label, (steps, batch, inputs, hidden) = sys.argv[1], map(int, sys.argv[2:])
prepare(label, Workload(8, batch, inputs, hidden)).training()  # what is needed once, such as a compiler, does not count
workload = Workload(steps, batch, inputs, hidden)
training = prepare(label, workload).training
forget_most()
before = resident()
training()
output = 4 * workload.steps * workload.batch * workload.hidden
print(json.dumps({"extra": most() - before - output}))
