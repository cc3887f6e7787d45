"""Optimisers and learning rates of the papers."""

import pytest
import torch
from torch import nn
from torch.optim import Adam, AdamW, RMSprop

from holdfast import make
from holdfast.training import TrainingSettings
from holdfast.training.optimisers import make_optimiser, parameter_groups, set_learning_rate
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


def test_weight_decay_pulls_on_matrices_but_neither_on_vectors_nor_on_what_a_cell_exempts():
    layer = make("kaf-gru", 3, 4)
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    for p in layer.parameters():
        p.grad = torch.zeros_like(p)
    settings = TrainingSettings(optimiser="adamw", learning_rate=0.5, weight_decay=0.1)
    make_optimiser(parameter_groups(layer, settings.weight_decay), settings).step()
    for name, p in layer.named_parameters():
        kept = 0.95 if name.endswith(("weight_ih", "weight_hh")) else 1.0
        torch.testing.assert_close(p.detach(), kept * before[name], msg=name)


def test_every_parameter_is_in_one_group_whatever_the_decay():
    layer = make("kaf-lstm", 3, 4)
    for decay in (0.0, 0.1):
        held = [id(p) for group in parameter_groups(layer, decay) for p in group["params"]]
        assert sorted(held) == sorted(map(id, layer.parameters()))
    assert {group.get("weight_decay") for group in parameter_groups(layer, 0.1)} == {0.1, 0.0}


@pytest.mark.parametrize("name", ["adam", "adamw", "amsgrad", "rmsprop"])
def test_every_optimiser_takes_weight_decay(name):
    weight = nn.Linear(1, 1)
    weight.weight.data.fill_(1.0)
    for p in weight.parameters():
        p.grad = torch.zeros_like(p)
    settings = TrainingSettings(optimiser=name, weight_decay=0.1)
    made = make_optimiser(parameter_groups(weight, settings.weight_decay), settings)
    assert isinstance(made, AdamW) == (name == "adamw")
    made.step()
    assert weight.weight.item() < 1


def test_a_negative_weight_decay_is_refused():
    with pytest.raises(ValueError, match="weight_decay"):
        TrainingSettings(weight_decay=-0.1)


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
