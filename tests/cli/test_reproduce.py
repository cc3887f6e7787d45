"""`holdfast reproduce`: experiments run as comparisons do, and their claims are judged by what came out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.cli import main, reproduce
from holdfast.experiments import EXPERIMENTS, Experiment, Question
from holdfast.experiments.claims import better, fails, solves


def tiny(scale):
    """A tiny experiment.

    Paper: none.
    """
    settings = {
        "task": {"name": "copying", "lag": 2, "evaluation_examples": 8},
        "models": {"lstm": {}, "wide": {"name": "gru", "hidden_size": 5}},
        "model": {"hidden_size": 3, "backend": "reference"},
        "training": {"steps": 2, "batch_size": 3, "evaluate_every": 1, "threads": 1, "accelerator": "cpu"},
        "seeds": [0],
    }
    claims = (fails("lstm"), solves("wide"), better("wide", than="absent"))
    one = Question("one", settings, claims)
    return (one, Question("two", {**settings, "models": {"lstm": {}}}, (fails("lstm"),)))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tiny, "__module__", "made")  # experiments are called after their file
    monkeypatch.setitem(EXPERIMENTS, "made/tiny", Experiment(tiny, "gu2020improving"))


def test_an_experiment_runs_and_its_claims_are_judged(capsys):
    assert main(["reproduce", "made/tiny", "--workers", "1"]) == 0
    text = capsys.readouterr().out
    folder = Path("runs/made/tiny/small")
    records = {str(path.parent.relative_to(folder)) for path in folder.rglob("summary.json")}
    assert records == {"one/copying/lstm/seed-0", "one/copying/wide/seed-0", "two/copying/lstm/seed-0"}
    assert "one: lstm solves it in no run: met (1 seed)" in text
    assert "one: wide solves it in every run: not met (1 seed)" in text
    assert "one: wide does better than absent: open (0 seeds)" in text
    settings = json.loads((folder / "one/copying/wide/seed-0/settings.json").read_text())
    assert (settings["model"]["name"], settings["model"]["hidden_size"]) == ("gru", 5)


def test_it_is_narrowed_to_models_questions_and_seeds(capsys):
    narrow = ["--models", "wide", "--questions", "one", "--seeds", "3", "--workers", "1", "--folder", "mine"]
    assert main(["reproduce", "made/tiny", "--scale", "full", *narrow]) == 0
    (record,) = Path("mine").rglob("summary.json")
    assert record.parent == Path("mine/made/tiny/full/one/copying/wide/seed-3")
    assert "two" not in capsys.readouterr().out


@pytest.mark.parametrize("label", ["truncated-lstm", "p-lstm-bias-0"])
def test_a_model_alone_keeps_what_was_said_for_all(label):
    """Also options that only others have: the truncated LSTM has no auxiliary loss."""
    (question,) = EXPERIMENTS["trinh2018/pictures"].ask("small")
    whole, alone = (
        reproduce.comparison(question, labels, {"folder": "runs", "workers": 2})
        for labels in (question.labels, [label])
    )
    assert alone == replace(
        whole, models={label: whole.models[label]}, objectives={label: whole.objectives[label]}, workers=1
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["made/tinny"], "there is no experiment 'made/tinny'; did you mean 'made/tiny'?"),
        (["made/tiny", "--models", "gru"], "the experiment has no model 'gru'; there are lstm, wide"),
        (["made/tiny", "--questions", "on"], "the experiment has no question 'on'; did you mean 'one'?"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(given, said, capsys):
    assert main(["reproduce", *given]) == 2
    assert said in capsys.readouterr().err


def test_all_experiments_are_listed_without_a_name(capsys):
    assert main(["reproduce"]) == 0
    assert "gu2020/copy" in capsys.readouterr().out


@pytest.mark.parametrize("scale", ["small", "full"])
@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda one: one.name)
def test_every_experiment_asks_for_runs_that_can_be_made(experiment, scale):
    """Every name and option of it is known, each claim speaks of models that it has, and no folder is used twice."""
    questions = experiment.ask(scale)
    assert len({question.name for question in questions}) == len(questions)
    for question in questions:
        found = reproduce.comparison(question, question.labels, {"folder": "runs"})
        assert list(found.models) == list(question.labels)
        assert {model for claim in question.claims for model in claim.models} <= set(question.labels)
