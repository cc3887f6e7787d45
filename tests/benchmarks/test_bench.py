"""The command: what it measures, that it can be stopped, and that it goes on."""

import json
from io import StringIO

import pytest
from rich.console import Console

from holdfast.benchmarks.bench import bench
from holdfast.benchmarks.jobs import Job
from holdfast.benchmarks.plan import FULL, QUICK, jobs_of
from holdfast.benchmarks.progress import Pace
from holdfast.benchmarks.record import Quantity, Record
from holdfast.benchmarks.workloads import CATALOGUE
from holdfast.cli import main
from holdfast.layers.catalogue import distinct


def notes(name: str) -> Job:
    """A job that writes down its name."""
    return Job(name, 1, lambda record: record.quantities.append(Quantity("test", name, 1, "")))


def stops(record: Record) -> None:
    """As if somebody pressed Ctrl-C half-way."""
    record.quantities.append(Quantity("test", "half", 1, ""))
    raise KeyboardInterrupt


def run(jobs, out, **options) -> str:
    screen = StringIO()
    bench("quick", jobs, out, Console(file=screen, width=200), **options)
    return screen.getvalue()


def names(out) -> list[str]:
    return [quantity["name"] for quantity in json.loads((out / "bench.json").read_text())["quantities"]]


def test_each_job_is_announced_with_the_time_that_is_left(tmp_path):
    text = run([notes("first"), notes("second")], tmp_path)
    assert "1 of 2, about 2 s left: first\n2 of 2, about 1 s left: second\n" in text
    assert "saved in" in text


def test_what_was_measured_before_a_stop_is_kept_and_the_rest_follows(tmp_path):
    begun = [notes("first"), Job("second", 1, stops), notes("third")]
    with pytest.raises(KeyboardInterrupt):
        run(begun, tmp_path)
    assert names(tmp_path) == ["first"]
    text = run([notes("first"), notes("second"), notes("third")], tmp_path, resume=True)
    assert "1 of 2, about 2 s left: second" in text
    assert names(tmp_path) == ["first", "second", "third"]


def test_a_record_of_other_threads_is_not_gone_on_with(tmp_path):
    run([notes("first")], tmp_path)
    saved = json.loads((tmp_path / "bench.json").read_text())
    saved["machine"]["threads"] = 99
    (tmp_path / "bench.json").write_text(json.dumps(saved))
    with pytest.raises(ValueError, match="threads 99 and not"):
        run([], tmp_path, resume=True)


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_without_a_record_there_is_nothing_to_go_on_with(tmp_path, content):
    if content is not None:
        (tmp_path / "bench.json").write_text(content)
    with pytest.raises(ValueError, match="there is no record to go on with"):
        run([], tmp_path, resume=True)


def test_a_saved_record_is_read_back_whole(tmp_path):
    record = Record("quick", quantities=[Quantity("a", "b", 1.5, "s")], notes=["n"], done=["job"])
    record.save(tmp_path / "bench.json", [])
    assert Record.load(tmp_path / "bench.json") == record


def test_the_pace_of_the_first_jobs_tells_how_long_the_rest_takes():
    jobs = [Job("a", 100, lambda record: None), Job("b", 50, lambda record: None)]
    pace = Pace(jobs)
    assert pace.seconds_left == 150
    pace.done(jobs[0], 230)
    assert pace.seconds_left == pytest.approx(100)


def test_every_step_of_the_catalogue_is_measured_at_every_width():
    titles = {job.name for job in jobs_of(FULL, ["catalogue"])}
    assert titles == {f"catalogue, {model} at {workload}" for model in distinct() for workload in CATALOGUE}


def test_no_two_jobs_have_one_name_and_what_spoils_the_allocator_comes_last():
    titles = [job.name for job in jobs_of(FULL)]
    assert len(set(titles)) == len(titles)
    assert next(job.name for job in jobs_of(QUICK, ["pages-kept", "streaming"])) == "streaming"
    assert all("pages kept" in title for title in titles[-6:])


def test_the_command_measures_what_it_is_told_to(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("holdfast.cli.bench.jobs_of", lambda plan, only: [notes(f"{plan.name} {only}")])
    assert main(["bench", "--quick", "--only", "streaming", "--out", str(tmp_path / "out"), "--threads", "1"]) == 0
    assert "quick ['streaming']" in capsys.readouterr().out
    assert names(tmp_path / "out") == ["quick ['streaming']"]


def test_the_command_is_stopped_by_ctrl_c_and_wrong_numbers_are_an_error(tmp_path, monkeypatch, capsys):
    faulty = Job("faulty", 1, lambda record: record.fault("off"))
    for job, code in ((Job("stops", 1, stops), 130), (faulty, 1)):
        monkeypatch.setattr("holdfast.cli.bench.jobs_of", lambda plan, only, job=job: [job])
        assert main(["bench", "--out", str(tmp_path)]) == code
    assert "give the same command with --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--only", "shaeps"], "there is no 'shaeps'"), (["--threads", "0"], "--threads must be at least 1, got 0")],
)
def test_mistakes_are_told_in_a_line(arguments, message, capsys):
    assert main(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err
