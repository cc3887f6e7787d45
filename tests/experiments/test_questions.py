"""Questions: what they ask, what the paper asked, and whether a record answers them."""

from holdfast.experiments import Question
from holdfast.experiments.experiment import changed

PAPER = {
    "task": {"name": "copying", "lag": 480, "convention": "gu"},
    "models": {"ur-lstm": {}, "c": {"name": "tied-chrono-lstm", "t_max": 500}},
    "model": {"hidden_size": 256, "memory_size": 9},
    "training": {"steps": 10, "threads": 1},
}
SMALL = changed(PAPER, task={"lag": 10}, models={"c": {"t_max": 30}}, model={"hidden_size": 8})
QUESTION = Question("q", SMALL, paper=PAPER)
RECORD = {
    "task": {"name": "copying", "lag": 10, "convention": "gu", "gap": "fixed"},
    "model": {"name": "tied-chrono-lstm", "t_max": 30, "hidden_size": 8, "num_layers": 1},
    "training": {"steps": 10, "batch_size": 32, "threads": 1},
    "seed": 0,
}


def test_changed_settings_are_merged_and_leave_the_old_ones_alone():
    assert SMALL["task"] == {"name": "copying", "lag": 10, "convention": "gu"}
    assert PAPER["task"]["lag"] == 480
    assert SMALL["models"] == {"ur-lstm": {}, "c": {"name": "tied-chrono-lstm", "t_max": 30}}


def test_departures_from_the_paper_are_named_model_by_model():
    shared = ["task.lag 10 instead of 480", "model.hidden_size 8 instead of 256"]
    assert QUESTION.departures("ur-lstm") == shared
    assert QUESTION.departures("c") == [*shared, "model.t_max 30 instead of 500"]
    assert Question("q", PAPER).departures("c") == []


def test_a_record_of_the_runs_that_are_asked_for_does_not_stray():
    assert QUESTION.strays("c", RECORD) == []


def test_a_record_strays_where_an_asked_setting_differs():
    other = changed(RECORD, task={"lag": 20}, model={"t_max": 9}, training={"steps": 5})
    assert QUESTION.strays("c", other) == [
        "task.lag 20 instead of 10",
        "model.t_max 9 instead of 30",
        "training.steps 5 instead of 10",
    ]
    assert QUESTION.strays("c", changed(RECORD, objective={"name": "prediction"})) == [
        "objective.name prediction instead of labels"
    ]


def test_a_model_must_have_its_own_options_but_not_those_that_are_for_all():
    assert "memory_size" not in RECORD["model"]
    bare = {**RECORD, "model": {"name": "tied-chrono-lstm", "hidden_size": 8}}
    assert QUESTION.strays("c", bare) == ["model.t_max its default instead of 30"]


def test_what_is_not_said_of_training_is_as_usual():
    usual = changed(PAPER, training={"clip_norm": 1.0})
    assert Question("q", changed(usual, training={"clip_norm": None}), (), PAPER).departures("c") == [
        "training.clip_norm none instead of 1.0"
    ]
    assert Question("q", usual, (), PAPER).departures("c") == []


def test_options_of_other_objectives_are_not_those_of_labels():
    common = {"name": "prediction", "length": 60, "label_truncation": 8}
    paper = {**PAPER, "objective": common, "models": {"lstm": {"objective": "labels"}, "p-lstm": {"name": "lstm"}}}
    ours = changed(paper, objective={"length": 30, "label_truncation": 4})
    assert Question("q", ours, (), paper).departures("lstm") == ["objective.label_truncation 4 instead of 8"]
    assert "objective.length 30 instead of 60" in Question("q", ours, (), paper).departures("p-lstm")


def test_of_another_form_of_a_task_nothing_is_published():
    varied = changed(PAPER, task={"gap": "per-sequence"})
    assert Question("q", varied).published("ur-lstm", "gu2020improving") == ()


def test_published_numbers_can_be_those_of_one_table():
    settings = {**PAPER, "task": {"name": "cifar10"}, "models": {"ur-lstm": {}}}
    (found,) = Question("q", settings, places=("ablation table",)).published("ur-lstm", "gu2020improving")
    assert found.split == "validation"
    assert len(Question("q", settings).published("ur-lstm", "gu2020improving")) == 2


def test_published_numbers_are_those_of_the_papers_own_settings():
    (found,) = QUESTION.published("ur-lstm", "gu2020improving")
    assert found.outcome == "solves it fast"
    assert QUESTION.published("ur-lstm", "tallec2018can") == ()
