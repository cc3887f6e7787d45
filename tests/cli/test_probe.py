"""`holdfast probe`: what trained layers remember."""

import json
from pathlib import Path

import pytest
import torch

from cli.refusals import refusals_of
from holdfast.cli import main
from holdfast.report.probe_panels import time_scales

TRAIN = [
    *("train", "--task", "copying", "--task.lag", "4", "--task.evaluation_examples", "20", "--model.hidden_size", "4"),
    *("--model.backend", "reference", "--training.batch_size", "3", "--training.steps", "2", "--training.threads", "1"),
    *("--training.accelerator", "cpu", "--training.evaluate_every", "1"),
]
ROOT = Path(__file__).parents[2]
FIGURES = {"time-scales", "gradients", "saturation", "correlation", "forgetting", "spectrum"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for model in ("lstm", "nru"):
        assert main([*TRAIN, "--model", model, "--folder", str(folder / model)]) == 0
    return folder


refused = refusals_of("probe")


def names(folder):
    return {path.name for path in Path(folder).iterdir()}


def test_a_run_gets_numbers_and_figures_in_its_folder(runs, capsys):
    assert main(["probe", str(runs / "lstm"), "--batch_size", "3"]) == 0
    told = capsys.readouterr().out
    assert "before gradient at lag 24: " in told
    assert "units remember" in told
    out = runs / "lstm/probe"
    assert names(out) == {"probe.json", *(f"{name}.{end}" for name in FIGURES for end in ("svg", "png"))}
    numbers = json.loads((out / "probe.json").read_text())["runs"]["lstm"]
    assert (numbers["after"]["steps"], numbers["after"]["rows"]) == (24, 3)
    assert numbers["before"]["gradients"] != numbers["after"]["gradients"]
    assert "longest_lag" not in numbers


def test_several_runs_are_drawn_together(runs, tmp_path, capsys):
    given = [
        "probe",
        str(runs / "lstm"),
        str(runs / "nru"),
        "--out",
        str(tmp_path),
        "--steps",
        "9",
        "--longest_lag",
        "8",
    ]
    assert main(given) == 0
    assert "longest lag solved: none, searched up to 8" in capsys.readouterr().out
    found = json.loads((tmp_path / "probe.json").read_text())["runs"]
    assert list(found) == ["lstm", "nru"]
    assert found["nru"]["after"]["gates"] == []
    assert [lag for lag, _ in found["lstm"]["longest_lag"]["tried"]] == [4, 2, 1]
    gradients = (tmp_path / "gradients.svg").read_text()
    assert "nru, before training" in gradients
    scales = (tmp_path / "time-scales.svg").read_text()
    assert ">lstm<" in scales
    assert ">nru<" not in scales


def test_gates_that_learn_their_shape_are_drawn_as_they_began_and_as_they_became(tmp_path, capsys):
    own = ["--model", "kaf-gru", "--training.learning_rate", "0.1", "--folder", str(tmp_path)]
    assert main([*TRAIN, *own]) == 0
    assert main(["probe", str(tmp_path), "--batch_size", "2", "--steps", "6"]) == 0
    assert "gates differ from the sigmoid by 0.01" in capsys.readouterr().out
    assert names(tmp_path / "probe") >= {"gate-shapes.svg", "gate-shapes.png"}
    numbers = json.loads((tmp_path / "probe/probe.json").read_text())["runs"]["kaf-gru"]
    before, after = numbers["before"]["shapes"], numbers["after"]["shapes"]
    assert [gate["name"] for gate in before] == [gate["name"] for gate in after] == ["update", "reset"]
    assert [len(gate["values"]) for gate in before] == [1, 1]
    assert len(after[0]["values"]) == len(after[0]["distance"]) == 4
    assert max(max(gate["distance"]) for gate in before) < 0.02 < max(max(gate["distance"]) for gate in after)
    drawing = (tmp_path / "probe/gate-shapes.svg").read_text()
    assert ">kaf-gru, update gate<" in drawing
    assert ">kaf-gru, reset gate<" in drawing


def test_what_can_not_be_probed_is_told(runs, tmp_path, capsys):
    assert refused(capsys, tmp_path / "none").endswith("is no folder; `holdfast train` writes one")
    assert refused(capsys, runs).endswith(f"did you mean {runs / 'lstm'}?")
    assert refused(capsys, runs / "lstm", "--steps", "1") == "--steps must be at least 2, got 1"
    assert refused(capsys, runs / "lstm", runs / "lstm").startswith("a run is given twice")
    assert "at least the lag of the run, 4, got 3" in refused(capsys, runs / "lstm", "--longest_lag", "3")


def test_a_network_whose_state_grows_beyond_numbers_is_measured_too(tmp_path, capsys):
    assert main([*TRAIN, "--model", "irnn", "--folder", str(tmp_path)]) == 0
    best = torch.load(tmp_path / "best.pt")
    best["model"]["layer.cells.0.weight_hh"].mul_(1e9)
    torch.save(best, tmp_path / "best.pt")
    assert main(["probe", str(tmp_path), "--batch_size", "3"]) == 0
    assert (
        "after  gradient at lag 24: no finite number; of the past no finite number is left" in capsys.readouterr().out
    )
    assert names(tmp_path / "probe") >= {"probe.json", "gradients.svg", "forgetting.svg", "spectrum.svg"}


def train(folder, task, *options):
    """A run of two updates on another task."""
    given = ["train", "--task", task, *TRAIN[TRAIN.index("--task.evaluation_examples") :]]
    assert main([*given, *options, "--model", "lstm", "--folder", str(folder)]) == 0


def test_of_adding_and_warping_the_longest_lag_is_searched_by_what_makes_theirs(tmp_path):
    train(tmp_path / "adding", "adding", "--task.length", "12")
    train(tmp_path / "warping", "warping", "--task.max_warp", "3", "--task.length", "20")
    own = [str(tmp_path / name) for name in ("adding", "warping")]
    for folder, lag in zip(own, (12, 3), strict=True):
        assert main(["probe", folder, "--batch_size", "2", "--steps", "4", "--longest_lag", "24"]) == 0
        (found,) = json.loads((Path(folder) / "probe/probe.json").read_text())["runs"].values()
        assert found["longest_lag"]["tried"][0] == [lag, False]
        assert found["longest_lag"]["longest"] is None


def test_a_lag_that_can_not_be_searched_is_told_before_anything_is_measured(runs, tmp_path, capsys, monkeypatch):
    train(tmp_path, "frequency")
    monkeypatch.setattr("holdfast.cli.probe._probed", lambda *given: pytest.fail("measured before it was checked"))
    capsys.readouterr()
    said = refused(capsys, runs / "lstm", tmp_path, "--longest_lag", "300", "--out", tmp_path / "out")
    assert said == "frequency has no lag that could be searched; leave out --longest_lag"


def test_a_model_that_is_no_recurrence_has_nothing_to_probe(tmp_path, capsys):
    digits = [*TRAIN, "--model", "transformer"]
    for option in ("--model.backend", "--task.lag", "--task.evaluation_examples"):
        at = digits.index(option)
        del digits[at : at + 2]
    digits[digits.index("copying")] = "digits"
    digits += ["--task.train_examples", "30", "--task.validation_examples", "10", "--model.heads", "2"]
    assert main([*digits, "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    assert refused(capsys, tmp_path).startswith("transformer is no recurrence: it has no state to probe")


@pytest.mark.slow
def test_after_training_the_figure_shows_longer_time_scales_in_a_ur_lstm_than_in_an_lstm(tmp_path):
    """The demo's copying over 100 steps, for as long as the UR-LSTM needs, and the LSTM learns nothing."""
    for model in ("lstm", "ur-lstm"):
        given = ["--config", str(ROOT / "demo/copying.yaml"), "--models", model, "--training.steps", "1200"]
        assert main(["compare", *given, "--workers", "1", "--folder", str(tmp_path)]) == 0
    folders = [str(tmp_path / f"copying/{model}/seed-0") for model in ("lstm", "ur-lstm")]
    assert main(["probe", *folders, "--steps", "120", "--batch_size", "2", "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out/probe.json").read_text())["runs"]
    long = {model: sum(scale > 100 for scale in time_scales(found[model]["after"])) for model in found}
    left = {model: found[model]["after"]["gradients"][0][99] for model in found}
    print(long, left)
    assert long["lstm"] == 0
    assert long["ur-lstm"] >= 8
    assert left["lstm"] < 1e-6 < 1e-2 < left["ur-lstm"]
