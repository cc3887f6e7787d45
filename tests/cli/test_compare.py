"""`holdfast compare`: several models and seeds on one task."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from rich.console import Console

import holdfast.cli.compare as command
from cli.refusals import refusals_of
from holdfast.cli import main
from holdfast.cli.display import Lines, LiveTable, make_display, table
from holdfast.training.checkpoint import load_checkpoint
from holdfast.training.pool import Failure
from training.small import same, timeless

TINY = [
    *("compare", "--task", "copying", "--task.lag", "2", "--task.evaluation_examples", "8"),
    *("--model.hidden_size", "4", "--training.batch_size", "3", "--training.steps", "4", "--training.threads", "1"),
    *("--training.accelerator", "cpu", "--training.evaluate_every", "2", "--training.report_every", "1"),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


refused = refusals_of("compare")


def summaries(folder: str = "runs") -> dict[str, dict]:
    found = sorted(Path(folder).rglob("summary.json"))
    return {str(path.parent.relative_to(folder)): json.loads(path.read_text()) for path in found}


def test_every_model_runs_with_every_seed_and_each_equals_a_run_of_its_own(capsys):
    assert main([*TINY, "--models", "lstm", "gru", "--seeds", "0", "1", "--workers", "2"]) == 0
    text = capsys.readouterr().out
    names = ["copying/gru/seed-0", "copying/gru/seed-1", "copying/lstm/seed-0", "copying/lstm/seed-1"]
    assert list(summaries()) == names
    assert all(f"copying, {model}, seed {seed}: finished" in text for model in ("lstm", "gru") for seed in (0, 1))
    assert "`holdfast report runs` makes a page of them" in text
    settings = "runs/copying/gru/seed-1/settings.json"
    assert main(["train", "--config", settings, "--folder", "alone"]) == 0
    one, other = (load_checkpoint(Path(folder, "best.pt"))["model"] for folder in ("alone", Path(settings).parent))
    assert same(one, other)


def test_what_is_finished_is_skipped_and_what_was_cut_is_resumed(capsys):
    arguments = [*TINY, "--models", "lstm", "gru", "--workers", "2"]
    assert main(arguments) == 0
    cut = Path("runs/copying/gru/seed-0")
    whole = timeless(cut)
    (cut / "summary.json").unlink()
    with (cut / "metrics.jsonl").open("a") as file:
        file.write('{"event": "tra')
    untouched = Path("runs/copying/lstm/seed-0/summary.json")
    before = untouched.stat().st_mtime_ns
    capsys.readouterr()
    assert main(arguments) == 0
    assert timeless(cut) == whole
    assert untouched.stat().st_mtime_ns == before
    assert "copying, lstm, seed 0: finished" not in capsys.readouterr().out


def test_a_file_labels_models_that_each_have_options_of_their_own(capsys):
    content = {
        "task": {"name": "copying", "lag": 2, "evaluation_examples": 8},
        "models": {
            "short": {"name": "chrono-lstm", "t_max": 3, "hidden_size": 3},
            "long": {"name": "chrono-lstm", "t_max": 30},
            "lstm": None,
        },
        "model": {"hidden_size": 5, "t_max": 9, "head_sizes": [6]},
        "training": {"steps": 1, "threads": 1},
        "seeds": [7],
        "folder": "mine",
    }
    Path("settings.yaml").write_text(yaml.safe_dump(content))
    comparison = command.parse(["--config", "settings.yaml"])
    options = {label: choice.options for label, choice in comparison.models.items()}
    assert {label: choice.name for label, choice in comparison.models.items()} == {
        "short": "chrono-lstm",
        "long": "chrono-lstm",
        "lstm": "lstm",
    }
    assert [options[label]["hidden_size"] for label in ("short", "long", "lstm")] == [3, 5, 5]
    assert [options[label].get("t_max") for label in ("short", "long", "lstm")] == [3, 30, None]
    assert all(own["head_sizes"] == [6] for own in options.values())
    assert comparison.seeds == [7]
    runs = command.prepare(comparison)
    assert [str(run.folder) for run in runs] == [f"mine/copying/{label}/seed-7" for label in options]


def test_the_printed_configuration_gives_the_same_comparison_again(capsys):
    arguments = [*TINY, "--models", "lstm", "chrono-lstm", "--model.t_max", "5", "--seeds", "1", "2"]
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "--print_config"])
    Path("again.yaml").write_text(capsys.readouterr().out)
    assert command.parse(["--config", "again.yaml"]) == command.parse(arguments[1:])


def test_a_run_that_fails_or_diverges_does_not_stop_the_others(capsys, monkeypatch):
    monkeypatch.setattr(command, "work", fails_for_gru)
    models = {"gru": {}, "lstm": {}, "wild": {"name": "lstm"}}
    Path("settings.yaml").write_text(yaml.safe_dump({"models": models}))
    assert main([*TINY, "--config", "settings.yaml", "--workers", "1"]) == 1
    text = capsys.readouterr().out
    assert list(summaries()) == ["copying/lstm/seed-0", "copying/wild/seed-0"]
    assert (
        "copying, gru, seed 0: failed: ValueError: the data are gone (more in runs/copying/gru/seed-0/failure" in text
    )
    assert "fails_for_gru" in Path("runs/copying/gru/seed-0/failure.txt").read_text()
    monkeypatch.setattr(command, "work", original_work)
    assert main([*TINY, "--config", "settings.yaml", "--workers", "1"]) == 0
    assert len(summaries()) == 3
    assert not Path("runs/copying/gru/seed-0/failure.txt").exists()


def fails_for_gru(settings, folder, threads):
    """Stands in for `work`; at module level so that it can go to another process."""
    if settings.model.name == "gru":
        raise ValueError("the data are gone")
    original_work(settings, folder, threads)


original_work = command.work


def test_a_diverged_run_is_a_result(capsys):
    assert main([*TINY, "--models", "lstm", "--training.learning_rate", "1e37"]) == 0
    assert summaries()["copying/lstm/seed-0"]["status"] == "diverged"
    assert "copying, lstm, seed 0: diverged: step " in capsys.readouterr().out


def test_ctrl_c_leaves_all_resumable_and_says_how(tmp_path):
    code = "import sys, holdfast.cli; sys.exit(holdfast.cli.main())"
    endless = [*TINY, "--models", "lstm", "gru", "--workers", "2", "--training.steps", "100000"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *endless],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=tmp_path,
    )  # fmt: skip
    checkpoints = [tmp_path / "runs" / "copying" / model / "seed-0" / "checkpoint.pt" for model in ("lstm", "gru")]
    while not all(path.exists() for path in checkpoints):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert error == command.RESUME + "\n"
    assert all(load_checkpoint(path)["history"]["step"] >= 2 for path in checkpoints)


MODELS = (
    "models must be names, or label: {name: NAME, option: value} with labels that can name a folder "
    "(in a file `models: [NAME, ...]`); "
)


@pytest.mark.parametrize(
    ("models", "text"),
    [
        ("lstm", MODELS + "got 'lstm'"),
        (3, MODELS + "got 3"),
        ({"lstm": 5}, MODELS + "got 'lstm': 5"),
        ([{"lstm": {"t_max": 5}}], MODELS + "got {'lstm': {'t_max': 5}}"),
        (["lstm", "lstm"], "models has 'lstm' 2 times; give a model that runs with several settings a label for "),
        (None, "no models were named; add --models NAME ..."),
    ],
)
def test_models_of_the_wrong_form_in_a_file_are_told_in_a_line(models, text, capsys):
    Path("settings.yaml").write_text(yaml.safe_dump({"models": models}))
    assert refused(capsys, "--task", "copying", "--config", "settings.yaml").startswith(text)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what the test wants to miss")
def test_devices_that_are_not_there_are_told_before_any_folder_is_made(capsys):
    message = refused(capsys, *TINY[1:], "--models", "lstm", "--training.accelerator", "cuda")
    assert message.startswith("this machine can't train with training.accelerator cuda and training.devices 1: ")
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "no task was named; add --task NAME"),
        (["--task", "copying"], "no models were named; add --models NAME ... (`holdfast list models` shows them)"),
        ([*TINY[1:], "--models", "lstm", "ur-lsmt"], "there is no model 'ur-lsmt'; did you mean 'ur-lstm'?"),
        ([*TINY[1:], "--models", "lstm", "--model.t_max", "5"], "there is no option --model.t_max; "),
        ([*TINY[1:], "--models", "lstm", "chrono-lstm"], "--model.t_max is missing; "),
        ([*TINY[1:], "--models", "lstm", "--seeds", "1", "1"], "--seeds must be different numbers, one at least"),
        ([*TINY[1:], "--models", "lstm", "--seeds", "0", "-1"], "--seeds must be at least 0, got -1"),
        (
            [*TINY[1:], "--models", "lstm", "gru", "lstm"],
            "models has 'lstm' 2 times; give a model that",
        ),
        ([*TINY[1:], "--models", "{lstm: 5}"], MODELS + "got 'lstm': 5"),
        ([*TINY[1:], "--models", "{lstm: {name: [gru]}}"], MODELS + "got 'lstm': {'name': ['gru']}"),
        ([*TINY[1:], "--models", "{lstm"], MODELS + "got {lstm"),
        ([*TINY[1:], "--models", "{lsmt: null}"], "there is no model 'lsmt'; did you mean 'lstm'?"),
        ([*TINY[1:], "--models", "lstm", "--workers", "0"], "--workers must be at least 1, got 0"),
        ([*TINY[1:], "--models", "lstm", "--training.steps", "0"], "training.steps must be at least 1, got 0"),
        ([*TINY[1:], "--models", "lstm", "--model.head_sizes", "0"], "head_sizes and output_size must be at least 1"),
        ([*TINY[1:], "--models", '{"../up": {"name": "lstm"}}'], "models must be names, or label: {name: NAME, option"),
        ([*TINY[1:], "--models", '{"a": {"name": "lstm", "hiden_size": 3}}'], "there is no setting model.hiden_size; "),
    ],
)
def test_a_mistake_is_told_in_a_line_before_anything_is_trained(arguments, text, capsys, tmp_path):
    assert refused(capsys, *arguments).startswith(text)
    assert not list(tmp_path.rglob("*.json*"))


def test_a_folder_of_another_comparison_is_named_before_anything_is_trained(capsys):
    assert main([*TINY, "--models", "gru"]) == 0
    capsys.readouterr()
    message = refused(capsys, *TINY[1:], "--models", "lstm", "gru", "--training.batch_size", "2")
    assert (
        "runs/copying/gru/seed-0 holds a run with other settings: training.batch_size is 3 there and 2 here" in message
    )
    assert not summaries().keys() & {"copying/lstm/seed-0"}


@pytest.fixture
def finished():
    arguments = [*TINY[1:], "--models", "lstm", "gru"]
    assert main(["compare", *arguments]) == 0
    return command.prepare(command.parse(arguments))


def drawn(runs) -> str:
    console = Console(width=110, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(table(runs))
    console.file.close()
    return console.export_text()


def test_the_table_shows_where_every_run_stands(finished):
    one, other = finished
    (other.folder / "summary.json").unlink()
    display = LiveTable(finished)
    with display:
        display.look({other.name}, {})
        text = drawn(finished)
        assert "test accuracy" in text
        rows = [line.split() for line in text.splitlines()[1:]]
        assert rows[0][:4] == ["lstm", "0", "finished", "4/4"]
        assert rows[1][:4] == ["gru", "0", "running", "4/4"]
        display.look(set(), {other.name: Failure("no luck")})
        assert other.status == "failed"
        display.look(set(), {})
        assert other.status == "waiting"
    assert one.news.step == 4


def test_a_record_is_read_as_it_grows_torn_lines_later_and_cut_back_ones_again(finished):
    run = finished[0]
    run.look()
    assert run.news.step == 4
    metrics = run.folder / "metrics.jsonl"
    whole = metrics.read_text()
    with metrics.open("a") as file:
        file.write('{"event": "train", "step": 5, "loss": 0.125')
        file.flush()
        run.look()
        assert run.news.step == 4
        file.write(', "seconds": 1.0}\n')
    run.look()
    assert (run.news.step, run.news.loss) == (5, 0.125)
    metrics.write_text("".join(whole.splitlines(keepends=True)[:1]))
    run.look()
    assert run.news.step == 1


def test_lines_tell_of_running_runs_and_of_ends(finished, capsys):
    one, other = finished
    display = Lines(finished, every=0.0)
    summary = one.folder / "summary.json"
    kept = summary.read_text()
    summary.unlink()
    display.over.clear()
    display.over.add(other.name)
    display.look({one.name}, {})
    summary.write_text(kept)
    display.look(set(), {})
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{one.name}: step 4 of 4, loss ")
    assert told[1].startswith(f"{one.name}: finished, test accuracy ")
    assert len(told) == 2
    assert isinstance(make_display(finished), Lines)
    assert other.name not in "".join(told)


def test_each_worker_has_its_share_of_the_threads(monkeypatch, finished):
    monkeypatch.setattr(command, "cores", lambda: 6)
    shares = []

    class Spy:
        def __init__(self, workers, context):
            pass

        def run(self, jobs, *, look):
            shares.extend(job.args[2] for job in jobs.values())
            return {}

    monkeypatch.setattr(command, "Pool", Spy)
    for run in finished:
        (run.folder / "summary.json").unlink()
    command.execute(finished, workers=2)
    assert shares == [3, 3]
    assert torch.get_num_threads() >= 1
