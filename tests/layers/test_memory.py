"""`explain` says how much memory a backward pass needs, and is right."""

import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch

import holdfast
from holdfast.layers.memory import kept, kept_by
from holdfast.layers.sequence import Padded

PROGRAM = """
import json, sys
import torch
import holdfast
from holdfast.backends.pool import POOL
from holdfast.training.memory import forget_most, most, resident

name, options, (T, B, I, H) = sys.argv[1], json.loads(sys.argv[2]), map(int, sys.argv[3:])
layer = holdfast.make(name, I, H, **options)

def measure(T):
    x, gradient = torch.randn(T, B, I), torch.randn(T, B, layer.output_size)
    told = layer.explain(x).memory
    forget_most()
    before = resident()
    output, _ = layer(x)
    output.backward(gradient)
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    return told.total, most() - before - 4 * (output.numel() + parameters)

measure(T // 10)  # what is needed once, such as threads, does not count
POOL.clear()
print(json.dumps(measure(T)))
"""


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(6, 2, 3, generator=torch.Generator().manual_seed(0))


def told_and_measured(name: str, options, *sizes: int) -> tuple[float, float]:
    arguments = [name, json.dumps(options), *map(str, sizes)]
    gives_back = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}  # glibc then keeps none of what was freed
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=gives_back)
    return json.loads(done.stdout)


def check(name: str, options, *sizes: int) -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("reads /proc of Linux")
    told, measured = told_and_measured(name, options, *sizes)
    assert told == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize("options", [{}, {"recompute": 250}], ids=str)
def test_a_backward_pass_takes_the_memory_that_was_told(options):
    check("lstm", options, 1000, 32, 8, 128)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "sizes"),
    [
        ("nru", {}, (500, 32, 8, 128)),
        ("gru", {"recompute": 250, "num_layers": 2}, (1000, 32, 8, 128)),
        ("gru", {"recompute": 500}, (4000, 64, 8, 128)),
        ("ur-lstm", {}, (1000, 32, 100, 128)),
        ("ur-lstm", {"num_layers": 3, "dropout": 0.5}, (1000, 32, 8, 128)),
        ("lstm", {"recompute": "auto"}, (16384, 64, 3, 128)),
        ("gru", {"bidirectional": True}, (1000, 32, 8, 128)),
        ("lstm", {"bidirectional": True, "num_layers": 2}, (1000, 32, 8, 128)),
        ("lstm", {"bidirectional": True, "num_layers": 2, "recompute": "auto"}, (1000, 32, 8, 128)),
        ("lstm", {"bidirectional": True, "num_layers": 4, "recompute": 126}, (1000, 32, 8, 128)),
        ("lstm", {"recompute": 100}, (3000, 20, 100, 256)),
        ("lstm", {}, (100, 64, 256, 512)),
        ("lstm", {}, (50, 16, 16, 512)),
        ("lstm", {"recompute": "auto"}, (1000, 8, 8, 512)),
    ],
    ids=str,
)
def test_a_backward_pass_takes_the_memory_that_was_told_for_every_kind_of_layer(name, options, sizes):
    check(name, options, *sizes)


@pytest.fixture(scope="module")
def deep():
    return holdfast.make("rnn", 3, 4, num_layers=2, bidirectional=True, dropout=0.5)


@pytest.mark.parametrize("segment", [None, 1, 2, 5])
@pytest.mark.parametrize("steps", [1, 4, 5, 23])
def test_the_few_steps_that_are_run_tell_the_truth_about_many(deep, steps, segment):
    sequences = Padded(torch.randn(steps, 2, 3), torch.tensor([1, steps]))
    assert kept(deep, sequences, segment) == kept_by(deep, sequences, segment) > 0


def test_to_explain_changes_neither_the_layer_nor_the_random_numbers(deep, x):
    before = torch.get_rng_state()
    assert deep.explain(x).memory.total > 0
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in deep.parameters())


def test_memory_is_told_for_an_input_that_kernels_take_and_for_no_other(x):
    layer = holdfast.make("rnn", 3, 4)
    assert "a backward pass needs" in str(layer.explain(x))
    assert layer.explain().memory is None
    reference = holdfast.make("rnn", 3, 4, backend="reference")
    assert reference.explain(x).memory is None
    assert "not known" in str(reference.explain(x))


def test_an_output_keeps_no_input_alive_after_the_backward_pass(x):
    layer = holdfast.make("lstm", 3, 4)
    held = weakref.ref(x := x * 1)
    output, _ = layer(x)
    output.sum().backward()
    del x
    assert held() is None


def test_a_gradient_of_the_input_takes_memory_too(x):
    layer = holdfast.make("rnn", 3, 4)
    without = layer.explain(x).memory
    assert layer.explain(x.requires_grad_()).memory.working == without.working + x.numel() * 4
