"""The memory that a run's record tells of."""

import json

import pytest
import torch

from holdfast.training.memory import Taken, measurable
from training.small import small_model, small_run

pytestmark = pytest.mark.skipif(not measurable(), reason="only Linux tells how much memory was in use")

BIG, ELSE = 256 * 2**20, 128 * 2**20
"""Bytes of something large, and fewer than that, but more than anything else that a run needs."""


def wasteful_model(*, training: bool):
    """A model that uses much memory for a moment, while it trains or while it is evaluated."""
    model = small_model()

    def waste(module, _):
        if module.training == training:
            torch.ones(BIG // 4)

    model.register_forward_pre_hook(waste)
    return model


def test_a_run_knows_the_memory_of_its_updates(tmp_path):
    summary = small_run(tmp_path, wasteful_model(training=True))
    assert summary.memory is not None
    assert summary.memory > ELSE
    assert json.loads((tmp_path / "summary.json").read_text())["memory"] == summary.memory


def test_the_memory_of_evaluations_does_not_count(tmp_path):
    memory = small_run(tmp_path, wasteful_model(training=False)).memory
    assert memory is not None
    assert memory < ELSE


def test_memory_is_counted_from_where_a_run_began_and_the_most_is_kept():
    before = torch.ones(BIG // 4)
    taken = Taken(torch.device("cpu"))
    torch.ones(BIG // 8)
    first = taken.most(None)
    assert first is not None
    assert ELSE // 2 < first < BIG
    taken.watch()
    later = taken.most(None)
    assert later is not None
    assert later < ELSE // 2
    assert taken.most(first) == first
    assert len(before) == BIG // 4


def test_an_accelerator_that_can_not_tell_leaves_it_unknown():
    assert Taken(torch.device("mps")).most(None) is None
