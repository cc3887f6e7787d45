"""What people see of a run."""

import io
import sys

import pytest

from holdfast.training import automatic, silent
from holdfast.training.news import News, in_words
from holdfast.training.progress import Bar, Lines


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def news(clock):
    return News("copying, lstm, seed 0", 100, "accuracy", clock)


def train(listener, step, loss=0.5):
    listener.append("train", step=step, loss=loss, gradient_norm=1.0, learning_rate=0.1, seconds=1.0)


def test_news_hold_the_latest_figures(news):
    train(news, 10, 0.25)
    news.append("evaluation", step=10, split="validation", loss=0.3, accuracy=0.75, seconds=1.0)
    assert str(news) == "copying, lstm, seed 0: step 10 of 100, loss 0.25, validation accuracy 0.75"


def test_a_run_that_waits_for_its_data_says_so(news):
    news.append("train", step=10, loss=0.25, seconds=20.0, waited=0.9)
    assert "waiting" not in str(news)
    news.append("train", step=20, loss=0.25, seconds=40.0, waited=10.0)
    assert "loss 0.25, 25% of the time waiting for data" in str(news)


def test_the_time_left_follows_the_pace_since_the_first_event(news, clock):
    clock.now = 100.0  # setting up took long, and is no measure of the pace
    train(news, 10)
    assert news.time_left == ""
    clock.now = 120.0
    train(news, 20)
    assert news.seconds_left == pytest.approx(160.0)
    assert str(news).endswith("3 min left")


def test_the_test_set_is_no_news_of_progress(news):
    train(news, 100)
    news.append("evaluation", step=40, split="test", loss=0.3, accuracy=0.75)
    assert (news.step, news.measure) == (100, None)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")]
)
def test_durations_are_told_as_people_say_them(seconds, words):
    assert in_words(seconds) == words


def test_lines_are_plain_whole_and_seconds_apart(news, clock, capsys):
    with Lines(news, every=5.0) as lines:
        for step in range(1, 12):
            train(lines, step)
            clock.now += 1.0
        lines.append("evaluation", step=9, split="test", loss=0.3, accuracy=0.75)
    written = capsys.readouterr().out.splitlines()
    assert [line.split(",")[2] for line in written] == [f" seed 0: step {step} of 100" for step in (1, 6, 11)]
    assert all("\x1b" not in line for line in written)


def test_a_bar_shows_steps_figures_and_time(news, clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    screen = io.StringIO()
    with Bar(news) as bar:
        bar.rich.console.file = screen
        train(bar, 10)
        clock.now = 10.0
        train(bar, 20)
    assert "20/100" in screen.getvalue()
    assert "loss 0.5  80 s left" in screen.getvalue().replace("\n", "")


def test_a_terminal_gets_a_bar_a_file_gets_lines_and_silence_is_silent(news, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert isinstance(automatic(news), Bar)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert isinstance(automatic(news), Lines)
    with silent(news) as progress:
        train(progress, 1)
    assert capsys.readouterr().out == ""
