"""`holdfast export`: a run's model for use elsewhere."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import holdfast
from cli.refusals import refusals_of
from holdfast.cli import main
from holdfast.cli.runs import reopen
from holdfast.export import onnx_format

TRAIN = [
    *("train", "--task", "digits", "--task.train_examples", "60", "--task.validation_examples", "20"),
    *("--model", "gru", "--model.hidden_size", "4", "--training.batch_size", "3", "--training.steps", "2"),
    *("--training.threads", "1", "--training.accelerator", "cpu", "--training.evaluate_every", "1"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    assert main([*TRAIN, "--folder", str(folder)]) == 0
    return folder


refused = refusals_of("export")


def test_a_run_becomes_a_folder_that_needs_no_run(run, tmp_path, capsys):
    assert main(["export", str(run), "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "sequence.onnx, step.onnx, README.md" in told
    assert "onnxruntime differs from PyTorch by at most" in told
    names = {
        "config.json",
        "model.safetensors",
        "README.md",
        *(f"{a}.{b}" for a in ("sequence", "step") for b in ("pt2", "onnx")),
    }
    assert {path.name for path in tmp_path.iterdir()} == names
    model, x = holdfast.load(tmp_path), torch.randn(5, 2, 1)
    best = torch.load(run / "best.pt")["model"]
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())
    traced = torch.export.load(tmp_path / "sequence.pt2").module()
    torch.testing.assert_close(traced(x, torch.tensor([5, 3]))[0], model(x, torch.tensor([5, 3])))
    card = (tmp_path / "README.md").read_text()
    accuracy = json.loads((run / "summary.json").read_text())["test"]["accuracy"]
    assert f"| test accuracy | {accuracy:.4g} |" in card
    assert "| in | `lengths` | batch |" in card
    assert "Cho et al. 2014" in card
    assert str(run) not in card


@pytest.mark.parametrize("best_step", [1, 2])
def test_a_card_tells_measures_of_the_weights_that_leave_and_of_no_others(run, tmp_path, best_step):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run/best.pt").unlink()  # what leaves are the weights of the last step, 2
    summary = json.loads((run / "summary.json").read_text())
    (tmp_path / "run/summary.json").write_text(json.dumps({**summary, "best_step": best_step}))
    assert main(["export", str(tmp_path / "run"), "--formats", "weights"]) == 0
    card = (tmp_path / "run/export/README.md").read_text()
    assert "| trained for | 2 updates" in card
    assert ("| test accuracy |" in card) == (best_step == 2)
    told = "| measured | not with these weights: those of update 1, which were, are gone |"
    assert (told in card) == (best_step == 1)


def test_weights_alone_need_no_onnx(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(onnx_format, "find_spec", lambda name: None)
    assert refused(capsys, run, "--out", tmp_path / "a").startswith("ONNX needs onnx and onnxscript and onnxruntime")
    assert not (tmp_path / "a").exists()
    assert main(["export", str(run), "--out", str(tmp_path / "b"), "--formats", "weights"]) == 0
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"config.json", "model.safetensors", "README.md"}


def test_what_is_no_run_is_told(run, tmp_path, capsys):
    assert refused(capsys, tmp_path / "none").endswith("is no folder; `holdfast train` writes one")
    assert refused(capsys, run.parent).endswith(f"it has no settings.json; did you mean {run}?")
    (tmp_path / "settings.json").write_bytes((run / "settings.json").read_bytes())
    assert "has no checkpoint: the run has not come to its first evaluation" in refused(capsys, tmp_path)
    (tmp_path / "best.pt").write_bytes(b"PK")
    assert "it is truncated or damaged" in refused(capsys, tmp_path)


def without(content, *names):
    return {name: value for name, value in content.items() if name not in names}


def test_a_record_that_no_run_has_written_is_told(run, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    best, settings, summary = (folder / name for name in ("best.pt", "settings.json", "summary.json"))
    content, state = json.loads(settings.read_text()), torch.load(best)

    for lacking in (without(content, "training"), {**content, "training": {}}, [content]):
        settings.write_text(json.dumps(lacking))
        assert f"{settings} is not what a run writes" in refused(capsys, folder)
    settings.write_text("[" * 100_000)
    assert f"{settings} is damaged" in refused(capsys, folder)
    settings.write_text(json.dumps(content))

    for lacking in (without(state, "measures"), without(state, "model"), [state], {**state, "measures": 3}):
        torch.save(lacking, best)
        assert f"{best} is not what a run writes" in refused(capsys, folder)
    torch.save(state, best)

    told = json.loads(summary.read_text())
    for other in ({**told, "weather": "fine"}, without(told, "steps"), [told]):
        summary.write_text(json.dumps(other))
        assert f"{summary} is not the summary that this version writes" in refused(capsys, folder)
    assert not (folder / "export").exists()
    assert refused(capsys, summary).startswith(f"expected the folder of a run, but {summary} is no folder")


GAUSSIAN = [
    *("--task", "adding", "--task.length", "12", "--task.evaluation_examples", "8", "--model", "gaussian-lstm"),
    *("--model.t_max", "12", "--model.num_layers", "2", "--model.head_sizes", "3", "--model.backend", "reference"),
]
OPENED = ["--objective", "curriculum", "--objective.steps", "1"]


def train_gaussian(folder, *options):
    training = [word for k, word in enumerate(TRAIN) if k not in range(1, 9)]
    assert main([*training, *GAUSSIAN, *options, "--folder", str(folder)]) == 0


def test_a_network_whose_gates_have_opened_leaves_as_the_lstm_that_it_is(tmp_path, capsys):
    train_gaussian(tmp_path / "run", *OPENED)
    trained = reopen(tmp_path / "run").model
    capsys.readouterr()
    assert main(["export", str(tmp_path / "run"), "--as", "lstm", "--formats", "weights"]) == 0
    assert "lstm (was gaussian-lstm; its gates are open, and answers differ by at most" in capsys.readouterr().out
    loaded, x = holdfast.load(tmp_path / "run/export"), torch.rand(12, 5, 2)
    assert isinstance(loaded.layer, holdfast.LSTM)
    torch.testing.assert_close(loaded(x), trained(x), atol=1e-6, rtol=0)
    theirs = torch.nn.LSTM(2, 4, num_layers=2)
    theirs.load_state_dict(loaded.layer.state_dict())
    torch.testing.assert_close(theirs(x)[0], trained.layer(x)[0], atol=1e-6, rtol=0)
    card = (tmp_path / "run/export/README.md").read_text()
    assert card.splitlines()[5].startswith("# lstm on adding")
    assert "Thornton et al. 2019" in card


def test_gates_that_see_the_memory_make_a_peephole_lstm(tmp_path):
    train_gaussian(tmp_path / "run", *OPENED, "--model.peepholes", "true")
    assert main(["export", str(tmp_path / "run"), "--as", "lstm", "--formats", "weights"]) == 0
    assert json.loads((tmp_path / "run/export/config.json").read_text())["model"]["name"] == "peephole-lstm"


def test_a_network_that_is_no_lstm_yet_is_refused_as_one(run, tmp_path, capsys):
    assert "only layers of time-gated cells" in refused(capsys, run, "--as", "lstm", "--formats", "weights")
    train_gaussian(tmp_path)
    capsys.readouterr()
    said = refused(capsys, tmp_path, "--as", "lstm", "--formats", "weights")
    assert said.startswith("the gates are not open: one is at")
    assert "within 12 steps" in said
    assert not (tmp_path / "export").exists()


def test_a_run_with_an_auxiliary_loss_is_exported_without_it(tmp_path, capsys):
    objective = ["--objective", "reconstruction", "--objective.length", "4", "--objective.head_sizes", "3"]
    assert main([*TRAIN, *objective, "--folder", str(tmp_path / "run")]) == 0
    assert main(["export", str(tmp_path / "run"), "--formats", "weights"]) == 0
    loaded = holdfast.load(Path(tmp_path / "run/export"))
    assert not any("auxiliary" in name for name, _ in loaded.named_parameters())
