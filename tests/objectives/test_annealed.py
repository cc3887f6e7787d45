"""The slope of learnt boundaries, which grows on schedule."""

import pytest
import torch

import holdfast
from holdfast.cli.objectives import build_learner, objective_choice
from holdfast.models import SequenceModel
from holdfast.objectives import Annealed, Lesson, SlopeSettings
from holdfast.tasks import Digits
from holdfast.training import silent, train
from training.small import same, weights
from training.test_lessons import SMALL, stop_at

X = torch.randn(6, 3, 3, generator=torch.Generator().manual_seed(1))


def make_model(name="hm-lstm", inputs=3, outputs=2, **options):
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make(name, inputs, 5, backend="reference", generator=generator, **options)
    return SequenceModel(layer, outputs, readout="last step", generator=generator)


def slopes(learner):
    return [cell.slope.item() for cell in learner.sloped]


def gradient(model, answers):
    return torch.autograd.grad(answers.square().sum(), model.layer.cells[0].levels[0].weight_ih)[0]


def test_the_slope_grows_evenly_to_its_last_and_stays_there():
    learner = Annealed(make_model(layers=2, slope=2.0, num_layers=2), SlopeSettings(steps=10, last=5.0))
    for step, slope in ((0, 2.0), (5, 3.5), (10, 5.0), (99, 5.0)):
        assert learner(X, None, Lesson(step, None)).auxiliary is None
        assert slopes(learner) == [slope, slope]
    learner.eval()(X, None, Lesson(0, None))
    learner.train()(X)
    assert slopes(learner) == [5.0, 5.0]
    within = make_model("zoneout-hm-lstm", layers=2)
    assert slopes(Annealed(within)) == [1.0]


def test_it_changes_gradients_and_no_answer():
    model = make_model(layers=2)
    learner = Annealed(model, SlopeSettings(steps=10))
    first, last = (learner(X, None, Lesson(step, None)).answers for step in (0, 10))
    learner.begin(0)
    flat = gradient(model, learner(X))
    learner.begin(10)
    steep = gradient(model, learner(X))
    assert torch.equal(first, last)
    assert not torch.allclose(flat, steep)


def test_a_run_that_is_stopped_ends_with_the_same_bits(tmp_path):
    def learner():
        return Annealed(make_model(inputs=1, outputs=10, layers=2), SlopeSettings(steps=6))

    task = Digits(train_examples=40, validation_examples=20)
    whole, parts = learner(), learner()
    train(whole, task, SMALL, folder=tmp_path / "whole", watch=silent)
    with pytest.raises(InterruptedError):
        train(parts, task, SMALL, folder=tmp_path / "parts", watch=stop_at(5))
    parts = learner()
    train(parts, task, SMALL, folder=tmp_path / "parts", watch=silent)
    assert same(weights(whole), weights(parts))
    plain = make_model(inputs=1, outputs=10, layers=2)
    train(plain, task, SMALL, folder=tmp_path / "plain", watch=silent)
    assert not same(weights(whole.model), weights(plain))


def test_the_command_line_makes_it():
    learner = build_learner(objective_choice({"name": "slope", "steps": 4}), make_model(layers=2), 0)
    assert isinstance(learner, Annealed)
    assert learner.settings == SlopeSettings(steps=4, last=5.0)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: Annealed(make_model("lstm")), "choose hm-lstm"),
        (lambda: SlopeSettings(steps=0), "objective.steps must be at least 1"),
        (lambda: SlopeSettings(last=0), "objective.last above 0"),
    ],
)
def test_what_can_not_be_done_is_explained(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()
