"""Processes that share each batch do what one does alone."""

from dataclasses import dataclass

import pytest
import torch

from holdfast.tasks import Batch, Copying
from training.small import events, small_model, small_run, weights

THREADS = torch.get_num_threads() + 1  # as many as no process has unless it is told


@dataclass(frozen=True, kw_only=True)
class Threaded(Copying):
    """Copying that is only to be had with the threads of the settings."""

    threads: int = THREADS

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        assert torch.get_num_threads() == self.threads
        return super().training_batch(step, batch_size, seed=seed)


# Sequences of unequal length and batches that two can't share equally: each counts targets of its own.
TASK = Threaded(lag=4, gap="per-sequence", evaluation_examples=9)


def test_two_processes_equal_one_to_rounding(tmp_path):
    models = [small_model(dropout=0.0) for _ in range(2)]
    one, two = (
        small_run(
            tmp_path / str(devices), model, TASK, devices=devices, batch_size=5, precision="64-true",
            evaluation_batch_size=3 - devices, threads=THREADS,
        )
        for devices, model in enumerate(models, 1)
    )  # fmt: skip
    assert two.test == pytest.approx(one.test, rel=1e-6)
    assert two.validation == pytest.approx(one.validation, rel=1e-6)
    for alone, shared in zip(events(tmp_path / "1"), events(tmp_path / "2"), strict=True):
        assert shared.keys() == alone.keys()
        for name in alone.keys() & {"step", "loss", "accuracy", "gradient_norm", "learning_rate"}:
            assert shared[name] == pytest.approx(alone[name], rel=1e-6)
    ours, theirs = map(weights, models)
    for name, value in ours.items():
        torch.testing.assert_close(theirs[name].double(), value.double(), rtol=1e-6, atol=1e-9)
