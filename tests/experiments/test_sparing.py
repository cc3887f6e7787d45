"""The experiments of Thornton et al. and of Campos et al.: every run can be made and learns a step, in a small form."""

from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.cli.build import build_model, build_task
from holdfast.cli.compare import parse
from holdfast.cli.objectives import build_learner
from holdfast.objectives import Budgeted, Learner, Lesson, Widened

FOLDER = Path(__file__).parents[2] / "experiments"
FILES = [*sorted(FOLDER.glob("thornton2019/*.yaml")), *sorted(FOLDER.glob("campos2018/*.yaml"))]
PLAIN = {"forget-lstm", "forget-gru"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_model_of_an_experiment_learns_a_step_in_the_small(path):
    small = ["--task", "digits", "--task.train_examples", "10"] if path.stem == "mnist" else ["--task.length", "12"]
    found = parse(["--config", str(path), *small, "--model.hidden_size", "4"])
    task = build_task(found.task)
    batch = task.training_batch(0, 3, seed=0)
    for label, choice in found.models.items():
        choice = replace(choice, options={**choice.options, "backend": "reference"})
        learner = build_learner(found.objectives[label], build_model(choice, task, 0), 0)
        assert isinstance(learner, Learner) == (label not in PLAIN)
        if isinstance(learner, Learner):
            answers, auxiliary, *_ = learner(batch.inputs, None, Lesson(0, None))
            assert (auxiliary is None) == isinstance(learner, Widened)
            loss = task.objective(answers, batch.targets)
            (loss if auxiliary is None else loss + auxiliary[0] / auxiliary[1]).backward()
            layer = learner.model.layer
            assert all((p.grad is None) != p.requires_grad for p in layer.parameters())


def test_prices_span_three_decades_and_nothing_else_differs():
    found = parse(["--config", str(FOLDER / "thornton2019/budget.yaml")])
    gated = {label: found.objectives[label] for label, model in found.models.items() if model.name == "gaussian-lstm"}
    prices = [objective.options["weight"] for objective in gated.values()]
    assert prices == [0.0, 1e-4, 1e-3, 1e-2, 1e-1]
    assert len({str(found.models[label]) for label in gated}) == 1
    assert {objective.name for objective in gated.values()} == {"budget"}


def test_the_skip_rnn_is_asked_in_its_own_convention():
    found = parse(["--config", str(FOLDER / "campos2018/adding.yaml")])
    task = build_task(found.task)
    assert task.solved_loss == pytest.approx(1 / 600)
    assert {choice.options["per"] for choice in found.objectives.values() if choice} == {"sequence"}
    learner = build_learner(found.objectives["skip-lstm"], build_model(found.models["skip-lstm"], task, 0), 0)
    assert isinstance(learner, Budgeted)
    assert learner.settings.weight == 0
