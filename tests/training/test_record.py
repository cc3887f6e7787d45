"""The folder of a run: what it holds, and what it refuses."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from holdfast.training import Choice, ModelCard, RecordError, RunSettings, TrainingSettings, silent, train
from holdfast.training.environment import environment
from holdfast.training.lock import alone_in
from holdfast.training.opening import open_record
from training.small import SETTINGS, TASK, events, same, small_model, small_run, timeless, weights

RUN = RunSettings(Choice("copying", {"lag": 3}), Choice("lstm", {"hidden_size": 4}), TrainingSettings())
OPEN = Path.open


def test_a_run_leaves_its_settings_description_environment_metrics_and_summary(tmp_path):
    card = ModelCard("lstm", {"hidden_size": 5}, "a line", ("hochreiter1997long",), "native")
    summary = train(small_model(), TASK, SETTINGS, seed=3, folder=tmp_path, card=card, watch=silent)
    stored = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert stored["settings.json"]["model"] == {"name": "lstm", "hidden_size": 5}
    assert stored["settings.json"]["task"]["lag"] == TASK.lag
    assert stored["settings.json"]["seed"] == 3
    assert stored["description.json"]["task"]["chance"] == TASK.chance
    assert stored["description.json"]["model"]["parameters"] == sum(p.numel() for p in small_model().parameters())
    assert stored["description.json"]["model"]["sources"] == ["hochreiter1997long"]
    assert stored["environment.json"]["threads"] == 1
    assert stored["environment.json"]["device"] == "cpu"
    assert stored["environment.json"].keys().isdisjoint({"device_name", "before"})
    assert stored["summary.json"]["status"] == "finished"
    assert stored["summary.json"]["test"] == summary.test


def test_a_gpu_that_trains_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"A chip, number {device.index}")
    told = environment(torch.device("cuda", 1))
    assert (told["device"], told["device_name"]) == ("cuda", "A chip, number 1")


def test_a_run_keeps_where_it_was_before(tmp_path, monkeypatch):
    def place(**other):
        told = {"started": None, **environment(torch.device("cpu")), **other}
        monkeypatch.setattr("holdfast.training.run.environment", lambda device: told)
        return told

    def recorded(steps: int):
        small_run(tmp_path, steps=steps)
        return json.loads((tmp_path / "environment.json").read_text())

    first = place(cores=1, started="first")
    assert recorded(2) == first
    again = place(cores=1, started="again")
    assert recorded(4) == again
    second = place(cores=2, started="second")
    assert recorded(6) == {**second, "before": [again]}
    later = place(cores=2, started="later")
    assert recorded(8) == {**later, "before": [again]}
    third = place(cores=1, started="third")
    assert recorded(10) == {**third, "before": [again, later]}


def test_metrics_hold_every_reported_step_every_evaluation_and_one_test(tmp_path):
    small_run(tmp_path, steps=5, report_every=2)
    kinds = [(event["event"], event["step"], event.get("split")) for event in events(tmp_path)]
    best = json.loads((tmp_path / "summary.json").read_text())["best_step"]
    assert kinds == [
        ("train", 2, None),
        ("evaluation", 2, "validation"),
        ("train", 4, None),
        ("evaluation", 4, "validation"),
        ("evaluation", 5, "validation"),
        ("evaluation", best, "test"),
    ]
    measured = {"event", "step", "loss", "gradient_norm", "learning_rate", "waited", "seconds"}
    assert events(tmp_path)[0].keys() == measured


def test_metrics_are_cut_back_to_a_step_even_with_a_torn_last_line(tmp_path):
    record = open_record(tmp_path, RUN)
    for step in (1, 2, 3):
        record.append("train", step=step, loss=0.5)
    record.append("evaluation", step=2, split="test", loss=0.1)
    with record.metrics.open("a") as file:
        file.write('{"event": "train", "step": 1, "lo')
    record.cut_back(2)
    assert [event["step"] for event in events(tmp_path)] == [1, 2]
    assert all(event["event"] == "train" for event in events(tmp_path))


@pytest.mark.parametrize("torn", ["\0\0\0\n", '{"event": "tr\n', "3\n", "\0\0"])
def test_a_damaged_last_line_is_cut_off(tmp_path, torn):
    record = open_record(tmp_path, RUN)
    record.append("train", step=1, loss=0.5)
    with record.metrics.open("a") as file:
        file.write(torn)
    record.cut_back(2)
    assert [event["step"] for event in events(tmp_path)] == [1]


@pytest.mark.parametrize("damaged", ["\0\0\0\n", '{"event": "tr\n', "3\n", '{"event": "train"}\n', "\n"])
def test_a_damaged_line_before_the_last_is_named_and_kept(tmp_path, damaged):
    record = open_record(tmp_path, RUN)
    record.append("train", step=1, loss=0.5)
    with record.metrics.open("a") as file:
        file.write(damaged)
    record.append("train", step=2, loss=0.5)
    before = record.metrics.read_bytes()
    with pytest.raises(RecordError, match=r"metrics\.jsonl, line 2, is damaged \(.*\)\. .* Delete that line to go on"):
        record.cut_back(2)
    assert record.metrics.read_bytes() == before


def test_the_same_settings_open_the_same_folder_again(tmp_path):
    assert open_record(tmp_path / "a" / "b", RUN) == open_record(tmp_path / "a" / "b", RUN)


def test_a_folder_with_a_run_of_other_settings_is_left_alone(tmp_path):
    open_record(tmp_path, RUN)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    other = replace(RUN, training=replace(RUN.training, learning_rate=0.1), seed=4, task=Choice("copying", {"gap": 1}))
    with pytest.raises(RecordError) as refused:
        open_record(tmp_path, other)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path} holds a run with other settings: ")
    assert "training.learning_rate is 0.001 there and 0.1 here" in message
    assert "seed is 0 there and 4 here" in message
    assert "task.gap is absent there and 1 here; " in message
    assert "task.lag is 3 there and absent here" in message
    assert "Nothing was changed. Choose another folder, or give the same settings to resume that run" in message
    assert "batch_size" not in message
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_with_files_of_another_program_is_left_alone(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("precious")
    with pytest.raises(RecordError, match=r"holds metrics\.jsonl but no settings\.json; choose another folder"):
        open_record(tmp_path, RUN)
    assert (tmp_path / "metrics.jsonl").read_text() == "precious"


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "run").write_text("precious")
    with pytest.raises(RecordError, match=r"run can't be used as the folder of a run: File exists\. Choose another"):
        open_record(tmp_path / "run", RUN)
    with pytest.raises(RecordError, match="can't be used as the folder of a run: Not a directory"):
        open_record(tmp_path / "run" / "deeper", RUN)
    assert (tmp_path / "run").read_text() == "precious"


def test_a_read_only_folder_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(
        RecordError, match=r"Permission denied\. Choose another, or make it a folder that you may write"
    ):
        open_record(tmp_path, RUN)


def test_a_run_in_a_folder_that_became_read_only_is_refused_by_name(tmp_path, monkeypatch):
    def open_all_but_the_lock(path, *mode, **options):
        if path.name == "lock":
            raise PermissionError(13, "Permission denied", str(path))
        return OPEN(path, *mode, **options)

    small_run(tmp_path)
    (tmp_path / "summary.json").unlink()
    monkeypatch.setattr(Path, "open", open_all_but_the_lock)
    with pytest.raises(RecordError, match=r"can't be used as the folder of a run: Permission denied\. Choose another"):
        small_run(tmp_path)


def test_a_run_goes_on_where_its_data_have_moved(tmp_path):
    here, there = (replace(RUN, task=Choice("mnist", {"data": data})) for data in ("/here", None))
    assert open_record(tmp_path, here) == open_record(tmp_path, there)
    with pytest.raises(RecordError) as refused:
        open_record(tmp_path, replace(there, seed=1))
    assert "seed is 0 there and 1 here. Nothing" in str(refused.value)
    assert "data" not in str(refused.value)


def test_damaged_settings_are_named(tmp_path):
    open_record(tmp_path, RUN)
    (tmp_path / "settings.json").write_text('{"task": ')
    with pytest.raises(RecordError, match=r"settings\.json is damaged .* restore it, or choose another folder"):
        open_record(tmp_path, RUN)


def test_a_run_that_is_over_is_not_repeated(tmp_path):
    first = small_run(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert small_run(tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_run_that_is_over_goes_on_with_more_steps_to_the_same_bits(tmp_path):
    at_once, longer = small_model(), small_model()
    small_run(tmp_path / "at once", at_once, steps=6)
    small_run(tmp_path / "longer", steps=4)
    stale = tmp_path / "longer" / "saving.json"
    stale.write_text("{}")
    summary = small_run(tmp_path / "longer", longer, steps=6)
    assert summary.steps == 6
    assert summary.message == "all 6 steps done"
    assert same(weights(at_once), weights(longer))
    assert timeless(tmp_path / "longer") == timeless(tmp_path / "at once")
    assert json.loads((tmp_path / "longer" / "settings.json").read_text())["training"]["steps"] == 6
    assert not stale.exists()


def test_a_run_goes_on_only_from_an_evaluation_that_a_longer_one_has_too(tmp_path):
    small_run(tmp_path, steps=5)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RecordError, match=r"training\.steps is 5 there and 6 here\. .* to resume that run$"):
        small_run(tmp_path, steps=6)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("other", [{"steps": 2}, {"steps": 6, "learning_rate": 0.1}])
def test_a_run_goes_on_with_nothing_but_more_steps(tmp_path, other):
    small_run(tmp_path, steps=4)
    with pytest.raises(RecordError, match="or the same with more than 4 steps to go on with it"):
        small_run(tmp_path, **other)
    assert small_run(tmp_path, steps=4).steps == 4


def test_a_run_at_work_is_not_given_more_steps(tmp_path):
    small_run(tmp_path, steps=4)
    with alone_in(tmp_path), pytest.raises(RecordError, match=r"another process is training in"):
        small_run(tmp_path, steps=6)
    assert small_run(tmp_path, steps=4).steps == 4


def test_a_second_process_in_the_folder_is_refused(tmp_path):
    with alone_in(tmp_path), pytest.raises(RecordError, match=r"another process is training in .* wait until it is"):
        small_run(tmp_path)
    assert not (tmp_path / "metrics.jsonl").exists()
    assert small_run(tmp_path).status == "finished"


def test_two_runs_of_the_same_settings_leave_the_same_metrics(tmp_path):
    small_run(tmp_path / "a")
    small_run(tmp_path / "b")
    assert timeless(tmp_path / "a") == timeless(tmp_path / "b")
