"""The comparison of Chandar et al.: as many parameters as in the authors' code."""

import pytest

from holdfast.cli.build import build_model, build_task
from holdfast.cli.options import model_choice
from holdfast.experiments import EXPERIMENTS
from holdfast.experiments.question import declared
from holdfast.training import Choice

COUNTS = {
    "copying": {
        "nru": 23_569,
        "orthogonal-lstm": 23_529,
        "orthogonal-chrono-lstm": 23_529,
        "orthogonal-gru": 23_625,
        "orthogonal-janet": 23_542,
        "orthogonal-rnn": 23_604,
        "identity-rnn": 23_604,
        "statistical-ru": 23_010,
    },
    "permuted-mnist": {
        "nru": 165_554,
        "orthogonal-lstm": 164_210,
        "orthogonal-chrono-lstm": 164_210,
        "orthogonal-gru": 165_194,
        "orthogonal-janet": 164_150,
        "orthogonal-rnn": 165_610,
        "identity-rnn": 165_610,
        "statistical-ru": 164_770,
    },
}
"""As the configurations of the authors' research code give them."""


@pytest.mark.parametrize("name", COUNTS)
def test_every_model_has_as_many_parameters_as_in_the_authors_code(name):
    question = EXPERIMENTS[f"chandar2019/{name}"].ask("full")[0]
    task = build_task(Choice.from_dict(question.settings["task"]))
    counts = {}
    for label in question.labels:
        options = dict(declared(question.settings, label)["model"])
        model = build_model(model_choice(options.pop("name"), options), task, seed=0)
        counts[label] = sum(parameter.numel() for parameter in model.parameters())
    assert counts == COUNTS[name]
