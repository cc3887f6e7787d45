"""Every experiment: what its docstring tells is what its questions and the published numbers say."""

import pytest

from holdfast.experiments import EXPERIMENTS, Experiment
from holdfast.report import numbers
from holdfast.report.beside import MARK


@pytest.fixture(params=EXPERIMENTS.values(), ids=lambda one: one.name)
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return request.param


def test_the_docstring_tells_paper_published_numbers_and_cost(experiment):
    assert experiment.summary
    assert all(word in experiment.text for word in ("Paper: ", "Small", "ull", "core", "GPU"))
    assert any(word in experiment.text for word in ("ublished", "percent", "%"))


def test_every_published_number_of_its_models_stands_in_a_docstring_of_its_paper(experiment):
    paper = [one.text for one in EXPERIMENTS.values() if one.source == experiment.source]
    text = " ".join(" ".join(paper).split())
    for question in experiment.ask("full"):
        for label in question.labels:
            for entry in question.published(label, experiment.source):
                digits = numbers.published(entry.metric, entry.value or 0).rstrip("%" + numbers.THIN)
                assert (entry.outcome or digits) in text, label
                assert MARK in text or not entry.recalled


def test_what_is_smaller_than_the_paper_says_so(experiment):
    """A small question has its full twin, or the settings of the paper, to differ from."""
    full = {one.name: one.settings for one in experiment.ask("full")}
    for question in experiment.ask("small"):
        ours = {**question.settings, "seeds": None}
        asked = question.paper or full.get(question.name)
        assert asked is not None, question.name
        told = [words for label in question.labels for words in question.departures(label)]
        assert bool(told) == (ours != {**asked, "seeds": None}), question.name
