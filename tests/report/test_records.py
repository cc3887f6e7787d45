import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.report import read_run, read_runs
from holdfast.report.findings import findings
from holdfast.report.grouping import comparisons
from holdfast.report.keep import take

Write = Callable[..., Path]


def test_a_run_reads_back_what_was_recorded(write: Write):
    run = read_run(write("ur-lstm", seed=2, hidden_size=64))
    assert (run.label, run.seed, run.status) == ("ur-lstm", 2, "solved")
    assert run.model == {"name": "ur-lstm", "hidden_size": 64}
    assert run.task["lag"] == 100
    assert run.steps == run.steps_to_solved == run.summary["steps"]
    assert run.reached("test", "accuracy") == run.summary["test"]["accuracy"]
    assert run.environment["torch"] == "2.13.0+cpu"


def test_every_run_under_the_folders_is_found_once(demo: Path):
    runs = read_runs([demo, demo / "copying", demo / "copying" / "nru" / "seed-0"])
    assert len(runs) == 30
    assert len({run.folder for run in runs}) == 30


def test_of_a_run_and_its_copy_in_the_results_one_is_read(demo: Path, tmp_path: Path):
    take(demo, tmp_path / "results")
    runs = read_runs([tmp_path / "results", demo])
    assert len(runs) == 30
    assert all(run.folder.is_relative_to(demo) for run in runs), "they tell more"


def test_a_run_that_failed_says_why(write: Write):
    folder = write("nru", half_way=1300, ending="unfinished")
    (folder / "failure.txt").write_text("ValueError: hidden_size must be at least 1, got 0\n\nTraceback ...")
    run = read_run(folder)
    assert (run.status, run.message) == ("failed", "ValueError: hidden_size must be at least 1, got 0")
    assert findings(comparisons([run])[0])[-1] == "Of 1 run of nru, 1 failed."


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("summary.json", '{"status": "finished"}', r"summary\.json, but steps, seconds is missing"),
        ("summary.json", '["x"]', r"summary\.json, but .* is no object"),
        ("description.json", "[]", r"description\.json, but '\[\]' is no object"),
        ("environment.json", "[1]", r"environment\.json, but '\[1\]' is no object"),
        ("settings.json", '{"task": {"name": "a"}, "model": {"name": "b"}, "training": [], "seed": 0}', "training"),
        ("settings.json", '{"task": {"name": "a"}, "model": {"name": "b"}, "training": {}, "seed": null}', "seed"),
    ],
)
def test_a_damaged_record_is_named(write: Write, name: str, content: str, told: str):
    folder = write("nru")
    (folder / name).write_text(content)
    with pytest.raises(ValueError, match=told):
        read_run(folder)


def test_lines_of_another_kind_count_as_torn(write: Write):
    folder = write("nru")
    whole = read_run(folder)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"event": "train", "step": "x"}\n[1]\n')
    run = read_run(folder)
    assert (run.unreadable, run.evaluations) == (whole.unreadable + 2, whole.evaluations)


def test_runs_come_in_the_order_of_their_paths(demo: Path):
    folders = [run.folder for run in read_runs([demo])]
    assert folders == sorted(folders)


def test_a_run_that_was_killed_is_read_as_far_as_it_goes(write: Write):
    run = read_run(write("nru", half_way=1300, ending="unfinished"))
    assert run.status == "unfinished"
    assert run.summary is None
    assert run.steps == 800
    assert run.unreadable == 1
    assert run.seconds == pytest.approx(16.0)
    assert run.result("accuracy").split == "validation"
    assert run.result("accuracy").value == run.curve("accuracy")[-1][1]


def test_a_run_that_left_only_its_settings_is_read(write: Write):
    folder = write("lstm")
    for path in folder.iterdir():
        if path.name != "settings.json":
            path.unlink()
    run = read_run(folder)
    assert run.status == "unfinished"
    assert (run.steps, run.seconds, run.result("loss"), run.curve("loss")) == (0, None, None, [])


def test_a_diverged_run_keeps_its_message_and_has_no_test_number(write: Write):
    run = read_run(write("nru", half_way=1300, ending="diverged"))
    assert run.status == "diverged"
    assert "NaN at step 1200" in run.message
    assert run.reached("test", "loss") is None
    assert run.result("loss").split == "validation"


def test_numbers_that_are_not_finite_are_no_points_of_a_curve(write: Write):
    folder = write("lstm")
    with (folder / "metrics.jsonl").open("a") as file:
        for value in (math.nan, math.inf):
            file.write(json.dumps({"event": "evaluation", "split": "validation", "step": 9999, "loss": value}) + "\n")
    assert all(math.isfinite(loss) for _, loss in read_run(folder).curve("loss"))


def test_a_line_torn_in_the_middle_of_the_file_is_left_out_and_counted(write: Write):
    folder = write("lstm")
    before = read_run(folder)
    lines = (folder / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    torn = [
        lines[0],
        b'{"event": "evaluation", "st\n',
        b"\x00\x00\xff\n",
        b"[1, 2]\n",
        b'{"step": 3}\n',
        b"\n",
        *lines[1:],
    ]
    (folder / "metrics.jsonl").write_bytes(b"".join(torn))
    after = read_run(folder)
    assert after.evaluations == before.evaluations
    assert after.unreadable == 4


def test_of_a_step_recorded_twice_the_later_line_stands(write: Write):
    folder = write("lstm", half_way=9000)
    again = {"event": "evaluation", "split": "validation", "step": 300, "loss": 0.5, "accuracy": 0.5, "seconds": 1.0}
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(again) + "\n")
    curve = read_run(folder).curve("loss")
    assert [step for step, _ in curve] == sorted({step for step, _ in curve})
    assert (300, 0.5) in curve


def test_a_curve_can_be_had_against_time(write: Write):
    run = read_run(write("lstm", half_way=9000, seconds_a_step=0.5))
    assert run.curve("loss", against="seconds")[0][0] == 50.0
    assert len(run.curve("loss", against="seconds")) == len(run.curve("loss"))


def test_the_label_is_the_folder_above_the_seed_otherwise_the_models_name(write: Write, tmp_path: Path):
    folder = write("lstm", label="my own")
    assert read_run(folder).label == "my own"
    assert read_run(folder.rename(tmp_path / "a-run")).label == "lstm"


def test_no_run_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ValueError, match=r"found none .*settings\.json.*`holdfast compare` write them"):
        read_runs([tmp_path])
    with pytest.raises(ValueError, match="no folder at all"):
        read_runs([])


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ValueError, match=r"got .*/nothing, which is not a folder; train or compare first"):
        read_runs([tmp_path / "nothing"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"task": {"na', r"expected JSON in .*settings\.json.*restore or delete the folder"),
        ("[]", "'\\[\\]' is no object"),
        ('{"task": {"name": "copying"}, "model": {}}', "training, seed is missing"),
        ('{"task": {"name": "copying"}, "model": {}, "training": {}, "seed": 0}', "name is missing"),
        ('{"task": "copying", "model": {}, "training": {}, "seed": 0}', "'copying' is no object"),
    ],
)
def test_settings_that_are_no_settings_are_a_clear_error(write: Write, content: str, message: str):
    folder = write("lstm")
    (folder / "settings.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        read_run(folder)


def test_a_folder_that_is_no_record_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ValueError, match=r"expected .*settings\.json, which a run writes first"):
        read_run(tmp_path)
