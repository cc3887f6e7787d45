"""`holdfast train`: what it takes, and what it refuses."""

import os
from pathlib import Path

import pytest
import torch
import yaml

from cli.refusals import refusals_of
from holdfast.cli import main
from holdfast.cli.train import RESUME, parse
from holdfast.training import TrainingSettings
from holdfast.training.checkpoint import load_checkpoint

TINY = [
    *("train", "--task", "copying", "--task.lag", "2", "--task.evaluation_examples", "8"),
    *("--model", "lstm", "--model.hidden_size", "4", "--training.batch_size", "3", "--training.steps", "2"),
    *("--training.threads", "1", "--training.accelerator", "cpu", "--training.evaluate_every", "1"),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


refused = refusals_of("train")


def printed(capsys, *arguments: str) -> dict:
    """The configuration that the arguments amount to."""
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "--print_config"])
    return yaml.safe_load(capsys.readouterr().out)


def test_flags_name_the_task_the_model_and_their_options():
    task = ["--task", "copying", "--task.lag", "7"]
    model = ["--model=chrono-lstm", "--model.t_max", "12", "--model.head_sizes", "256", "32"]
    training = ["--training.learning_rate", "2e-3", "--training.clip_norm", "null"]
    settings, folder = parse([*task, *model, *training, "--seed", "3"])
    assert (settings.task.name, settings.task.options["lag"], settings.seed) == ("copying", 7, 3)
    assert settings.model.options["t_max"] == 12.0
    assert settings.model.options["head_sizes"] == [256, 32]
    assert settings.model.options["hidden_size"] == 128
    assert settings.training == TrainingSettings(learning_rate=2e-3, clip_norm=None)
    assert str(folder) == "runs/copying/chrono-lstm/seed-3"


@pytest.mark.parametrize("name", ["copying", {"name": "copying"}])
def test_a_yaml_file_gives_settings_and_flags_overrule_it(tmp_path, name):
    file = tmp_path / "settings.yaml"
    task = {"name": name} if isinstance(name, str) else name
    content = {
        "task": {**task, "lag": 9},
        "model": "nru",
        "training": {"steps": 5, "learning_rate": "1e-2"},
        "seed": 4,
    }
    file.write_text(yaml.safe_dump(content).replace("'1e-2'", "1e-2"))
    settings, _ = parse(["--config", str(file), "--training.steps", "6"])
    assert (settings.task.options["lag"], settings.model.name, settings.seed) == (9, "nru", 4)
    assert (settings.training.steps, settings.training.learning_rate) == (6, 0.01)


def test_the_printed_configuration_gives_the_same_run_again(tmp_path, capsys):
    content = printed(capsys, *TINY, "--model.head_sizes", "3")
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(content))
    assert printed(capsys, "train", "--config", "again.yaml") == content
    assert parse(["--config", "again.yaml"]) == parse([*TINY[1:], "--model.head_sizes", "3"])


