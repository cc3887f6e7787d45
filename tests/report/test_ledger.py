"""The ledger: a row a model, from the records of runs that were really made."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_records import COPYING, TRAINING, Course, write_run

from holdfast.cli import main
from holdfast.experiments import EXPERIMENTS, Experiment, Question
from holdfast.experiments.claims import better, fails, solves
from holdfast.experiments.experiment import changed
from holdfast.report.keep import take
from holdfast.report.ledger import ledger
from holdfast.report.ledger_page import ledger_page

PAPER = {
    "task": {"name": "copying", "lag": 480, "convention": "gu"},
    "models": {"ur-lstm": {}, "tied-lstm": {}, "c": {"name": "chrono-lstm", "t_max": 150}},
    "model": {"hidden_size": 128},
    "training": {**TRAINING, "steps": 2000},
}
QUICK, NEVER = Course(500), Course(9000)


def made(scale):
    """A made-up experiment."""
    small = changed(PAPER, task={"lag": 100, "convention": "tallec"})
    claims = (solves("ur-lstm"), better("ur-lstm", than="c"), fails("c"), solves("tied-lstm"))
    return (Question("copying", small, claims, PAPER),) if scale == "small" else (Question("copying", PAPER),)


@pytest.fixture
def experiment(monkeypatch) -> Experiment:
    monkeypatch.setattr(made, "__module__", "made")
    return Experiment(made, "gu2020improving")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    root = tmp_path / "runs/made/made/small/copying"
    for seed in (0, 1):
        write_run(root, COPYING, "ur-lstm", seed, QUICK)
        write_run(root, COPYING, "chrono-lstm", seed, NEVER, label="c", t_max=150 + seed)
    write_run(root, COPYING, "ur-lstm", 2, Course(500, ending="unfinished"))
    return tmp_path / "runs"


def rows(folder: Path, experiment: Experiment):
    small, full = ledger(folder, [experiment])
    return {line.model: line for line in small.lines}, {line.model: line for line in full.lines}, small


def test_a_row_holds_the_finished_runs_and_says_so_where_there_are_none(runs, experiment):
    small, full, _ = rows(runs, experiment)
    assert small["ur-lstm"].seeds == "0, 1"
    assert small["ur-lstm"].ours.endswith("%")
    assert "±" in small["ur-lstm"].ours
    assert "solved after" in small["ur-lstm"].steps
    assert small["c"].steps == "2\u202f000, not solved"
    assert small["ur-lstm"].machine == "AMD EPYC 7B13, 2 cores"
    assert small["tied-lstm"].ours == full["ur-lstm"].ours == "not run"


def test_a_claim_stands_in_the_row_of_the_model_that_it_is_about(runs, experiment):
    small, _, _ = rows(runs, experiment)
    assert [verdict for _, verdict in small["ur-lstm"].claims] == ["met", "met"]
    assert [verdict for _, verdict in small["c"].claims] == ["met"]
    assert [verdict for _, verdict in small["tied-lstm"].claims] == ["open"]


def test_numbers_from_memory_keep_their_mark(runs, experiment):
    small, full, _ = rows(runs, experiment)
    assert small["ur-lstm"].published == full["ur-lstm"].published == "solves it fast†"
    assert small["c"].published == ""


def test_what_differs_from_the_paper_is_told_and_a_run_with_other_settings_is_left_out(runs, experiment):
    small, _, account = rows(runs, experiment)
    assert account.shared == ("task.lag 100 instead of 480", "task.convention tallec instead of gu")
    assert small["ur-lstm"].deviations == ()
    assert small["c"].deviations == ("seed 1 is left out: model.t_max 151 instead of 150",)
    assert small["c"].seeds == "0"


def test_what_holds_for_most_rows_is_told_once_and_the_odd_one_says_where_it_does_not(tmp_path, monkeypatch):
    def narrow(scale):
        """Fewer units for all but one, and a model that the paper lacks."""
        few = changed(PAPER, model={"hidden_size": 32}, models={"c": {"hidden_size": 128, "t_max": 99}, "lstm": {}})
        return (Question("copying", few, (), PAPER),)

    monkeypatch.setattr(narrow, "__module__", "made")
    for model, label, options in (
        ("ur-lstm", "ur-lstm", {"hidden_size": 32}),
        ("chrono-lstm", "c", {"t_max": 99}),
        ("lstm", "lstm", {"hidden_size": 32}),
    ):
        task = {**COPYING, "settings": PAPER["task"]}
        write_run(tmp_path / "made/narrow/small/copying", task, model, 0, QUICK, label=label, **options)
    small, _, account = rows(tmp_path, Experiment(narrow, "gu2020improving"))
    assert account.shared == ("model.hidden_size 32 instead of 128",)
    assert small["ur-lstm"].deviations == ()
    assert small["c"].deviations == ("model.t_max 99 instead of 150", "model.hidden_size as in the paper")
    assert small["lstm"].deviations == ("not in the paper",)
    assert small["tied-lstm"].deviations == (), "it was not run"


def test_a_diverged_run_is_counted_and_told(tmp_path, experiment):
    root = tmp_path / "made/made/small/copying"
    write_run(root, COPYING, "ur-lstm", 0, Course(9000, ending="diverged"))
    write_run(root, COPYING, "ur-lstm", 1, QUICK)
    small, _, _ = rows(tmp_path, experiment)
    assert small["ur-lstm"].ours.endswith("1 of 2 diverged")
    assert dict(small["ur-lstm"].claims)["ur-lstm solves it in every run"] == "not met"


def test_the_page_holds_every_row_with_what_became_of_its_claims(runs, experiment):
    page = ledger_page(ledger(runs, [experiment]), [experiment])
    assert "## made/made\n\nGu et al. 2020. A made-up experiment." in page
    assert "Of 6 rows 2 have been run. 4 claims: 3 met, 0 not met, 1 open." in page
    shared = "task.lag 100 instead of 480, task.convention tallec instead of gu."
    assert f"Differs from the paper, unless a row says otherwise: {shared}" in page
    assert "c solves it in no run: **met**" in page
    assert all(line.count("|") == 9 for line in page.splitlines() if line.startswith("|"))


def test_finished_runs_are_taken_without_weights_and_give_the_same_ledger(runs, experiment, tmp_path):
    (next(runs.rglob("seed-0")) / "checkpoint.pt").write_bytes(b"weights")
    taken = take(runs, tmp_path / "results")
    assert len(taken) == 4
    assert not list((tmp_path / "results").rglob("*.pt"))
    events = [json.loads(line) for line in (taken[0] / "metrics.jsonl").read_text().splitlines()]
    assert {event["event"] for event in events} == {"evaluation"}
    assert ledger(tmp_path / "results", [experiment]) == ledger(runs, [experiment])


def test_a_record_that_can_not_be_read_is_not_taken_and_leaves_what_is_there(runs, tmp_path):
    results = tmp_path / "results"
    taken = take(runs, results)
    before = {path: path.read_bytes() for path in results.rglob("*.json*")}
    (next(runs.rglob("c/seed-0")) / "summary.json").write_text('{"status": "finished"}')
    with pytest.raises(ValueError, match=r"summary\.json, but steps, seconds is missing"):
        take(runs, results)
    assert {path: path.read_bytes() for path in results.rglob("*.json*")} == before
    assert len(taken) == 4


def test_results_are_not_taken_into_themselves(runs, tmp_path):
    with pytest.raises(ValueError, match="expected runs outside the results"):
        take(runs, runs)
    assert take(runs, runs / "results") == take(runs, runs / "results")


def test_a_record_that_is_there_is_replaced_as_a_whole(runs, tmp_path):
    (folder, *_) = take(runs, tmp_path / "results")
    (folder / "saving.json").write_text("{}")
    torn = runs / folder.relative_to(tmp_path / "results") / "metrics.jsonl"
    torn.write_text(torn.read_text() + '{"event": "evalu')
    assert take(runs, tmp_path / "results")[0] == folder
    assert not (folder / "saving.json").exists()
    assert "evalu\n" not in (folder / "metrics.jsonl").read_text()
    assert not list((tmp_path / "results").rglob(".unfinished-*"))


def with_test_measures(runs: Path, label: str, model: str, **measures: float) -> None:
    """Makes the first run of a label one of another model, and adds to what it measured on the test set."""
    folder = next(runs.rglob(f"{label}/seed-0"))
    for name in ("summary", "settings"):
        path = folder / f"{name}.json"
        content = json.loads(path.read_text())
        if name == "summary":
            content["test"] |= measures
        else:
            content["model"]["name"] = model
        path.write_text(json.dumps(content))


def with_models(experiment: Experiment, **names: str) -> Experiment:
    """The experiment, with models of other names under some of its labels."""
    models = {label.replace("_", "-"): {"name": name} for label, name in names.items()}

    def renamed(scale):
        """A made-up experiment."""
        return tuple(replace(one, settings=changed(one.settings, models=models)) for one in experiment.ask(scale))

    renamed.__module__, renamed.__name__ = experiment.ask.__module__, experiment.ask.__name__
    return replace(experiment, ask=renamed)


def test_the_share_of_updates_is_told_of_models_that_skip(runs, experiment):
    with_test_measures(runs, "ur-lstm", "skip-lstm", openness=0.25, operations=9e5)
    small, _, _ = rows(runs, with_models(experiment, ur_lstm="skip-lstm"))
    assert small["ur-lstm"].ours.endswith(", 25.00\u202f% of the updates")
    assert "updates" not in small["c"].ours


def test_of_time_gates_the_openness_is_told_and_the_share_of_operations_beside_it(runs, experiment):
    whole = 4 * 128 * (10 + 128) * 120
    with_test_measures(runs, "c", "gaussian-lstm", openness=0.25, operations=0.4 * whole)
    small, _, _ = rows(runs, with_models(experiment, c="gaussian-lstm"))
    assert small["c"].ours.endswith(", mean openness 25.00\u202f%, 40\u202f% of the operations")


def test_what_a_run_saves_at_inference_stands_below_the_rows_of_its_question(runs, experiment):
    times = {"seconds": 1.0, "whole_seconds": 2.0, "layer_seconds": 4.0}
    at_rest = {"threshold": None, "accuracy": 0.5, "operations": 1.0, "of": 8.0, "updated": 0.125, **times}
    saving = {"metric": "accuracy", "batch_size": 3, "measured": [at_rest], "environment": {}}
    (next(runs.rglob("ur-lstm/seed-1")) / "saving.json").write_text(json.dumps(saving))
    accounts = ledger(runs, [experiment])
    words = ("12.5\u202f%", "12.5\u202f%", "0.250", "0.500", "accuracy 50.00\u202f%", "1", "3", "unknown")
    assert accounts[0].saved == (("ur-lstm", "those that rest", *words),)
    assert accounts[1].saved == ()
    assert f"| ur-lstm | those that rest | {' | '.join(words)} |" in ledger_page(accounts, [experiment])


def test_the_command_says_once_what_is_the_same_in_all_rows(runs, experiment, monkeypatch, capsys):
    times = {"accuracy": 0.5, "of": 8.0, "seconds": 1.0, "whole_seconds": 2.0, "layer_seconds": 4.0}
    measured = [{"threshold": None, "operations": 1.0, "updated": 0.125, **times}]
    measured += [{"threshold": 0.1, "operations": 2.0, "updated": 0.25, **times, "seconds": 3.0}]
    saving = {"metric": "accuracy", "batch_size": 3, "measured": measured, "environment": {}}
    (next(runs.rglob("ur-lstm/seed-1")) / "saving.json").write_text(json.dumps(saving))
    monkeypatch.setitem(EXPERIMENTS, experiment.name, experiment)
    assert main(["ledger", "made/made", "--results", str(runs)]) == 0
    text = capsys.readouterr().out
    header = next(line for line in text.splitlines() if line.startswith("model    gates closed"))
    assert "seeds" not in header
    assert "layer's" in header
    assert "test result: accuracy 50.00\u202f%; seeds: 1;" in text
    assert text.count("run on AMD EPYC 7B13, 2 cores\n") == 1


def test_the_command_takes_runs_in_and_shows_them(runs, experiment, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(EXPERIMENTS, experiment.name, experiment)
    monkeypatch.chdir(tmp_path)
    assert main(["ledger", "made/made", "--add", "runs"]) == 0
    text = capsys.readouterr().out
    assert "4 runs taken into results" in text
    assert "not met: ur-lstm solves it" not in text
    assert "met: ur-lstm solves it in every run" in text
    assert main(["ledger"]) == 0
    made_runs, _, unmade = capsys.readouterr().out.rpartition("\nnot run")
    assert "made/made, copying, small" in made_runs
    assert "made/made, copying, full" not in made_runs
    assert re.search(r"made/made +full +copying +3", unmade)
    assert re.search(r"gu2020/copy +small ", unmade)
    assert main(["ledger", "made/made", "--results", "nowhere"]) == 2
    assert "found none at nowhere" in capsys.readouterr().err
    assert main(["ledger", "made/made", "--page", "nowhere/page.md"]) == 2
    assert "found none at nowhere" in capsys.readouterr().err
    assert main(["ledger", "--add", "nowhere"]) == 2
    assert "found none" in capsys.readouterr().err
    assert main(["ledger", "made/made", "--page", "page.md"]) == 0
    assert Path("page.md").read_text().startswith("# The ledger")
