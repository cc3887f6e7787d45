"""Contenders take turns, and are compared round by round."""

import pytest

from holdfast.benchmarks.clock import Effort, Estimate, race


def test_contenders_take_turns_and_each_goes_first():
    order = []
    samples = race({name: lambda name=name: order.append(name) for name in "abc"}, Effort(rounds=3, seconds=60))
    rounds = [order[k : k + 3] for k in range(0, len(order), 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert {each[0] for each in rounds[1:]} == {"a", "b", "c"}
    assert {name: len(seconds) for name, seconds in samples.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_race_that_takes_long_ends_after_three_rounds():
    samples = race({"a": lambda: None}, Effort(rounds=100, seconds=0))
    assert len(samples["a"]) == 3


def test_an_estimate_is_the_median_and_the_middle_half():
    assert Estimate.of([1, 2, 3, 4, 100]) == Estimate(3, 2, 4)
    assert Estimate.of([5]) == Estimate(5, 5, 5)


def test_an_error_in_a_race_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        race({"a": lambda: 1 / 0}, Effort(1, 1))