def test_the_settings_of_a_run_give_the_same_run_again(capsys):
    assert main(TINY) == 0
    record = "runs/copying/lstm/seed-0"
    assert main(["train", "--config", f"{record}/settings.json", "--folder", "again"]) == 0
    one, other = (load_checkpoint(f"{folder}/best.pt")["model"] for folder in (record, "again"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert Path(record, "settings.json").read_text() == Path("again", "settings.json").read_text()


def test_help_shows_the_options_of_the_task_and_the_model_with_type_and_default(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--task", "copying", "--model", "chrono-lstm", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--task.lag LAG the gap between the letters" in text
    assert "--task.convention {tallec,gu,chandar,vanderwesthuizen}" in text
    assert (
        "--model.t_max T_MAX longest dependency of the task, in steps, above `t_min`. (required, type: float)" in text
    )
    assert "--training.steps STEPS updates of the parameters. (type: int, default: 1000)" in text
    assert "generator" not in text


def test_the_end_of_a_run_is_told_and_a_second_call_changes_nothing(capsys):
    assert main(TINY) == 0
    first = capsys.readouterr().out.splitlines()[-1]
    assert first.startswith("all 2 steps done; test accuracy ")
    assert first.endswith("record in runs/copying/lstm/seed-0")
    assert main(TINY) == 0
    assert capsys.readouterr().out.splitlines() == [first]


def test_a_run_that_diverges_ends_with_1_and_says_where(capsys):
    code = main([*TINY, "--training.learning_rate", "1e37", "--training.steps", "9"])
    captured = capsys.readouterr()
    assert code == 1
    assert "Lower training.learning_rate" in captured.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--model", "lstm"], "no task was named; add --task NAME (`holdfast list tasks` shows them)"),
        (["--task", "copying"], "no model was named; add --model NAME (`holdfast list models` shows them)"),
        (["--task", "copyin", "--model", "lstm"], "there is no task 'copyin'; did you mean 'copying'?"),
        (
            ["--task", "qqq", "--model", "lstm"],
            "there is no task 'qqq'; `holdfast list tasks` shows those that there are",
        ),
        (["--model", "ur-lsmt"], "there is no model 'ur-lsmt'; did you mean 'ur-lstm'?"),
        (["--task", "copying", "--task.lagg", "3"], "there is no option --task.lagg; did you mean --task.lag?"),
        (["--task", "copying", "--task.lagg=3"], "there is no option --task.lagg; did you mean --task.lag?"),
        (["--model", "lstm", "--model.t_max", "3"], "there is no option --model.t_max; "),
        (["--training.step", "3"], "there is no option --training.step; did you mean --training.steps?"),
        (["--model", "chrono-lstm"], "--model.t_max is missing; --help says what it is"),
        (["--task", "copying", "--task.lag", "x"], "task.lag must be a whole number, got 'x'"),
        (["--task", "copying", "--task.gap", "x"], "task.gap must be one of fixed, per-sequence, per-batch, got 'x'"),
        (["--training.steps", "2.5"], "training.steps must be a whole number, got '2.5'"),
        ([*TINY[1:], "--training.steps", "0"], "training.steps must be at least 1, got 0"),
        ([*TINY[1:], "--task.lag", "0"], "Copying expects lag to be a whole number of at least 1, got 0"),
        ([*TINY[1:], "--model.hidden_size", "0"], "hidden_size"),
        ([*TINY[1:], "--model.head_sizes", "0"], "head_sizes and output_size must be at least 1, got (0,) and 10"),
        (["--config", "none.yaml"], "the settings file none.yaml can't be read: No such file or directory"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments, text, capsys, tmp_path):
    assert refused(capsys, *arguments).startswith(text)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("task: [", "the settings file bad.yaml is not YAML: "),
        ("just words", "the settings file bad.yaml must hold names and values, got 'just words'"),
        ("task: {name: copying, lagg: 3}", "there is no setting task.lagg; did you mean task.lag?"),
        ("tusk: {name: copying}", "there is no setting tusk.name; did you mean task.name?"),
        ("task: {name: copying, lag: long}", "task.lag must be a whole number, got 'long'"),
        ("task: os.system", "there is no task 'os.system'; "),
        ("task: {class_path: os.system, init_args: {command: x}}", "there is no setting task.init_args.command; "),
        ("model: !!python/object/apply:os.system ['touch sprung']", "the settings file bad.yaml is not YAML: "),
    ],
)
def test_a_mistake_in_a_file_is_told_in_a_line_and_nothing_in_it_is_run(content, text, capsys, tmp_path):
    (tmp_path / "bad.yaml").write_text(content)
    assert refused(capsys, "--config", "bad.yaml").startswith(text)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_a_folder_of_another_run_is_named_with_the_difference(capsys):
    assert main([*TINY, "--folder", "mine"]) == 0
    capsys.readouterr()
    message = refused(capsys, *TINY[1:], "--folder", "mine", "--model.hidden_size", "5")
    assert message.startswith("mine holds a run with other settings: model.hidden_size is 4 there and 5 here. Nothing")


def test_a_folder_that_can_not_be_written_is_named(capsys, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("precious")
    assert "taken can't be used as the folder of a run: File exists. " in refused(
        capsys, *TINY[1:], "--folder", "taken"
    )
    assert (tmp_path / "taken").read_text() == "precious"

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    message = refused(capsys, *TINY[1:], "--folder", "read-only")
    assert "read-only can't be used as the folder of a run: Permission denied. Choose another" in message


def test_a_truncated_checkpoint_is_named_and_nothing_is_deleted(capsys, tmp_path):
    assert main([*TINY, "--folder", "mine"]) == 0
    (tmp_path / "mine" / "summary.json").unlink()
    checkpoint = tmp_path / "mine" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:999])
    capsys.readouterr()
    before = {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()}
    message = refused(capsys, *TINY[1:], "--folder", "mine")
    assert message.startswith("mine/checkpoint.pt can't be read: it is truncated or damaged")
    assert "choose another folder" in message
    after = {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()}
    del before["environment.json"], after["environment.json"]
    assert after == before


def test_a_full_disk_in_the_middle_of_a_run_is_told_in_a_line(capsys, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", refuse)
    assert "No space left on device" in refused(capsys, *TINY[1:])


def test_ctrl_c_says_how_to_go_on(capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("holdfast.cli.train.run", interrupt)
    assert main(TINY) == 130
    assert capsys.readouterr().err == f"{RESUME}\n"
