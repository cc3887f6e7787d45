"""The most memory that forward and backward of a contender take, beyond parameters, input, output and its gradient."""

import json
import sys

from holdfast.benchmarks.contenders import prepare
from holdfast.benchmarks.workloads import Workload
from holdfast.training.memory import forget_most, most, resident

label, (steps, batch, inputs, hidden) = sys.argv[1], map(int, sys.argv[2:])
prepare(label, Workload(8, batch, inputs, hidden)).training()  # what is needed once, such as a compiler, does not count
workload = Workload(steps, batch, inputs, hidden)
training = prepare(label, workload).training
forget_most()
before = resident()
training()
output = 4 * workload.steps * workload.batch * workload.hidden
print(json.dumps({"extra": most() - before - output}))
