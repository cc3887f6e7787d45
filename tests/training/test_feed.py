"""Batches made ahead of their steps."""

import threading
import time

import pytest
import torch

from holdfast.tasks import Copying
from holdfast.training.feed import Feed
from training.small import events, interrupted_after, same, small_model, small_run, weights


def test_every_step_gets_its_own_batch_in_order():
    with Feed(lambda step: step, first=3, last=9) as feed:
        assert [feed.take() for _ in range(6)] == list(range(3, 9))


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_no_more_is_made_ahead_than_was_asked_for_and_nothing_past_the_end(ahead):
    made = []
    with Feed(made.append, first=0, last=8, ahead=ahead) as feed:
        for step in range(8):
            feed.take()
            while len(feed.coming) and not feed.coming[-1].done():
                time.sleep(0.001)
            assert made == list(range(min(step + ahead + 1, 8)))


def test_a_step_does_not_wait_for_a_batch_that_was_made_meanwhile():
    def slow(step):
        time.sleep(0.02)
        return step

    with Feed(slow, first=0, last=6) as feed:
        feed.take()
        first = feed.waited
        for _ in range(5):
            time.sleep(0.04)
            feed.take()
    assert first >= 0.02
    assert feed.waited - first < 0.02


def test_the_first_batch_is_made_by_the_caller_so_that_an_interrupt_reaches_it():
    makers = []
    with Feed(lambda step: makers.append(threading.current_thread()), first=0, last=3) as feed:
        feed.take()
        feed.take()
    assert makers[0] is threading.current_thread()
    assert makers[1] is not makers[0]


def test_what_goes_wrong_ahead_is_raised_at_its_own_step():
    def make(step):
        if step == 2:
            raise ValueError("step 2 has no data")
        return step

    with Feed(make, first=0, last=5) as feed:
        assert [feed.take(), feed.take()] == [0, 1]
        with pytest.raises(ValueError, match="step 2 has no data"):
            feed.take()


def test_nothing_is_made_after_the_end():
    made = []

    def make(step):
        time.sleep(0.01)
        made.append(step)

    with Feed(make, first=0, last=100, ahead=50) as feed:
        feed.take()
    count = len(made)
    time.sleep(0.05)
    assert len(made) == count < 10


def test_training_is_the_same_whether_batches_are_made_ahead_or_not(tmp_path, monkeypatch):
    """The thread that draws has no share in the random numbers of the one that learns."""
    ahead, at_once = small_model(), small_model()
    small_run(tmp_path / "ahead", ahead, steps=8)
    monkeypatch.setattr(
        "holdfast.training.fit.Feed", lambda make, first, last: Feed(make, first=first, last=last, ahead=0)
    )
    small_run(tmp_path / "at-once", at_once, steps=8)
    assert same(weights(ahead), weights(at_once))


@pytest.fixture
def slow_data(monkeypatch):
    draw = Copying.draw
    monkeypatch.setattr(Copying, "draw", lambda *args: (time.sleep(0.03), draw(*args))[1])


def test_the_wait_for_data_is_recorded(tmp_path, slow_data):
    summary = small_run(tmp_path, steps=4)
    waits = [event["waited"] for event in events(tmp_path) if event["event"] == "train"]
    assert waits == sorted(waits)
    assert 0.03 <= waits[-1] <= summary.seconds
    assert summary.waited == waits[-1]


def test_the_wait_goes_on_where_a_run_does(tmp_path, slow_data, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("holdfast.training.loop.evaluate", interrupted_after(2))
        with pytest.raises(InterruptedError):
            small_run(tmp_path)
    before = torch.load(tmp_path / "checkpoint.pt")["history"]["waited"]
    assert small_run(tmp_path).waited >= before + 0.03
