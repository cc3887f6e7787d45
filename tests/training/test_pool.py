"""Jobs in processes of their own."""

import multiprocessing
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from holdfast.training.pool import Pool, preloaded_context

CONTEXT = preloaded_context("holdfast.cli.train")


def note(path: Path) -> None:
    path.write_text(str(os.getpid()))


def fail() -> None:
    raise ValueError("no such luck")


def fail_at_length(started: Path) -> None:
    note(started)
    raise ValueError("x" * 100_000)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def meet(mine: Path, other: Path) -> None:
    """Ends only if the other one runs at the same time."""
    note(mine)
    wait_for(other)


def sleep(started: Path) -> None:
    note(started)
    time.sleep(60)


def ignore(running, failures) -> None:
    pass


def test_a_job_that_fails_or_dies_takes_no_other_with_it(tmp_path):
    jobs = {"fails": fail, "dies": die, "works": partial(note, tmp_path / "done")}
    failures = Pool(1, CONTEXT).run(jobs, look=ignore, every=0.05)
    assert (tmp_path / "done").exists()
    assert failures.keys() == {"fails", "dies"}
    assert failures["fails"].message == "ValueError: no such luck"
    assert "in fail" in failures["fails"].details
    assert failures["dies"].message == "its process ended without a word (signal SIGKILL; out of memory, perhaps)"


def test_a_job_that_fails_with_a_long_message_ends_and_tells_all_of_it(tmp_path):
    started, deadline = tmp_path / "started", time.monotonic() + 60

    def look(running, failures):
        assert time.monotonic() < deadline, "the job never ended"

    (failure,) = Pool(1, CONTEXT).run({"fails": partial(fail_at_length, started)}, look=look, every=0.05).values()
    assert failure.message.startswith("ValueError: xxx")
    assert failure.message.endswith("... (100,012 characters in all)")
    assert len(failure.message) < 1100
    assert "x" * 100_000 in failure.details
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_so_many_jobs_run_at_once(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    jobs = {"one": partial(meet, one, other), "other": partial(meet, other, one)}
    assert Pool(2, CONTEXT).run(jobs, look=ignore, every=0.05) == {}


def test_one_worker_runs_one_job_at_a_time(tmp_path):
    seen = []
    jobs = {str(k): partial(note, tmp_path / str(k)) for k in range(3)}
    Pool(1, CONTEXT).run(jobs, look=lambda running, failures: seen.append(len(running)), every=0.05)
    assert max(seen) <= 1
    assert seen[-1] == 0
    assert len({path.read_text() for path in tmp_path.iterdir()}) == 3


def test_an_interruption_ends_the_jobs(tmp_path):
    def interrupt(running, failures):
        if (tmp_path / "started").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pool(1, CONTEXT).run({"sleeps": partial(sleep, tmp_path / "started")}, look=interrupt, every=0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "started").read_text()), 0)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def test_a_job_that_ctrl_c_has_ended_interrupts_all(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        Pool(2, preloaded_context()).run({"a": interrupt, "b": partial(sleep, tmp_path / "b")}, look=ignore)


def run_one(started: Path) -> None:
    Pool(1, CONTEXT).run({"sleeps": partial(sleep, started)}, look=ignore, every=0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_jobs_end_when_the_process_that_started_them_is_killed(tmp_path):
    started = tmp_path / "started"
    starter = multiprocessing.get_context("spawn").Process(target=run_one, args=(started,))
    starter.start()
    while not (started.exists() and started.read_text()):
        time.sleep(0.01)
    starter.kill()
    starter.join()
    job = Path(f"/proc/{started.read_text()}/stat")
    deadline = time.monotonic() + 10
    while job.exists() and job.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the job went on without its starter"
        time.sleep(0.01)
