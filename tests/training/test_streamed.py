"""Language models through the loop: the state is carried from batch to batch, and over a kill."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

import holdfast
from holdfast.cli import main
from holdfast.models import SequenceModel, embedding
from holdfast.objectives import Streamed
from holdfast.tasks import Text
from holdfast.training import loop, silent, train
from holdfast.training.checkpoint import load_checkpoint
from tolerances import assert_close
from training.small import SETTINGS, TASK, events, interrupted_after, small_model, timeless, weights

WORDS = "the cat sat on the mat and the dog on the log. " * 20
STRIDE, WINDOW, ROWS = 5, 12, 4


@pytest.fixture
def task(tmp_path):
    (tmp_path / "mine.txt").write_text(WORDS)
    return Text(file=str(tmp_path / "mine.txt"), stride=STRIDE)


def make_model(task, dropout=0.0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("lstm", 3, 6, num_layers=2, dropout=dropout, backend="reference", generator=generator)
    before = embedding("symbols", task.input_size, 3, generator=generator)
    return SequenceModel(layer, task.output_size, embedding=before, generator=generator).to(dtype)


def run(task, folder, *, dropout=0.5, **settings):
    model = Streamed(make_model(task, dropout), window=WINDOW)
    return model, train(model, task, replace(SETTINGS, steps=8, **settings), folder=folder, watch=silent)


def losses_by_hand(task, steps):
    """By the definition of truncated backpropagation; a state is that of the parameters as they were."""
    model = make_model(task, dtype=torch.float64)
    optimiser, found = torch.optim.Adam(model.parameters(), lr=0.01), []
    before = {0: model.layer.initial_state(ROWS)}  # the state before each batch
    batches = [task.training_batch(step, ROWS, seed=0) for step in range(steps)]
    text = torch.cat([batch.inputs for batch in batches])
    for step, batch in enumerate(batches):
        end = (step + 1) * STRIDE
        begin = max(0, end - WINDOW)
        known = begin // STRIDE
        with torch.no_grad():
            state = before[known]
            if begin > known * STRIDE:
                _, state = model.layer(model.embed(text[known * STRIDE : begin]), state)
            for place in range(known + 1, step + 2):
                _, before[place] = model.layer(model.embed(text[begin : place * STRIDE]), state)
        output, _ = model.layer(model.embed(text[begin:end]), state)
        loss = F.cross_entropy(model.head(output[-STRIDE:]).flatten(0, 1), batch.targets.flatten())
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        found.append(loss.item())
    return torch.tensor(found, dtype=torch.float64)


def test_the_loop_is_truncated_backpropagation_with_the_state_carried(task, tmp_path):
    model = Streamed(make_model(task), window=WINDOW)
    settings = replace(SETTINGS, steps=8, batch_size=ROWS, precision="64-true", clip_norm=None)
    train(model, task, settings, folder=tmp_path / "run", watch=silent)
    told = [event["loss"] for event in events(tmp_path / "run") if event["event"] == "train"]
    assert_close(torch.tensor(told, dtype=torch.float64), losses_by_hand(task, 8))


def test_a_run_that_was_stopped_goes_on_in_the_middle_of_the_text_with_the_same_bits(task, tmp_path, monkeypatch):
    run(task, tmp_path / "whole")
    monkeypatch.setattr(loop, "evaluate", interrupted_after(2))
    with pytest.raises(InterruptedError):
        run(task, tmp_path / "cut")
    monkeypatch.undo()
    stood = load_checkpoint(tmp_path / "cut/checkpoint.pt")
    assert stood["history"]["step"] == 4
    assert any(part.any() for part in stood["model"]["_extra_state"]["end"])
    run(task, tmp_path / "cut")
    assert timeless(tmp_path / "cut") == timeless(tmp_path / "whole")
    here, there = (load_checkpoint(tmp_path / name / "checkpoint.pt")["model"] for name in ("cut", "whole"))
    assert all(torch.equal(here[name], there[name]) for name in here if name != "_extra_state")
    assert all(map(torch.equal, here["_extra_state"]["end"], there["_extra_state"]["end"]))


def test_an_evaluation_carries_its_own_state_and_leaves_training_where_it_was(task, tmp_path, monkeypatch):
    monkeypatch.setattr("holdfast.tasks.texts.EVALUATED_STEPS", 2)
    model, summary = run(task, tmp_path / "a")
    text = task.texts().test
    whole = text.window(0, 10, 1000)
    with torch.no_grad():
        model.model.eval()
        wanted = F.cross_entropy(model.model(whole.inputs).flatten(0, 1), whole.targets.flatten())
    assert summary.test["loss"] == pytest.approx(float(wanted), rel=1e-5)
    _, seldom = run(task, tmp_path / "b", evaluate_every=8)
    trained = [[event["loss"] for event in events(tmp_path / name) if event["event"] == "train"] for name in "ab"]
    assert trained[0] == trained[1]
    assert seldom.status == "finished"


def test_a_state_is_carried_where_the_task_asks_for_it_and_nowhere_else(task):
    with pytest.raises(ValueError, match=r"text is a task without an end: give train Streamed\(model\)"):
        train(make_model(task), task, SETTINGS, watch=silent)
    with pytest.raises(ValueError, match="copying is a task whose batches each stand alone, got a Streamed"):
        train(Streamed(small_model()), TASK, SETTINGS, watch=silent)
    with pytest.raises(ValueError, match=r"got training\.devices 2; give 1"):
        train(Streamed(make_model(task)), task, replace(SETTINGS, devices=2), watch=silent)
    with pytest.raises(ValueError, match="a stream has no last step"):
        Streamed(SequenceModel(make_model(task).layer, 3, readout="last step"))


def test_the_command_line_trains_language_models(task, tmp_path, capsys):
    given = [
        *("train", "--task", "text", "--task.file", task.file, "--task.stride", "5", "--folder", str(tmp_path / "run")),
        *("--model", "gru", "--model.hidden_size", "4", "--training.threads", "1", "--training.accelerator", "cpu"),
        *("--training.steps", "4", "--training.evaluate_every", "2", "--training.batch_size", "3"),
    ]
    assert main([*given, "--objective.label_truncation", "11"]) == 0
    assert load_checkpoint(tmp_path / "run/best.pt")["model"]["_extra_state"]["read"]
    assert main([*given, "--folder", str(tmp_path / "other"), "--objective", "prediction"]) == 2
    assert "is learnt from its labels at every step: give objective labels" in capsys.readouterr().err
    assert main([*given, "--folder", str(tmp_path / "third"), "--objective.label_truncation", "3"]) == 2
    assert "the window of 3 steps is shorter than the 5 that are read at a time" in capsys.readouterr().err


def test_weights_without_the_state_are_those_of_the_model(task):
    model = Streamed(make_model(task))
    assert set(model.state_dict()) - {"_extra_state"} == {f"model.{name}" for name in weights(model.model)}
