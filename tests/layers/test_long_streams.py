"""A million steps of a stream: near the numbers of float64 all the way, and in the memory of the first step."""

from pathlib import Path

import pytest
import torch

import holdfast
from holdfast.training.memory import resident

INPUTS, HIDDEN, CHUNK = 8, 64, 1000
BOUND = 1e-4
"""Of |h - h64| / (1 + |h64|), at every step; `Recurrent.step` tells its users."""
GROWTH = 2**22
"""Bytes of resident memory; a leak of five bytes a step would show, and pages of code that are read late do not."""


def follow(name: str, steps: int):
    """After each chunk of a stream: how many steps there were, and the largest deviation from float64 in the chunk.

    The float64 kernel runs over the sequence; other tests hold it to the reference.
    """
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make(name, INPUTS, HIDDEN, generator=generator)
    exact = holdfast.make(name, INPUTS, HIDDEN, dtype=torch.float64)
    exact.load_state_dict(layer.state_dict())
    state, exact_state = None, None
    found, x = torch.empty(CHUNK, 1, HIDDEN), torch.empty(CHUNK, 1, INPUTS)
    for chunk in range(1, steps // CHUNK + 1):
        x.normal_(generator=generator)
        for t in range(CHUNK):
            found[t], state = layer.step(x[t], state)
        right, exact_state = exact(x.double(), exact_state)
        deviation = ((found - right).abs() / (1 + right.abs())).max().item()
        yield chunk * CHUNK, deviation if deviation == deviation else float("inf")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ur-lstm", "lstm", "gru"])  # the NRU's memory has no bound: it grows in float64 too
@torch.no_grad()
def test_a_million_steps_neither_drift_nor_take_memory(name):
    if not Path("/proc/self/statm").exists():
        pytest.skip("reads /proc of Linux")
    worst, before, told = 0.0, 0, {}
    for steps, deviation in follow(name, 1_000_000):
        worst = max(worst, deviation)
        if steps in (1_000, 10_000, 100_000, 1_000_000):
            told[steps] = worst
        if steps == 10_000:
            before = resident()
    grown = resident() - before
    print(f"\n{name}: largest deviation {told}, resident {before / 2**20:.1f} MiB, grown by {grown / 2**10:.0f} KiB")
    assert worst < BOUND
    assert grown < GROWTH
