"""From the words of a command line to models."""

from inspect import Parameter

import pytest

from holdfast.cli.build import TORCHS_OWN, build_model, card_of, model_options
from holdfast.cli.errors import UserError
from holdfast.cli.objectives import build_learner, objective_choice
from holdfast.cli.options import model_choice
from holdfast.layers import CATALOGUE
from holdfast.models import CAUSAL, RIVALS
from holdfast.tasks import Adding, Copying, Digits, Frequency


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_name_builds_from_its_default_options(name):
    """The command line passes every option on, also those that nobody gave."""
    task = Copying(lag=2)
    options = model_options(CATALOGUE[name])
    needed = {option: 5 for option, parameter in options.items() if parameter.default is Parameter.empty}
    assert needed.keys() <= {"t_max"}
    model = build_model(model_choice(name, {"hidden_size": 4, **needed}), task, seed=0)
    batch = task.training_batch(0, 3, seed=0)
    assert model(batch.inputs).shape == (task.steps, 3, task.output_size)


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_builds_and_answers_once_a_sequence(name):
    task = Digits()
    model = build_model(model_choice(name, {"hidden_size": 8, "filter_size": 4, "head_sizes": [6]}), task, seed=0)
    batch = task.training_batch(0, 3, seed=0)
    assert model(batch.inputs).shape == (3, task.output_size)
    with pytest.raises(ValueError, match=f"{name} gives one answer a sequence, and copying asks at every step"):
        build_model(model_choice(name, {}), Copying(lag=2), seed=0)


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_network_answers_at_every_step_and_keeps_no_state_for_an_objective(name):
    task = Copying(lag=2)
    model = build_model(model_choice(name, {"hidden_size": 4, "levels": 2}), task, seed=0)
    batch = task.training_batch(0, 3, seed=0)
    assert model(batch.inputs).shape == (task.steps, 3, task.output_size)
    assert card_of(model_choice(name, {}), model).backend == TORCHS_OWN
    with pytest.raises(UserError, match=f"objective prediction is for recurrent models.*{type(model.layer).__name__}"):
        build_learner(objective_choice({"name": "prediction"}), model, seed=0)


def stamped(**options):
    return model_choice("phased-lstm", {"hidden_size": 4, "clock": "stamps", **options})


def test_a_clock_of_time_stamps_asks_for_a_task_that_has_them():
    with pytest.raises(ValueError, match="takes the last channel of its input for the time, and that of adding is"):
        build_model(stamped(), Adding(length=10), 0)
    task = Frequency()
    batch = task.training_batch(0, 3, seed=0)
    assert build_model(stamped(), task, 0)(batch.inputs, batch.lengths).shape == (3, 2)


def test_time_stamps_are_not_mixed_with_other_channels_before_the_clock_reads_them():
    with pytest.raises(ValueError, match=r"an embedding would mix the time stamps .* leave out --model.embedding_size"):
        build_model(stamped(embedding_size=5), Frequency(), 0)
