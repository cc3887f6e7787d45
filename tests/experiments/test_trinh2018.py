"""The experiments of Trinh et al.: every run can be made and learns a step, in a small form."""

from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.cli.build import build_model
from holdfast.cli.compare import parse
from holdfast.cli.objectives import build_learner
from holdfast.objectives import Assisted, Lesson
from holdfast.tasks import Digits
from holdfast.training import Choice

FOLDER = Path(__file__).parents[2] / "experiments/trinh2018"
SMALL = [
    *("--model.hidden_size", "4", "--objective.length", "9"),
    *("--objective.truncation", "5", "--objective.pretraining", "1"),
]


def comparison(name, *arguments):
    return parse(["--config", str(FOLDER / f"{name}.yaml"), *arguments])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_model_of_an_experiment_learns_a_step_in_the_small(path):
    found = comparison(path.stem, *SMALL)
    task = Digits(train_examples=10)
    batch = task.training_batch(0, 3, seed=0)
    for label, choice in found.models.items():
        options = {**choice.options, "backend": "reference", "embedding_size": choice.options["embedding_size"] and 4}
        learner = build_learner(found.objectives[label], build_model(replace(choice, options=options), task, 0), 0)
        if found.objectives[label] is None:
            assert learner(batch.inputs, None).shape == (3, task.output_size)
            continue
        assert isinstance(learner, Assisted), label
        answers, auxiliary, *_ = learner(batch.inputs, None, Lesson(1, None))
        loss = task.objective(answers, batch.targets)
        (loss if auxiliary is None else loss + auxiliary[0] / auxiliary[1]).backward()
        assert any(parameter.grad is not None for parameter in learner.model.layer.parameters()) == (
            learner.truncation != 0 or auxiliary is not None
        )


def test_the_ablation_turns_off_one_factor_at_a_time():
    found = comparison("ablation")
    full, model = found.objectives["full"], found.models["full"]
    assert full is not None
    factors = {
        "no-pretraining": {"pretraining": 0},
        "no-joint-training": {"afterwards": "fine-tuning"},
        "immediate-past": {"placement": "immediate past"},
        "no-future": {"placement": "random past"},
        "not-reversed": {"order": "as read"},
        "no-embedding": {"embedding_size": 0},
        "one-decoder-layer": {"extra_layers": 0},
        "always-the-truth": {"truth_last": 1.0},
        "never-the-truth": {"truth_first": 0.0},
        "many-short-segments": {"segments": 20, "length": 30},
        "shared-anchors": {"anchors": "batch"},
    }
    for label, change in factors.items():
        assert found.objectives[label] == Choice("reconstruction", {**full.options, **change})
        assert label == "no-embedding" or found.models[label] == model
    assert found.objectives["no-auxiliary-loss"] == Choice("labels", {"label_truncation": 300})
    assert found.models["no-embedding"].options["embedding_size"] is None


def test_sound_is_learnt_by_the_same_lstms_from_all_of_it_or_from_its_end():
    found = comparison("fsdd")
    assert found.task.options["max_length"] is None
    for kind in ("lstm", "chrono-lstm"):
        arms = [f"{way}-{kind}" for way in ("truncated", "r", "full")]
        options = [{**found.models[label].options, "recompute": None} for label in arms]
        assert options[0] == options[1] == options[2]
        truncated, helped, full = (found.objectives[label] for label in arms)
        assert truncated == Choice("labels", {"label_truncation": 600})
        assert helped is not None
        assert helped.options["label_truncation"] == 600
        assert full is None
        assert found.models[arms[2]].options["recompute"] == "auto"


def test_only_the_labels_reach_is_shrunk():
    found = comparison("shrinking")
    reaches = {label: choice.options["label_truncation"] for label, choice in found.objectives.items() if choice}
    assert reaches == {f"{kind}-lstm-{steps}": steps for kind in "rp" for steps in (300, 200, 100, 50, 1, 0)}
    rest = {
        str({name: value for name, value in choice.options.items() if name != "label_truncation"})
        for choice in found.objectives.values()
        if choice
    }
    assert len(rest) == 2
