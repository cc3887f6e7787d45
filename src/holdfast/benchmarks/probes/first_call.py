"""How much later than the second the first forward and backward of a model ends."""

import json
import sys

import torch

from holdfast.benchmarks.clock import clock
from holdfast.benchmarks.contenders import prepare
from holdfast.benchmarks.workloads import Workload

# What torch itself does at its first calls in a process is not of interest: the first backward pass that is given a
# gradient, for one, imports sympy, half a second, whatever layer it goes through.
torch.nn.Linear(3, 3)(torch.ones(3, 3)).tanh().backward(torch.ones(3, 3))

training = prepare(f"{sys.argv[1]} compiled", Workload(20, 8, 3, 64)).training
first = clock(training)
print(json.dumps({"late": first - min(clock(training) for _ in range(5))}))
