"""When a run is over, and which weights were best."""

import pytest

from holdfast.tasks import Adding
from holdfast.training import TrainingSettings
from holdfast.training.history import History
from training.small import TASK

SOLVED = TASK.solved_loss / 2


def history(*accuracies: float, step: int = 0) -> History:
    evaluations = [{"step": 10 * k, "accuracy": value, "loss": 1.0} for k, value in enumerate(accuracies, 1)]
    return History(step=step, evaluations=evaluations)


def test_the_best_evaluation_is_the_one_with_the_best_metric_and_the_earliest_of_equals():
    assert history(0.1, 0.5, 0.5, 0.3).best(TASK)["step"] == 20
    assert history().best(TASK) is None


def test_of_equally_good_evaluations_the_one_with_the_smallest_loss_is_best():
    equal = [{"step": step, "accuracy": 0.0, "loss": loss} for step, loss in ((1, 0.9), (2, 0.7), (3, 0.8))]
    assert History(evaluations=equal).best(TASK)["step"] == 2


def test_a_loss_is_better_when_it_is_smaller():
    losses = History(evaluations=[{"step": step, "loss": loss} for step, loss in ((1, 0.3), (2, 0.1), (3, 0.2))])
    assert losses.best(Adding())["step"] == 2


def test_a_run_ends_with_its_steps():
    settings = TrainingSettings(steps=5)
    assert history(step=4).ending(TASK, settings) is None
    assert history(step=5).ending(TASK, settings).status == "finished"


def test_patience_counts_the_evaluations_since_the_best():
    settings = TrainingSettings(patience=2)
    assert history(0.5, 0.4).ending(TASK, settings) is None
    assert history(0.5, 0.6, 0.4).ending(TASK, settings) is None
    ending = history(0.5, 0.5, 0.4).ending(TASK, settings)
    assert (ending.status, ending.message) == ("stopped early", "no better accuracy in 2 evaluations")


@pytest.mark.parametrize("stop", [True, False])
def test_a_solved_run_ends_if_it_is_told_to(stop):
    solved = History(step=20, evaluations=[{"step": 20, "loss": SOLVED, "accuracy": 1.0}])
    ending = solved.ending(TASK, TrainingSettings(stop_when_solved=stop))
    assert (ending is not None) == stop
    assert solved.steps_to_solved(TASK) == 20


def test_what_a_provisional_model_does_counts_only_as_long_as_there_is_no_other():
    early = [{"step": 10, "loss": SOLVED, "accuracy": 1.0}, {"step": 20, "loss": 1.0, "accuracy": 0.7}]
    late = [{"step": 30, "loss": 1.0, "accuracy": 0.3}, {"step": 40, "loss": SOLVED, "accuracy": 0.6}]
    before, after = History(evaluations=early, provisional=20), History(evaluations=early + late, provisional=20)
    assert before.best(TASK) == early[0]
    assert before.steps_to_solved(TASK) is None
    assert before.ending(TASK, TrainingSettings(stop_when_solved=True, patience=1)) is None
    assert after.best(TASK) == late[1]
    assert after.steps_to_solved(TASK) == 40
