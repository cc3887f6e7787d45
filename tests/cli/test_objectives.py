"""`--objective`: what a run minimises, on the command line, in a file, and in the record."""

import json
from pathlib import Path

import pytest
import yaml

from holdfast.cli import main
from holdfast.cli.build import build_model, build_task
from holdfast.cli.compare import parse as parse_comparison
from holdfast.cli.compare import prepare
from holdfast.cli.objectives import OBJECTIVES, build_learner
from holdfast.cli.train import parse
from holdfast.models import SequenceModel
from holdfast.objectives import Assisted, Autoencoder, LanguageModel, Prediction, Reconstruction
from holdfast.objectives.asking import AtTheEnd, WithLinearGain

TASK = ["--task", "digits", "--task.train_examples", "20", "--task.validation_examples", "10"]
MODEL = ["--model", "lstm", "--model.hidden_size", "4", "--model.embedding_size", "3"]
TRAINING = [
    *("--training.steps", "3", "--training.batch_size", "4", "--training.evaluate_every", "1"),
    *("--training.threads", "1", "--training.accelerator", "cpu", "--training.evaluation_batch_size", "400"),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(path):
    return json.loads(Path(path).read_text())


def settings_of(*arguments):
    return parse([*TASK, *MODEL, *TRAINING, *arguments])[0]


def learner_of(*arguments):
    settings = settings_of(*arguments)
    model = build_model(settings.model, build_task(settings.task), 0)
    return build_learner(settings.objective, model, 0)


def test_the_plain_objective_is_left_out_of_the_settings():
    assert settings_of().objective is None
    assert settings_of("--objective", "labels").objective is None
    assert "objective" not in settings_of().as_dict()
    assert isinstance(learner_of(), SequenceModel)


def test_labels_can_be_truncated_alone():
    learner = learner_of("--objective.label_truncation", "5")
    assert isinstance(learner, Assisted)
    assert (learner.truncation, learner.auxiliary) == (5, None)


@pytest.mark.parametrize(("name", "kind"), [("reconstruction", Reconstruction), ("prediction", Prediction)])
def test_an_auxiliary_loss_is_built_as_it_is_told(name, kind):
    options = {"segments": 3, "length": 7, "truncation": 9, "pretraining": 2, "label_truncation": 1}
    given = [word for option, value in options.items() for word in (f"--objective.{option}", str(value))]
    learner = learner_of("--objective", name, *given, "--objective.afterwards", "fine-tuning")
    assert isinstance(learner, Assisted)
    assert isinstance(learner.auxiliary, kind)
    settings = learner.auxiliary.settings
    assert (settings.segments, settings.length, settings.truncation) == (3, 7, 9)
    assert settings.head_sizes == (256, 256)
    assert (learner.pretraining, learner.truncation, learner.afterwards) == (2, 1, "fine-tuning")


@pytest.mark.parametrize(("name", "kind"), [("autoregression", LanguageModel), ("autoencoder", Autoencoder)])
def test_a_layer_can_be_pretrained_and_then_fine_tuned(name, kind):
    options = ["--objective.pretraining", "2", "--objective.afterwards", "fine-tuning", "--objective.truncation", "9"]
    learner = learner_of("--objective", name, *options)
    assert isinstance(learner.auxiliary, kind)
    assert (learner.pretraining, learner.afterwards, learner.auxiliary.settings.truncation) == (2, "fine-tuning", 9)
    assert main(["train", *TASK, *MODEL, *TRAINING, "--folder", "run", "--objective", name, *options]) == 0


def test_the_auxiliary_network_does_not_start_with_the_models_numbers():
    learner = learner_of("--objective", "reconstruction", "--objective.embedding_size", "3")
    main_layer, decoder = learner.model.layer, learner.auxiliary.decoder
    assert main_layer.cells[0].weight_hh.shape == decoder.cells[0].weight_hh.shape
    assert not (main_layer.cells[0].weight_hh == decoder.cells[0].weight_hh).any()


def test_a_run_keeps_its_objective_and_refuses_another(capsys):
    arguments = ["train", *TASK, *MODEL, *TRAINING, "--folder", "run", "--objective", "reconstruction"]
    small = ["--objective.length", "3", "--objective.head_sizes", "5", "--objective.pretraining", "1"]
    assert main([*arguments, *small]) == 0
    kept = read("run/settings.json")["objective"]
    assert (kept["name"], kept["length"], kept["head_sizes"], kept["pretraining"]) == ("reconstruction", 3, [5], 1)
    assert main([*arguments, *small[:-1], "2"]) == 2
    assert "objective.pretraining is 1 there and 2 here" in capsys.readouterr().err
    assert main(["train", "--config", "run/settings.json", "--folder", "again"]) == 0
    assert read("run/summary.json")["test"] == read("again/summary.json")["test"]


def test_the_parameters_that_a_record_counts_are_those_of_the_model_alone():
    with_help = ["--objective", "reconstruction", "--objective.length", "3"]
    for folder, given in (("plain", []), ("helped", with_help)):
        main(["train", *TASK, *MODEL, *TRAINING, "--training.steps", "1", "--folder", folder, *given])
    described = [read(f"{folder}/description.json") for folder in ("plain", "helped")]
    assert described[0]["model"] == described[1]["model"]


def test_a_comparison_gives_common_options_to_the_objectives_that_have_them():
    content = {
        "task": "digits",
        "models": {
            "truncated": {"name": "lstm", "objective": "labels"},
            "r": {"name": "lstm", "objective": {"name": "reconstruction", "order": "as read"}},
            "p": {"name": "lstm", "objective": {"name": "prediction", "length": 3}},
        },
        "objective": {"label_truncation": 4, "length": 9, "order": "reversed"},
        "model": {"hidden_size": 3},
    }
    Path("file.yaml").write_text(yaml.safe_dump(content))
    found = parse_comparison(["--config", "file.yaml"]).objectives
    assert [found[label].name for label in ("truncated", "r", "p")] == ["labels", "reconstruction", "prediction"]
    assert found["truncated"].options == {"label_truncation": 4}
    assert (found["r"].options["length"], found["r"].options["order"]) == (9, "as read")
    assert (found["p"].options["length"], found["p"].options["label_truncation"]) == (3, 4)


def test_models_without_an_objective_of_their_own_have_the_common_one():
    comparison = parse_comparison(
        [*TASK, "--models", "lstm", "gru", "--objective", "prediction", "--objective.length", "5"]
    )
    assert {choice.name for choice in comparison.objectives.values()} == {"prediction"}
    assert {choice.options["length"] for choice in comparison.objectives.values()} == {5}
    assert parse_comparison([*TASK, "--models", "lstm"]).objectives == {"lstm": None}


def test_the_runs_of_a_comparison_are_each_with_their_objective():
    models = "{a: {name: lstm, objective: {name: prediction, length: 3}}, b: {name: lstm}}"
    runs = prepare(parse_comparison([*TASK, "--models", models, "--model.hidden_size", "3"]))
    assert [None if run.settings.objective is None else run.settings.objective.name for run in runs] == [
        "prediction",
        None,
    ]


def test_updates_can_be_given_a_price_and_gates_be_opened_on_schedule(capsys):
    model = ["--model", "gaussian-lstm", "--model.hidden_size", "4", "--model.t_max", "64"]
    model += ["--model.backend", "reference"]
    given = ["--objective", "budget", "--objective.weight", "0.5", "--objective.per", "sequence"]
    assert main(["train", *TASK, *model, *TRAINING, "--folder", "run", *given]) == 0
    assert "test openness 0." in capsys.readouterr().out
    assert read("run/settings.json")["objective"] == {
        "name": "budget",
        "weight": 0.5,
        "per": "sequence",
        "threshold": 0.05,
    }
    given = ["--objective", "curriculum", "--objective.steps", "2"]
    assert main(["train", *TASK, *model, *TRAINING, "--folder", "other", *given]) == 0
    assert read("other/summary.json")["validation"]["openness"] > 0.5
    assert main(["train", *TASK, *MODEL, *TRAINING, "--folder", "third", *given]) == 2
    assert "got one of LSTM, all of which is updated at every step" in capsys.readouterr().err


def test_a_network_without_a_state_learns_from_labels_alone(capsys):
    rival = ["--model", "transformer", "--model.hidden_size", "8", "--model.filter_size", "4"]
    assert main(["train", *TASK, *rival, *TRAINING, "--folder", "run"]) == 0
    assert read("run/description.json")["model"]["backend"] == "PyTorch's own attention and layers"
    capsys.readouterr()
    assert main(["train", *TASK, *rival, *TRAINING, "--folder", "other", "--objective", "prediction"]) == 2
    assert "objective prediction is for recurrent models" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--objective", "reconstuction"], "there is no objective 'reconstuction'; did you mean 'reconstruction'?"),
        (
            ["--objective", "x"],
            "there are labels, reconstruction, prediction, autoregression, autoencoder, budget, curriculum, slope",
        ),
        (["--objective", "prediction", "--objective.order", "reversed"], "there is no option --objective.order"),
        (["--objective", "prediction", "--objective.length", "0"], "objective.length must be at least 1, got 0"),
        (["--objective.label_truncation", "-1"], "must be at least 0"),
        (["--objective", "budget", "--objective.weight", "-1"], "objective.weight must be a number of at least 0"),
        (["--objective", "curriculum", "--objective.length", "3"], "there is no option --objective.length"),
        (["--objective", "reconstruction", "--objective.budget", "shared"], "use up a shared budget of 300 steps"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments, words, capsys):
    assert main(["train", *TASK, *MODEL, *TRAINING, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_help_names_every_objective_and_the_options_of_the_chosen_one(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--objective", "reconstruction", "--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in OBJECTIVES)
    assert "--objective.placement" in shown
    assert "--objective.label_truncation" in shown


@pytest.mark.parametrize("name", ["labels", "autoencoder"])
def test_a_label_can_be_asked_for_with_a_linear_gain(name):
    gain = ["--objective", name, "--objective.gain", "linear", "--objective.label_truncation", "9"]
    assert main(["train", *TASK, *MODEL, *TRAINING, "--folder", "run", *gain]) == 0
    assert read("run/settings.json")["objective"]["gain"] == "linear"
    assert learner_of(*gain).asking == WithLinearGain(9)


def test_settings_hold_no_gain_where_there_is_none():
    assert settings_of("--objective.label_truncation", "5").objective.options == {"label_truncation": 5}
    assert learner_of("--objective.label_truncation", "5").asking == AtTheEnd(5)


@pytest.mark.parametrize(("name", "lines"), [("gaussian-lstm", 3), ("skip-lstm", 1)])
def test_what_a_run_saves_at_inference_is_measured(name, lines, capsys):
    model = ["--model", name, "--model.hidden_size", "4", "--model.backend", "reference"]
    model += ["--model.t_max", "64", "--model.width", "0.1"] if name == "gaussian-lstm" else []
    assert main(["train", *TASK, *model, *TRAINING, "--folder", "run", "--objective", "budget"]) == 0
    capsys.readouterr()
    assert main(["saving", "run", "--thresholds", "0", "0.05", "2", "--sequences", "5"]) == 0
    header, *told, kept = capsys.readouterr().out.splitlines()
    assert "test accuracy" in header
    assert len(told) == lines
    whole = 64 * 4 * 4 * 5
    if name == "gaussian-lstm":
        done = [float(line.split()[3]) for line in told]
        assert done[0] == whole > done[1] > done[2] == 0
    else:
        assert told[0].strip().startswith("at rest")
    found = read("run/saving.json")
    assert kept.startswith("Kept in run/saving.json")
    assert len(found["measured"]) == lines
    assert (found["steps"], found["batch_size"], found["sequences"]) == (64, 1, 5)
    for each, line in zip(found["measured"], told, strict=True):
        assert f"{each['operations']:.3g}" in line
        assert f"{each['seconds']:.3g}" in line
        assert each["operations"] / each["of"] == pytest.approx(each["updated"])
    assert found["environment"]["cores"]


def test_a_run_without_rest_saves_nothing(capsys):
    assert main(["train", *TASK, *MODEL, *TRAINING, "--training.steps", "1", "--folder", "run"]) == 0
    assert main(["saving", "run"]) == 2
    assert "all of which is updated at every step" in capsys.readouterr().err
    assert main(["saving", "elsewhere"]) == 2
    assert "expected the folder of a run, but elsewhere is no folder" in capsys.readouterr().err
