"""What `train` does to a model, and what it leaves alone."""

from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric

import holdfast
from holdfast.models import SequenceModel
from holdfast.tasks import Adding, Copying
from holdfast.training import TrainingSettings, silent, train
from holdfast.training.checkpoint import load_checkpoint
from training.small import SETTINGS, TASK, Echo, events, same, small_model, small_run, weights


def test_a_small_model_learns_a_small_task_and_stops_when_it_has(tmp_path):
    task = Echo(evaluation_examples=50)
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("lstm", 4, 12, generator=generator)
    model = SequenceModel(layer, 4, generator=generator)
    settings = replace(
        SETTINGS, steps=1000, batch_size=16, evaluate_every=20, stop_when_solved=True, learning_rate=0.03
    )
    summary = train(model, task, settings, folder=tmp_path, watch=silent)
    assert summary.status == "solved"
    assert summary.steps == summary.steps_to_solved < 400
    assert summary.test["loss"] < 0.2
    assert summary.test["accuracy"] > 0.95


def test_the_model_ends_with_the_weights_that_were_best_on_validation(tmp_path):
    model = small_model()
    summary = small_run(tmp_path, model, steps=10)
    validation = [event for event in events(tmp_path) if event.get("split") == "validation"]
    best = max(validation, key=lambda event: (event["accuracy"], -event["loss"]))
    assert summary.best_step == best["step"]
    assert summary.validation == {"accuracy": best["accuracy"], "loss": best["loss"]}
    assert same(weights(model), load_checkpoint(tmp_path / "best.pt")["model"])


def test_the_measures_are_means_over_the_whole_set_whatever_the_batch_size(tmp_path):
    one, other = (small_run(tmp_path / str(size), evaluation_batch_size=size) for size in (7, 1000))
    assert one.test == pytest.approx(other.test, rel=1e-6)
    assert one.validation == pytest.approx(other.validation, rel=1e-6)


def test_the_test_set_is_not_looked_at_before_the_end(tmp_path, monkeypatch):
    seen = []
    original = Copying.evaluation_batches
    monkeypatch.setattr(
        Copying, "evaluation_batches", lambda *args: (seen.append(args[1]), original(*args))[1], raising=True
    )
    small_run(tmp_path, steps=6)
    assert seen == ["validation"] * 3 + ["test"]


def test_random_numbers_of_the_caller_and_its_threads_are_left_as_they_were(tmp_path):
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    small_run(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_seed_decides_and_the_callers_random_state_does_not(tmp_path):
    models = [small_model() for _ in range(3)]
    for number, (model, seed) in enumerate(zip(models, (0, 0, 1), strict=True)):
        torch.manual_seed(number)
        train(model, TASK, SETTINGS, seed=seed, folder=tmp_path / str(number), watch=silent)
    first, again, other = map(weights, models)
    assert same(first, again)
    assert not same(first, other)


def test_dropout_is_on_in_training_and_off_in_evaluation(tmp_path):
    with_dropout = small_run(tmp_path / "a", small_model(dropout=0.9))
    without = small_run(tmp_path / "b", small_model(dropout=0.0))
    assert with_dropout.validation != without.validation
    again = small_run(tmp_path / "c", small_model(dropout=0.9), evaluation_batch_size=3)
    assert again.validation == pytest.approx(with_dropout.validation, rel=1e-6)


def test_without_a_folder_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(small_model(), TASK, replace(SETTINGS, steps=1), watch=silent).status == "finished"
    assert not list(tmp_path.iterdir())


def test_clipping_bounds_the_step_and_the_record_shows_the_norm_before_it(tmp_path):
    small_run(tmp_path / "a", steps=3, clip_norm=None)
    small_run(tmp_path / "b", steps=3, clip_norm=1e-12, optimiser="rmsprop", learning_rate=1e-12)
    free, tiny = events(tmp_path / "a")[0], events(tmp_path / "b")[0]
    assert free["gradient_norm"] == tiny["gradient_norm"] > 0.01
    start, end = small_model(), load_checkpoint(tmp_path / "b" / "checkpoint.pt")["model"]
    assert max((end[name] - value).abs().max() for name, value in weights(start).items()) < 1e-9


def test_the_learning_rate_of_the_record_is_the_schedules(tmp_path):
    small_run(tmp_path, steps=4, schedule="halving", halve_every=2, evaluate_every=4)
    assert [event["learning_rate"] for event in events(tmp_path)[:4]] == [0.01, 0.01, 0.005, 0.005]


@pytest.mark.parametrize(
    ("precision", "dtype"), [("32-true", torch.float32), ("bf16-mixed", torch.float32), ("64-true", torch.float64)]
)
def test_each_precision_trains_and_keeps_its_parameters_in_its_type(tmp_path, precision, dtype):
    layer = holdfast.make("ur-lstm", TASK.input_size, 5, generator=torch.Generator().manual_seed(0))
    model = SequenceModel(layer, TASK.output_size, generator=torch.Generator().manual_seed(0))
    summary = small_run(tmp_path, model, precision=precision)
    assert summary.status == "finished"
    assert {value.dtype for value in load_checkpoint(tmp_path / "best.pt")["model"].values()} == {dtype}


def test_double_precision_reaches_the_loss(tmp_path):
    small_run(tmp_path, precision="64-true")
    loss = events(tmp_path)[0]["loss"]
    assert float(torch.tensor(loss, dtype=torch.float32)) != loss


def test_a_task_of_values_is_trained_by_its_loss(tmp_path):
    task = Adding(length=10, evaluation_examples=20)
    model = SequenceModel(holdfast.make("gru", task.input_size, 5), task.output_size, readout=task.readout)
    summary = train(model, task, SETTINGS, folder=tmp_path, watch=silent)
    assert summary.validation.keys() == {"loss"}
    losses = [event["loss"] for event in events(tmp_path) if event.get("split") == "validation"]
    assert summary.validation["loss"] == min(losses)


def test_tensorboard_gets_the_curves(tmp_path):
    small_run(tmp_path, tensorboard=True)
    written = list((tmp_path / "tensorboard").iterdir())
    assert len(written) == 1
    content = written[0].read_bytes()
    assert all(tag in content for tag in (b"train/loss", b"validation/accuracy", b"test/loss"))


def test_a_missing_tensorboard_is_named_with_its_cure_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("holdfast.training.tensorboard.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"not installed; install it with: pip install 'holdfast\[tensorboard\]'"):
        small_run(tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()


def test_the_five_lines_of_the_documentation_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in train.__doc__.split("\n\n")[1].splitlines()]
    code = "\n".join(lines).replace("lag=100", "lag=2, evaluation_examples=20").replace("1000", "2, threads=1")
    exec(code, {"holdfast": holdfast, "Copying": Copying, "SequenceModel": SequenceModel} | _names())
    assert (tmp_path / "runs" / "mine" / "summary.json").exists()


def _names():
    return {"train": train, "TrainingSettings": TrainingSettings}


def test_one_process_adds_nothing_up(tmp_path, monkeypatch):
    """A device without float64 could not hold the sums of an evaluation."""
    monkeypatch.setattr(Fabric, "all_reduce", lambda *_, **__: pytest.fail("moved to the device"))
    assert small_run(tmp_path).status == "finished"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what the test wants to miss")
def test_devices_that_are_not_there_are_named_before_the_folder_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"can't train with training\.accelerator cuda and .* Choose training"):
        small_run(tmp_path / "run", accelerator="cuda")
    assert not (tmp_path / "run").exists()
