"""A run that is killed, wherever, goes on and ends with the bits of one that was not."""

import io
import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
import torch

from holdfast.cli import main
from holdfast.training.checkpoint import load_checkpoint
from holdfast.training.pool import preloaded_context
from training.small import same, timeless

SMALL = [
    *("train", "--task", "copying", "--task.lag", "2", "--task.evaluation_examples", "8"),
    *("--model", "lstm", "--model.hidden_size", "4", "--model.num_layers", "2", "--model.dropout", "0.5"),
    *("--training.batch_size", "3", "--training.threads", "1", "--training.accelerator", "cpu"),
    *("--training.evaluate_every", "1", "--training.report_every", "1", "--training.learning_rate", "0.01"),
    *("--training.schedule", "plateau", "--training.optimiser", "rmsprop"),
]
CONTEXT = preloaded_context("holdfast.cli.train")


def arguments(folder: Path, steps: int) -> list[str]:
    return [*SMALL, "--training.steps", str(steps), "--folder", str(folder)]


def started(function, *given):
    """A process of its own for a function; as good as a new one, but it does not have to import torch."""
    process = CONTEXT.Process(target=function, args=given)
    process.start()
    return process


def killed_at_call(number: int, given: list[str]) -> None:
    """Runs until the given one among the moments of writing: half a checkpoint, a sync, a new file put in its place."""
    calls = count()

    def deadly(function):
        def called(*args, **options):
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return called

    def write_in_halves(file, content):
        half = len(content) // 2
        file.write(bytes(content[:half]))
        file.flush()
        pause()
        file.write(bytes(content[half:]))

    def save_in_halves(content, file):
        whole = io.BytesIO()
        save(content, whole)
        write_in_halves(file, whole.getvalue())

    pause, save = deadly(lambda: None), torch.save
    torch.save = save_in_halves
    os.fsync, os.replace = deadly(os.fsync), deadly(os.replace)
    main(given)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Folders of runs that nobody disturbed, by their number of steps."""
    folders = {}

    def run(steps: int) -> Path:
        if steps not in folders:
            folders[steps] = tmp_path_factory.mktemp("uninterrupted") / "run"
            assert main(arguments(folders[steps], steps)) == 0
        return folders[steps]

    return run


def assert_same_outcome(folder: Path, undisturbed: Path) -> None:
    for name in ("checkpoint.pt", "best.pt"):
        here, there = load_checkpoint(folder / name), load_checkpoint(undisturbed / name)
        assert same(here["model"], there["model"])
    ours, theirs = (load_checkpoint(place / "checkpoint.pt")["optimiser"]["state"] for place in (folder, undisturbed))
    assert all(torch.equal(ours[k][name], theirs[k][name]) for k in theirs for name in theirs[k])
    assert timeless(folder) == timeless(undisturbed)


def modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def test_a_run_killed_at_random_moments_ends_with_the_same_bits(tmp_path, uninterrupted):
    chance = random.Random(0)
    kills = 0
    while not (tmp_path / "summary.json").exists():
        before = modified(tmp_path / "checkpoint.pt")
        process = started(main, arguments(tmp_path, 40))
        while process.is_alive() and modified(tmp_path / "checkpoint.pt") == before:
            time.sleep(0.002)
        process.join(chance.uniform(0.0, 0.02))
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
    assert kills >= 5
    assert_same_outcome(tmp_path, uninterrupted(40))


def test_a_run_killed_at_any_moment_of_any_writing_ends_with_the_same_bits(tmp_path, uninterrupted):
    for number in count():
        folder = tmp_path / str(number)
        process = started(killed_at_call, number, arguments(folder, 2))
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert main(arguments(folder, 2)) == 0
        assert_same_outcome(folder, uninterrupted(2))
        assert not list(folder.glob("*.partial"))
    assert number >= 20


def test_the_command_itself_killed_goes_on_when_it_is_given_again(tmp_path, uninterrupted):
    command = [
        sys.executable,
        "-c",
        "import sys, holdfast.cli; sys.exit(holdfast.cli.main())",
        *arguments(tmp_path, 40),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not (tmp_path / "checkpoint.pt").exists():
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    assert not (tmp_path / "summary.json").exists()
    assert main(arguments(tmp_path, 40)) == 0
    assert_same_outcome(tmp_path, uninterrupted(40))
