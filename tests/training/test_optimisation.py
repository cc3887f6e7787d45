"""Optimisers and learning rates of the papers."""

import pytest
import torch
from torch import nn
from torch.optim import Adam, RMSprop

from holdfast.training import TrainingSettings
from holdfast.training.optimisers import make_optimiser, set_learning_rate
from holdfast.training.schedules import learning_rate


def optimiser(**settings):
    return make_optimiser([nn.Parameter(torch.zeros(1))], TrainingSettings(learning_rate=0.5, **settings))


def test_each_name_gives_its_optimiser_at_the_learning_rate():
    adam, amsgrad, rmsprop = (optimiser(optimiser=name) for name in ("adam", "amsgrad", "rmsprop"))
    assert isinstance(adam, Adam)
    assert not adam.defaults["amsgrad"]
    assert amsgrad.defaults["amsgrad"]
    assert isinstance(rmsprop, RMSprop)
    assert [made.defaults["lr"] for made in (adam, amsgrad, rmsprop)] == [0.5] * 3


def test_alpha_is_the_smoothing_of_rmsprop():
    assert optimiser(optimiser="rmsprop").defaults["alpha"] == 0.99
    assert optimiser(optimiser="rmsprop", alpha=0.9).defaults["alpha"] == 0.9


def test_a_learning_rate_reaches_every_group():
    made = optimiser()
    made.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})
    set_learning_rate(made, 0.25)
    assert [group["lr"] for group in made.param_groups] == [0.25, 0.25]


def test_a_constant_rate_does_not_change():
    settings = TrainingSettings(learning_rate=0.5)
    assert {learning_rate(settings, step, [1.0, 2.0]) for step in (0, 999)} == {0.5}


def test_halving_halves_after_every_so_many_steps():
    settings = TrainingSettings(learning_rate=0.8, schedule="halving", halve_every=10)
    rates = [learning_rate(settings, step, []) for step in (0, 9, 10, 19, 20)]
    assert rates == pytest.approx([0.8, 0.8, 0.4, 0.4, 0.2])


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        ([], 0.8),
        ([3.0], 0.8),
        ([3.0, 2.0], 0.8),
        ([3.0, 3.0], 0.4),
        ([3.0, 2.0, 2.5, 1.9], 0.4),
        ([1.0, 2.0, 1.5], 0.2),
    ],
)
def test_plateau_halves_whenever_the_validation_loss_is_not_below_all_before(losses, rate):
    settings = TrainingSettings(learning_rate=0.8, schedule="plateau")
    assert learning_rate(settings, 50, losses) == pytest.approx(rate)
