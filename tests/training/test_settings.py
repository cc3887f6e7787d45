"""Settings are checked where they are made."""

import json
import re
import subprocess
import sys

import pytest

from holdfast.training import Choice, RunSettings, TrainingSettings


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"steps": 0}, "training.steps must be at least 1, got 0"),
        ({"batch_size": 0}, "training.batch_size must be at least 1, got 0"),
        ({"evaluate_every": -1}, "training.evaluate_every must be at least 1, got -1"),
        ({"patience": 0}, "training.patience must be at least 1, got 0"),
        ({"threads": 0}, "training.threads must be at least 1, got 0"),
        ({"optimiser": "sgd"}, "training.optimiser must be one of adam, adamw, amsgrad, rmsprop, got 'sgd'"),
        ({"precision": "16"}, "training.precision must be one of 32-true, bf16-mixed, 64-true, got '16'"),
        ({"learning_rate": 0.0}, "training.learning_rate must be a number above 0, got 0.0"),
        ({"learning_rate": float("nan")}, "training.learning_rate must be a number above 0, got nan"),
        ({"clip_norm": -1.0}, "training.clip_norm must be a number above 0, got -1.0"),
        ({"alpha": 0.9}, "training.alpha must lie in [0, 1) and goes with optimiser rmsprop, got 0.9 with adam"),
        ({"alpha": 1.0, "optimiser": "rmsprop"}, "training.alpha must lie in [0, 1)"),
        ({"schedule": "halving"}, "training.halve_every goes with schedule halving, got None with halving"),
        ({"halve_every": 5}, "training.halve_every goes with schedule halving, got 5 with constant"),
        ({"batch_size": 1, "devices": 2}, "must give each of the 2 devices a sequence, got 1"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_its_name_and_value(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        TrainingSettings(**wrong)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        RunSettings(Choice("copying"), Choice("lstm"), TrainingSettings(), -1)


def test_settings_survive_json():
    settings = RunSettings(Choice("copying", {"lag": 3}), Choice("lstm", {"hidden_size": 4}), TrainingSettings(), 7)
    stored = json.loads(json.dumps(settings.as_dict()))
    assert stored["task"] == {"name": "copying", "lag": 3}
    assert Choice.from_dict(stored["model"]) == settings.model
    assert TrainingSettings(**stored["training"]) == settings.training


def test_the_settings_do_not_import_torch():
    code = "import sys, holdfast.training.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
