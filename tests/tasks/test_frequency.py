"""Frequency discrimination, and what other tasks say of their lag and their time stamps."""

import math
from dataclasses import replace

import pytest
import torch

from holdfast.tasks import ALL, Adding, Copying, Denoising, Frequency, Padding, Warping


def drawn(sampling, rows=2000):
    return Frequency(sampling=sampling).draw(rows, torch.Generator().manual_seed(0))


def read(batch, row):
    """The value and the time of every sample of a row."""
    return batch.inputs[: batch.lengths[row], row].double().unbind(-1)


@pytest.mark.parametrize("sampling", ["asynchronous", "regular", "oversampled"])
def test_waves_are_watched_for_15_to_125_units_of_time_at_ascending_stamps(sampling):
    batch = drawn(sampling, 300)
    stamps = [read(batch, row)[1] for row in range(300)]
    assert all((times.diff() > 0).all() for times in stamps)
    assert all(times[0] >= 0 and times[-1] <= 125 for times in stamps)
    longest = max(float(times[-1] - times[0]) for times in stamps)
    assert 110 < longest <= 125
    per_unit = 10 if sampling == "oversampled" else 1
    assert 15 * per_unit <= batch.lengths.min() < 20 * per_unit
    assert 115 * per_unit < batch.lengths.max() <= 125 * per_unit
    if sampling != "asynchronous":
        assert all(torch.allclose(times.diff(), times.new_tensor(1 / per_unit), atol=1e-4) for times in stamps)


def test_half_of_the_waves_have_a_wanted_period_and_the_others_none():
    """By a search over all periods that shares nothing with the solver: the product with a turning arrow."""
    batch = drawn("oversampled", 24)
    assert 5 < int(batch.targets.sum()) < 19
    periods = torch.logspace(0, 2, 2500, dtype=torch.float64)
    for row in range(24):
        values, times = read(batch, row)
        arrows = torch.polar(torch.ones(()).double(), 2 * math.pi * times.unsqueeze(1) / periods)
        found = float(periods[(arrows * values.unsqueeze(1)).mean(0).abs().argmax()])
        assert found == pytest.approx(5.5, abs=0.8) if batch.targets[row] else not 5.3 < found < 5.7


def test_both_classes_are_told_by_their_stamps_alone_if_those_are_right():
    task, batch = Frequency(), drawn("asynchronous", 200)
    slowed = replace(batch, inputs=batch.inputs * torch.tensor([1.0, 3.0]))
    right = task.measures(task.solve(batch), batch)["accuracy"]
    wrong = task.measures(task.solve(slowed), batch)["accuracy"]
    assert right[0] == right[1] == 200
    assert wrong[0] < 150


def test_only_frequency_says_that_its_last_channel_is_the_time():
    assert [task.name for task in ALL if task.stamped] == ["frequency"]


STRETCHED = {"max_warp": 5, "length": 40}


@pytest.mark.parametrize("one", [Copying(), Denoising(), Adding(), Warping(**STRETCHED), Padding(**STRETCHED)])
def test_a_task_whose_lag_is_a_setting_can_have_any_other(one):
    for lag in (one.least_lag, one.lag, 4 * one.lag):
        assert replace(one, **one.settings_at_lag(lag)).lag == lag
    assert replace(one, **one.settings_at_lag(one.lag)) == one
    with pytest.raises(ValueError, match=f"{type(one).__name__} expects"):
        replace(one, **one.settings_at_lag(one.least_lag - 1))


def test_the_lag_of_a_task_with_a_shape_of_its_own_is_no_setting():
    assert Frequency().settings_at_lag(50) is None
