"""`holdfast sweep`: every point of a grid, or those that a search proposes, each a run of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from holdfast.cli import main
from holdfast.cli.errors import UserError
from holdfast.cli.follow import Followed
from holdfast.cli.sweep.kept import Kept
from holdfast.cli.sweep.on_ray import _searcher
from holdfast.cli.sweep.proposals import Grid, Sampler, Search
from holdfast.cli.sweep.space import Choices, Range, grid, read_space
from holdfast.cli.sweep.trial import Base, best_first, teach
from holdfast.training import Choice, Record, RunSettings, Summary, TrainingSettings
from holdfast.training.checkpoint import load_checkpoint
from holdfast.training.news import News
from training.small import same, timeless

TINY = [
    *("sweep", "--task", "copying", "--task.lag", "2", "--task.evaluation_examples", "8", "--model", "lstm"),
    *("--model.hidden_size", "3", "--model.backend", "reference", "--training.batch_size", "3"),
    *("--training.steps", "2", "--training.evaluate_every", "1", "--training.threads", "1"),
    *("--training.accelerator", "cpu", "--training.report_every", "1"),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def settings(folder: str = "runs/sweep") -> dict[str, dict]:
    return {path.parent.parent.name: json.loads(path.read_text()) for path in Path(folder).rglob("settings.json")}


def test_values_and_ranges_are_read_as_they_are_meant():
    space = read_space(["a.b=1e-3,2,lstm,null,[3, 4]", "c=16..128", "d=1e-4..1e-2:log", "e=0.5..1", "f=true"])
    assert space["a.b"] == Choices((0.001, 2, "lstm", None, [3, 4]))
    assert space["c"] == Range(16, 128)
    assert space["d"] == Range(1e-4, 1e-2, logarithmic=True)
    assert space["e"] == Range(0.5, 1)
    assert [isinstance(known, Range) and known.whole for known in space.values()] == [False, True, False, False, False]
    assert space["f"] == Choices((True,))


def test_one_and_true_are_two_values():
    assert read_space(["a=1,true"])["a"] == Choices((1, True))


def test_a_grid_has_every_combination_the_last_name_first():
    points = grid(read_space(["a=1,2", "b=x,y"]))
    assert points == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a"], "expects NAME=VALUE,VALUE or NAME=LOW..HIGH, got 'a'"),
        (["a=1", "a=2"], "has a twice"),
        (["a=2..1"], "the lower end of a range first"),
        (["a=0..1:log"], "numbers above 0 only"),
        (["a=x..y"], "numbers at both ends"),
        (["a=1..inf"], r"finite numbers at both ends of a range, got 1\.\.inf"),
        (["a=-inf..1"], "finite numbers at both ends"),
        (["a=nan..1"], "finite numbers at both ends"),
        (["a= "], "at least one value for a, got ' '"),
        (["a=1e-3,0.001"], "has the value 0.001 of a twice in 1e-3,0.001"),
        (["a=lstm,gru,lstm"], "has the value lstm of a twice"),
        (["a=1,2,1.0"], "has the value 1.0 of a twice"),
    ],
)
def test_a_space_that_can_not_be_read_is_refused(words, said):
    with pytest.raises(UserError, match=said):
        read_space(words)


def test_every_point_of_a_grid_runs_and_equals_a_run_of_its_own(capsys):
    vary = ["--vary", "training.learning_rate=1e-3,1e-2", "seed=0,1"]
    assert main([*TINY, *vary, "--workers", "1"]) == 0
    text = capsys.readouterr().out
    folders = sorted(str(path.parent) for path in Path("runs/sweep").rglob("summary.json"))
    rates = [f"runs/sweep/copying/lstm,learning_rate={rate}" for rate in ("0.001", "0.01")]
    assert folders == [f"{folder}/seed-{seed}" for folder in rates for seed in (0, 1)]
    assert "The best stands in" in text
    alone = [*TINY[1:], "--training.learning_rate", "1e-2", "--seed", "1", "--folder", "alone"]
    assert main(["train", *alone]) == 0
    one, other = (load_checkpoint(Path(folder, "best.pt"))["model"] for folder in ("alone", folders[-1]))
    assert same(one, other)


def test_a_trial_whose_record_is_damaged_fails_alone_and_says_where(capsys):
    command = [*TINY, "--vary", "training.learning_rate=1e-3,1e-2", "--workers", "1"]
    assert main(command) == 0
    for summary in Path("runs/sweep").rglob("summary.json"):
        summary.unlink()
    damaged = Path("runs/sweep/copying/lstm,learning_rate=0.001/seed-0/metrics.jsonl")
    damaged.write_text("garbage\n" + damaged.read_text())
    capsys.readouterr()
    assert main(command) == 1
    text = capsys.readouterr().out
    assert f"{damaged.absolute()}, line 1, is damaged" in text.replace("\n", "")
    assert [path.parent.parent.name for path in Path("runs").rglob("summary.json")] == ["lstm,learning_rate=0.01"]


def test_what_is_varied_can_be_said_one_after_another():
    vary = ["--vary", "model.hidden_size=2,3", "--workers", "1", "--vary", "seed=0,1"]
    assert main([*TINY, *vary]) == 0
    assert len(list(Path("runs/sweep").rglob("summary.json"))) == 4


DEPENDENT = [
    *("--vary", "training.optimiser=adam,rmsprop", "training.alpha=0.9,null"),
    *("--training.learning_rate", "0.01", "--workers", "1"),
]


def test_a_point_whose_values_do_not_go_together_is_a_failed_trial_among_others(capsys):
    assert main([*TINY, *DEPENDENT]) == 1
    text = capsys.readouterr().out.replace("\n", " ")
    assert "lstm,optimiser=adam,alpha=0.9: it was refused: training.alpha must lie in [0, 1)" in text
    assert len(settings()) == 3


def test_a_search_goes_on_after_a_point_that_is_refused(capsys):
    pytest.importorskip("optuna")
    assert main([*TINY, *DEPENDENT, "--trials", "4"]) == 1
    assert capsys.readouterr().out.count("it was refused") == 1
    assert len(settings()) == 3


def test_on_ray_too_a_point_that_is_refused_is_a_failed_trial_among_others(tmp_path, monkeypatch):
    ray = SimpleNamespace(Searcher=type("Searcher", (), {"FINISHED": "finished"}))
    monkeypatch.setattr("holdfast.cli.sweep.on_ray.import_module", lambda name: ray)
    points = [{"training.learning_rate": rate} for rate in (0.1, -1.0, 0.2)]
    base, trials = Base(tuple(TINY[1:]), tmp_path, example=points[0]), {}
    searcher = _searcher(base, Grid(read_space(["training.learning_rate=0.1,-1.0,0.2"])), trials)
    assert [searcher.suggest(name) for name in "abc"] == [{"point": points[0]}, {"point": points[2]}, "finished"]
    assert [trial.label.partition("=")[2] for trial in trials.values() if trial.failure] == ["-1.0"]
    assert len(trials) == 3


def test_a_grid_can_go_over_models_too():
    assert main([*TINY, "--vary", "model.name=lstm,gru", "--workers", "1"]) == 0
    assert {own["model"]["name"] for own in settings().values()} == {"lstm", "gru"}


def test_a_search_tries_so_many_points_and_the_same_ones_again(capsys):
    pytest.importorskip("optuna")
    command = [*TINY, "--vary", "training.learning_rate=1e-4..1e-1:log", "model.hidden_size=2..4", "--trials", "3"]
    assert main([*command, "--workers", "1"]) == 0
    found = settings()
    assert len(found) == 3
    assert all(1e-4 <= own["training"]["learning_rate"] <= 1e-1 for own in found.values())
    assert {own["model"]["hidden_size"] for own in found.values()} <= {2, 3, 4}
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("summary.json")}
    assert main([*command, "--workers", "1"]) == 0
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("summary.json")} == before


def test_a_search_learns_where_results_are_good():
    pytest.importorskip("optuna")
    search = Search({"x": Range(0.0, 1.0)}, 30, sampler="tpe", sampler_seed=0, maximise=True)
    points = []
    while (point := search.next()) is not None:
        points.append(point["x"])
        search.learn(point, -abs(point["x"] - 0.9))
    assert len(points) == 30
    assert sum(abs(x - 0.9) for x in points[20:]) < 0.5 * sum(abs(x - 0.9) for x in points[:10])


def diverging(sampler: Sampler, seed: int) -> list[bool]:
    """Which of 60 points diverge, where two fifths of the space do, not far from the best."""
    search = Search({"x": Range(0.0, 1.0)}, 60, sampler=sampler, sampler_seed=seed, maximise=bool(seed % 2))
    found = []
    while (point := search.next()) is not None:
        found.append(point["x"] > 0.6)
        if found[-1]:
            search.shun(point)
        else:
            search.learn(point, (-1 if seed % 2 else 1) * abs(point["x"] - 0.45))
    return found


def test_a_search_keeps_away_from_where_training_diverges():
    pytest.importorskip("optuna")
    runs = [diverging("tpe", seed) for seed in range(4)]
    first, last = (sum(sum(run[part]) for run in runs) / 80 for part in (slice(20), slice(-20, None)))
    assert 0.2 < first < 0.6
    assert last < 0.5 * first


def test_what_a_search_hears_of_a_trial_is_its_result_or_that_it_diverged_or_was_refused(tmp_path):
    heard = []

    class Notes(Grid):
        def learn(self, point, value):
            heard.append(value)

        def shun(self, point):
            heard.append("shunned")

    trials = {name: followed(tmp_path / name, accuracy=0.5, loss=0.1) for name in ("good", "diverged", "cut")}
    Record(trials["diverged"].folder).conclude(Summary("diverged", "", 1, None, 1.0, 1, {"accuracy": 0.9}, None))
    (trials["cut"].folder / "summary.json").unlink()
    for trial in trials.values():
        teach(Notes({}), {}, trial)
    teach(Notes({}), {}, trials["cut"], reported=0.3)
    base = Base(tuple(TINY[1:]), tmp_path)
    teach(Notes({}), {}, base.tried({"training.learning_rate": -1.0}))
    assert heard == [0.5, "shunned", None, 0.3, "shunned"]


@pytest.mark.parametrize("sampler", get_args(Sampler))
def test_every_sampler_proposes_points_of_the_space_and_the_same_ones_again(sampler):
    pytest.importorskip("optuna")
    if sampler == "cmaes":
        pytest.importorskip("cmaes")
    space = {"x": Range(1e-4, 1.0, logarithmic=True), "units": Range(2, 64), "kind": Choices(("a", "b"))}
    found = []
    for _ in range(2):
        search = Search(space, 8, sampler=sampler, sampler_seed=1, maximise=False)
        while (point := search.next()) is not None:
            found.append(point)
            search.learn(point, point["x"])
    assert found[:8] == found[8:]
    assert all(1e-4 <= p["x"] <= 1 and 2 <= p["units"] <= 64 and p["kind"] in ("a", "b") for p in found)


MIXED = {"x": Range(1e-4, 1.0, logarithmic=True), "units": Range(2, 64), "kind": Choices(("a", ["b"], None))}


def searched(kept: Path | None, trials: int, workers: int, sampler: Sampler = "tpe", *, shunned: float = 1.0) -> list:
    """The points of a search, proposed so many at a time."""
    keep = kept and Kept(kept, {"sampler": sampler}, MIXED)
    search = Search(MIXED, trials, sampler=sampler, sampler_seed=1, maximise=False, kept=keep)
    points = []
    while batch := [point for _ in range(workers) if (point := search.next()) is not None]:
        for point in batch:
            if point["x"] > shunned:
                search.shun(point)
            else:
                search.learn(point, abs(point["x"] - 0.1) + point["units"] / 64)
        points += batch
    return points


@pytest.mark.parametrize("sampler", get_args(Sampler))
def test_a_search_that_goes_on_with_other_workers_begins_with_what_it_proposed_before(sampler, tmp_path):
    pytest.importorskip("optuna")
    if sampler == "cmaes":
        pytest.importorskip("cmaes")
    begun = searched(tmp_path, 14, 2, sampler)
    ended = searched(tmp_path, 30, 4, sampler)
    assert ended[:14] == begun
    assert len({str(point) for point in ended}) == 30
    assert searched(tmp_path, 30, 1, sampler, shunned=0.5) == ended
    assert searched(tmp_path, 10, 3, sampler) == ended[:10]


def test_a_search_that_goes_on_with_as_many_workers_ends_as_if_it_had_never_stopped(tmp_path):
    pytest.importorskip("optuna")
    searched(tmp_path, 17, 2)
    assert searched(tmp_path, 30, 2) == searched(None, 30, 2)


def test_searches_that_differ_keep_what_they_propose_apart(tmp_path):
    one, other = Kept(tmp_path, {"sampler_seed": 0}, MIXED), Kept(tmp_path, {"sampler_seed": 1}, MIXED)
    one.add({"x": 0.1})
    other.add({"x": 0.2})
    assert Kept(tmp_path, {"sampler_seed": 0}, MIXED).proposals == [{"x": 0.1}]
    assert Kept(tmp_path, {"sampler_seed": 0}, {"x": Range(0.0, 1.0)}).proposals == []


def test_what_a_search_proposes_lies_within_its_range():
    pytest.importorskip("optuna")
    ends = Range(1.00003, 1.00004)
    search = Search({"x": ends}, 1, sampler="random", sampler_seed=0, maximise=False)
    point = search.next()
    assert point is not None
    assert ends.low <= point["x"] <= ends.high


def test_a_sweep_that_goes_on_with_other_workers_makes_the_same_trials(capsys):
    pytest.importorskip("optuna")
    vary = ["--vary", "training.learning_rate=1e-4..1e-1:log", "--trials", "12"]
    assert main([*TINY, *vary, "--workers", "2"]) == 0
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("summary.json")}
    assert len(before) == 12
    assert main([*TINY, *vary, "--workers", "4"]) == 0
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("summary.json")} == before


def test_a_search_ends_when_there_is_nothing_new_to_try():
    pytest.importorskip("optuna")
    search = Search({"x": Choices((1, 2))}, 9, sampler="random", sampler_seed=0, maximise=False)
    points = []
    while (point := search.next()) is not None:
        points.append(point["x"])
        search.learn(point, None)
    assert sorted(points) == [1, 2]


def test_a_search_with_nothing_new_to_try_says_so(capsys):
    pytest.importorskip("optuna")
    assert main([*TINY, "--vary", "seed=0,1", "--trials", "9", "--workers", "1"]) == 0
    assert "--trials asked for 9 trials and 2 were made" in capsys.readouterr().out


def followed(folder: Path, **measures: float) -> Followed:
    folder.mkdir()
    Record(folder).conclude(Summary("finished", "", 1, None, 1.0, 1, measures, None))
    settings = RunSettings(Choice("copying"), Choice("lstm"), TrainingSettings())
    return Followed(folder.name, settings, folder, News("", 1, "accuracy"))


def test_of_equally_good_trials_the_one_with_the_smaller_loss_is_best(tmp_path):
    values = {"a": (0.5, 0.1), "b": (1.0, 0.3), "c": (1.0, 0.2), "d": (1.0, 0.3)}
    trials = [followed(tmp_path / name, accuracy=a, loss=loss) for name, (a, loss) in values.items()]
    assert [trial.label for trial in best_first(trials, maximise=True)] == ["c", "b", "d", "a"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "nothing is varied"),
        (["--vary", "training.lr=1,2"], "there is no setting training.lr"),
        (["--vary", "training.steps=a,2"], "training.steps must be a whole number"),
        (["--vary", "training.learning_rate=1e-3..1e-2"], "add --trials N for a search"),
        (
            ["--training.optimiser", "rmsprop", "--vary", "training.alpha=0.6..1.3", "--trials", "6"],
            "--vary can't give training.alpha the value 1.3: training.alpha must lie in [0, 1)",
        ),
        (["--vary", "model.hidden_size=3,0"], "--vary can't give model.hidden_size the value 0: "),
        (["--vary", "model.name=lstm,lsmt"], "--vary can't give model.name the value lsmt: there is no model 'lsmt'"),
        (["--task.lag", "-1", "--vary", "seed=0,1"], "holdfast: Copying expects lag to be"),
        (["--vary", "seed=0,1", "--early_stopping", "1"], "--early_stopping would do nothing here; add --engine ray"),
        (["--vary", "seed=0,1", "--gpus", "0", "--retries", "3"], "--gpus and --retries would do nothing here"),
        (["--vary", "seed=0,1", "--sampler", "tpe"], "--sampler would do nothing here; add --trials"),
        (["--vary", "seed=0,1", "--engine", "ray", "--sampler_seed", "0"], "--sampler_seed would do nothing here"),
        (
            ["--vary", "seed=0,1", "--engine", "ray", "--early_stopping", "0"],
            "--early_stopping must be at least 1, got 0",
        ),
    ],
)
def test_a_mistake_shows_before_anything_is_trained(given, said, capsys):
    assert main([*TINY, *given]) == 2
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("package", "given"),
    [
        ("ray", ["--engine", "ray"]),
        ("optuna", ["--trials", "2"]),
        ("cmaes", ["--trials", "2", "--sampler", "cmaes"]),
    ],
)
def test_a_missing_extra_is_told_with_how_to_get_it(package, given, capsys, monkeypatch):
    monkeypatch.setattr("holdfast.cli.sweep.proposals.find_spec", lambda name: None if name == package else True)
    assert main([*TINY, "--vary", "seed=0,1", *given]) == 2
    error = capsys.readouterr().err
    assert f"needs the package {package}" in error
    assert "pip install 'holdfast[sweep]'" in error


LONG = [
    "--training.steps",
    "300",
    "--training.evaluate_every",
    "5",
    "--vary",
    "training.learning_rate=1e-3,1e-2,3e-2,0.1",
]


@pytest.mark.slow
def test_on_ray_a_sweep_outlives_a_killed_worker_and_equals_the_local_one(tmp_path):
    pytest.importorskip("ray")
    assert main([*TINY, *LONG, "--workers", "1", "--folder", "local"]) == 0
    code = "import sys, holdfast.cli; sys.exit(holdfast.cli.main())"
    given = [*TINY, *LONG, "--engine", "ray", "--workers", "2", "--folder", "ray"]
    sweep = subprocess.Popen([sys.executable, "-c", code, *given])
    victim = worker_at(tmp_path / "ray", sweep)
    os.kill(victim, signal.SIGKILL)
    assert sweep.wait(timeout=500) == 0
    trials = sorted(Path("local/copying").glob("*/seed-0"))
    assert len(trials) == 4
    for trial in trials:
        other = Path("ray") / trial.relative_to("local")
        one, two = (load_checkpoint(folder / "best.pt")["model"] for folder in (trial, other))
        assert same(one, two)
        assert timeless(trial) == timeless(other)


@pytest.mark.slow
def test_on_ray_bad_trials_are_stopped_early_and_good_ones_end_by_themselves(capfd):
    pytest.importorskip("ray")
    vary = ["--vary", "training.learning_rate=0.03,1e-7,1e-8,1e-9", "--early_stopping", "5", "--workers", "1"]
    steps = ["--training.steps", "40", "--training.evaluate_every", "5"]
    adding = ["sweep", "--task", "adding", "--task.length", "10", *TINY[5:]]
    assert main([*adding, *steps, *vary, "--engine", "ray"]) == 0
    ended = [path.parent.parent.name for path in Path("runs/sweep").rglob("summary.json")]
    assert "lstm,learning_rate=0.03" in ended
    assert len(ended) < 4
    assert "stopped at step 5" in capfd.readouterr().out


def worker_at(folder: Path, sweep: subprocess.Popen) -> int:
    """The process that is in the middle of a trial: it holds the lock of one that has a checkpoint but no summary."""
    while sweep.poll() is None:
        time.sleep(0.01)
        for lock in folder.rglob("lock"):
            begun = (lock.parent / "checkpoint.pt").exists() and not (lock.parent / "summary.json").exists()
            if begun and (holders := _holders(lock)):
                return holders[0]
    raise AssertionError("the sweep ended before a worker could be killed")


def _holders(path: Path) -> list[int]:
    found = []
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if descriptor.resolve() == path.resolve():
                found.append(int(descriptor.parts[2]))
        except OSError:  # the process has ended meanwhile
            continue
    return found
