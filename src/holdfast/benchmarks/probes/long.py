"""The seconds of a training step, and the most memory that it takes beyond what the process held before."""

import json
import sys

from holdfast.benchmarks.clock import clock
from holdfast.benchmarks.lessons import training_step
from holdfast.benchmarks.workloads import Workload
from holdfast.training.memory import forget_most, most, resident

ROUNDS, PATIENCE = 3, 5.0

label, (steps, batch, inputs, hidden) = sys.argv[1], map(int, sys.argv[2:])
training_step(label, Workload(64, batch, inputs, hidden))()  # what is needed once, such as a compiler, does not count
step = training_step(label, Workload(steps, batch, inputs, hidden))
forget_most()
before = resident()
seconds = [clock(step)]
extra = most() - before
while len(seconds) < ROUNDS and sum(seconds) < PATIENCE:
    seconds.append(clock(step))
print(json.dumps({"seconds": seconds, "extra": extra}))
