"""Training with an auxiliary loss: phase by phase, and to the same bits after a kill."""

from dataclasses import replace

import pytest
import torch

import holdfast
from holdfast.models import SequenceModel
from holdfast.objectives import (
    Assisted,
    Budgeted,
    BudgetSettings,
    CurriculumSettings,
    Reconstruction,
    ReconstructionSettings,
    Widened,
)
from holdfast.tasks import Digits
from holdfast.training import TrainingSettings, silent, train
from holdfast.training.checkpoint import load_checkpoint
from holdfast.training.history import History
from holdfast.training.schedules import learning_rate
from training.small import SETTINGS, events, same, timeless, weights

TASK = Digits(train_examples=40, validation_examples=20)
SMALL = replace(SETTINGS, steps=8, evaluation_batch_size=400)


def learner(**options):
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("lstm", 1, 6, generator=generator)
    model = SequenceModel(layer, 10, readout="last step", head_sizes=(8, 8), dropconnect=0.5, generator=generator)
    settings = ReconstructionSettings(segments=2, length=5, head_sizes=(6,), truth_steps=10, truncation=8)
    auxiliary = Reconstruction(layer, settings, generator=generator)
    return Assisted(model, auxiliary, **{"truncation": 9, "pretraining": 4, **options})


def stop_at(step):
    def watch(news):
        progress = silent(news)

        def append(event, *, step: int, **values):
            if step == stopping:
                raise InterruptedError

        stopping, progress.append = step, append
        return progress

    return watch


def of_training(folder):
    return [event for event in events(folder) if event["event"] == "train"]


def test_each_phase_records_what_it_minimises(tmp_path):
    train(learner(), TASK, SMALL, folder=tmp_path, watch=silent)
    first, second = of_training(tmp_path)[:4], of_training(tmp_path)[4:]
    assert all("label_loss" not in event and event["loss"] == event["auxiliary_loss"] for event in first)
    assert all(event["loss"] == pytest.approx(event["label_loss"] + event["auxiliary_loss"]) for event in second)
    assert len(first) == len(second) == 4


def test_pretraining_leaves_the_head_alone_and_fine_tuning_the_decoder(tmp_path):
    model = learner(afterwards="fine-tuning")
    start = weights(model)
    train(model, TASK, replace(SMALL, steps=4, evaluate_every=4), folder=tmp_path / "first", watch=silent)
    middle = weights(model)
    changed = {name for name in start if not torch.equal(start[name], middle[name])}
    assert not any("model.head" in name for name in changed)
    assert any("auxiliary.decoder" in name for name in changed)
    assert any("model.layer" in name for name in changed)
    train(learner(afterwards="fine-tuning"), TASK, SMALL, folder=tmp_path / "second", watch=silent)
    end = load_checkpoint(tmp_path / "second" / "checkpoint.pt")["model"]
    changed = {name for name in start if not torch.equal(middle[name], end[name])}
    assert any("model.head" in name for name in changed)
    assert not any("auxiliary.decoder" in name or "auxiliary.head" in name for name in changed)


@pytest.mark.parametrize("stopped_at", [3, 5])
def test_a_run_that_is_stopped_in_either_phase_ends_with_the_same_bits(tmp_path, stopped_at):
    whole, parts = learner(), learner()
    train(whole, TASK, SMALL, folder=tmp_path / "whole", watch=silent)
    with pytest.raises(InterruptedError):
        train(parts, TASK, SMALL, folder=tmp_path / "parts", watch=stop_at(stopped_at))
    parts = learner()
    train(parts, TASK, SMALL, folder=tmp_path / "parts", watch=silent)
    assert same(weights(whole), weights(parts))
    assert timeless(tmp_path / "whole") == timeless(tmp_path / "parts")


def test_a_shared_layer_is_one_and_stays_one_after_a_checkpoint(tmp_path):
    model = learner()
    train(model, TASK, SMALL, folder=tmp_path, watch=silent)
    assert model.model.layer is model.auxiliary.layer
    state = weights(model)
    assert torch.equal(state["model.layer.weight_hh_l0"], state["auxiliary.layer.weight_hh_l0"])


def test_a_schedule_begins_anew_after_pretraining_which_has_one_of_its_own():
    settings = TrainingSettings(schedule="halving", halve_every=10, learning_rate=1.0)
    steps = (0, 2, 3, 5, 6, 15, 16, 26)
    rates = [learning_rate(settings, step, [], pretraining=6) for step in steps]
    assert rates == [1, 1, 0.5, 0.5, 1, 1, 0.5, 0.25]


def test_what_is_measured_while_pretraining_decides_nothing():
    history = History(evaluations=[{"step": s, "loss": 1.0, "accuracy": 0.5 - s / 100} for s in (2, 4, 6, 8)])
    settings = replace(SMALL, steps=100, patience=3)
    assert history.ending(TASK, settings).status == "stopped early"
    assert history.ending(TASK, settings, pretraining=4) is None
    assert len(history.losses(pretraining=4)) == 2


@pytest.mark.slow
def test_several_processes_go_through_both_phases(tmp_path):
    """In each phase some parameters get no gradient, and every process must know."""
    settings = replace(SMALL, steps=3, devices=2, batch_size=6)
    summary = train(learner(pretraining=2), TASK, settings, folder=tmp_path, watch=silent)
    assert summary.status == "finished"
    assert "label_loss" in of_training(tmp_path)[-1]


def spared(kind, **options):
    """A learner of two or eight steps of Gaussian gates."""
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("gaussian-lstm", 1, 6, t_max=64, width=0.1, backend="reference", generator=generator)
    model = SequenceModel(layer, 10, readout="last step", generator=generator)
    return kind(model, SETTINGS_OF[kind](**options))


SETTINGS_OF = {Budgeted: BudgetSettings, Widened: CurriculumSettings}


def test_a_budget_and_what_it_buys_are_in_the_record(tmp_path):
    summary = train(spared(Budgeted, weight=0.5), TASK, SMALL, folder=tmp_path, watch=silent)
    for event in of_training(tmp_path):
        assert event["loss"] == pytest.approx(event["label_loss"] + event["budget_loss"])
        assert 0 < event["budget_loss"] < 0.5
    measured = [event for event in events(tmp_path) if event["event"] == "evaluation"]
    assert all(0 < event["openness"] < 1 for event in measured)
    assert 0 < summary.test["operations"] < 64 * 4 * 6 * 7
    dearer = spared(Budgeted, weight=50.0)
    more = train(dearer, TASK, SMALL, folder=tmp_path / "dearer", watch=silent)
    assert more.test["openness"] < summary.test["openness"]


def test_a_curriculum_that_is_stopped_ends_with_the_same_bits_and_open_gates(tmp_path):
    whole, parts = spared(Widened, steps=6), spared(Widened, steps=6)
    summary = train(whole, TASK, SMALL, folder=tmp_path / "whole", watch=silent)
    with pytest.raises(InterruptedError):
        train(parts, TASK, SMALL, folder=tmp_path / "parts", watch=stop_at(5))
    parts = spared(Widened, steps=6)
    train(parts, TASK, SMALL, folder=tmp_path / "parts", watch=silent)
    assert same(weights(whole), weights(parts))
    assert timeless(tmp_path / "whole") == timeless(tmp_path / "parts")
    opened = [event["openness"] for event in events(tmp_path / "whole") if event["event"] == "evaluation"]
    assert opened[0] < opened[1] < opened[2] < opened[3] == opened[4] == 1.0
    assert (summary.best_step, summary.test["openness"]) == (8, 1.0)
