import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_records import DIGITS

from holdfast.report import comparisons, read_runs
from holdfast.report.findings import findings

Write = Callable[..., Path]


@pytest.fixture
def found(tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: findings(comparisons(read_runs([tmp_path]))[0])


def test_the_models_that_solved_the_task_are_named_the_fastest_first(write: Write, found: Callable[[], list[str]]):
    write("lstm", half_way=9000)
    write("ur-lstm", half_way=500)
    write("ur-gru", half_way=300)
    solved, *others = found()
    assert solved.startswith("Solved in every run, after so many steps on average: ur-gru (")
    assert " and ur-lstm (" in solved
    assert "Solved in no run: lstm." in others


def test_a_model_that_solved_it_in_some_runs_is_said_to(write: Write, found: Callable[[], list[str]]):
    write("ur-lstm", 0, half_way=500)
    write("ur-lstm", 1, half_way=9000)
    assert "ur-lstm solved it in 1 of 2 runs." in found()


def test_where_no_run_solved_it_the_criterion_is_given(write: Write, found: Callable[[], list[str]]):
    write("lstm", half_way=9000)
    assert "No run solved the task (a loss below 0.0173)." in found()


def test_nothing_is_said_of_solving_where_no_criterion_is_known(write: Write, found: Callable[[], list[str]]):
    folder = write("lstm", half_way=9000)
    description = folder / "description.json"
    description.write_text(description.read_text().replace('"solved_loss"', '"another_key"'))
    assert not any("olved" in sentence for sentence in found())


def test_the_best_and_the_next_are_named_with_their_numbers(write: Write, found: Callable[[], list[str]]):
    for seed in range(2):
        write("lstm", seed, task=DIGITS, half_way=900, floor=0.1, stop_when_solved=False)
        write("ur-lstm", seed, task=DIGITS, half_way=300, floor=0.01, stop_when_solved=False)
    (sentence,) = (sentence for sentence in found() if "best" in sentence)
    assert sentence.startswith("ur-lstm has the best test accuracy, ")
    assert "; next is lstm, " in sentence
    assert "overlap" not in sentence


def test_overlapping_seeds_leave_the_order_open(write: Write, found: Callable[[], list[str]]):
    for seed in range(3):
        write("lstm", seed, task=DIGITS, half_way=500, floor=0.1, stop_when_solved=False)
        write("ur-gru", seed, task=DIGITS, half_way=500, floor=0.1, stop_when_solved=False)
    assert any("their seeds overlap, so the order of the two is open" in sentence for sentence in found())


@pytest.mark.parametrize(("accuracy", "near"), [(0.125, True), (0.16, True), (0.18, False)])
def test_a_model_that_learnt_nothing_is_near_chance(
    write: Write, found: Callable[[], list[str]], accuracy: float, near: bool
):
    path = write("lstm", half_way=9000) / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"test": {"loss": 0.17, "accuracy": accuracy}}))
    assert ("Near chance: lstm." in found()) == near


def test_runs_that_went_wrong_are_named(demo: Path):
    sentences = findings(comparisons(read_runs([demo]))[0])
    assert "Of 3 runs of nru, 1 diverged and 1 had not ended when this was written." in sentences
