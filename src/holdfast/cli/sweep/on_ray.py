"""The engine for many machines: trials on Ray Tune, which outlive the loss of a worker.

A trial is a run with a record in the sweep's folder, which every machine must see. When its worker is lost, Ray starts
it again somewhere, and the run goes on from its checkpoint: it ends with the same bits. So results are read from the
records, as those of any other engine.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from holdfast.cli.follow import Followed
from holdfast.cli.sweep.proposals import Proposals, require
from holdfast.cli.sweep.space import Point
from holdfast.cli.sweep.trial import Base, Refused, result, teach
from holdfast.cli.train import run
from holdfast.training.news import News
from holdfast.training.progress import Progress

STEP, VALUE = "step", "value"
RAY = "ray"
"""Ray's own folder in that of the sweep."""
PASSED_ON = ("HOLDFAST_DATA", "OMP_NUM_THREADS")
"""What workers on other machines must know of this one's environment."""


def sweep_on_ray(
    base: Base,
    proposals: Proposals,
    *,
    workers: int,
    address: str | None,
    gpus: float,
    retries: int,
    early: tuple[int, int] | None,
    maximise: bool,
) -> list[Followed]:
    """Runs every proposal on Ray.

    Args:
        base: what all trials share; its folder is absolute, and all machines see it.
        proposals: the points.
        workers: trials at once.
        address: of a running cluster; None starts Ray on this machine.
        gpus: that a trial takes; a part of one lets several share it.
        retries: how often a trial is started again after its worker was lost.
        early: updates after which a trial may be stopped for being worse than others, and the most that one has
            (ASHA); None for never.
        maximise: whether a larger result is a better one.

    Raises:
        UserError: Ray is not installed.
    """
    require("ray", "--engine ray")
    ray, tune = import_module("ray"), import_module("ray.tune")
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    here: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address is None else {}
    ray.init(address=address or "local", runtime_env={"env_vars": environment}, log_to_driver=False, **here)
    try:
        trials: dict[str, Followed] = {}
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_work, base=base), {"cpu": 1, "gpu": gpus}),
            tune_config=tune.TuneConfig(
                metric=VALUE,
                mode="max" if maximise else "min",
                search_alg=_searcher(base, proposals, trials),
                scheduler=None if early is None else _successive_halving(*early),
                num_samples=len(proposals),
                max_concurrent_trials=workers,
            ),
            run_config=tune.RunConfig(
                name=RAY,
                storage_path=str(base.folder),
                failure_config=tune.FailureConfig(max_failures=retries),
                verbose=1,
            ),
        )
        tuner.fit()
    finally:
        ray.shutdown()
    return list(trials.values())


def _work(config: dict[str, Any], base: Base) -> None:
    """One trial, in a worker. It reports each evaluation, and at the end its result, for Ray to see."""
    tune: Any = import_module("ray.tune")
    trial = base.trial(config["point"])

    class Reports(Progress):
        def append(self, event: str, *, step: int, **values: Any) -> None:
            if event == "evaluation" and values["split"] == "validation":
                tune.report({VALUE: values[trial.news.metric], STEP: step})

    def watch(news: News) -> Progress:
        del news
        return Reports()

    summary = run(trial.settings, trial.folder, watch=watch)
    if (value := result(trial)) is not None:
        tune.report({VALUE: value, STEP: summary.steps})


def _searcher(base: Base, proposals: Proposals, trials: dict[str, Followed]) -> Any:
    """The proposals as Ray asks for them; each is noted in `trials`, those that are refused too."""
    kind: Any = import_module("ray.tune.search").Searcher

    class Proposed(kind):
        def suggest(self, trial_id: str) -> dict[str, Point] | str:
            while (point := proposals.next()) is not None:
                trial = base.tried(point)
                if not isinstance(trial, Refused):
                    trials[trial_id], points[trial_id] = trial, point
                    return {"point": point}
                trials[f"refused {point}"] = trial
                teach(proposals, point, trial)
            return kind.FINISHED

        def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
            if error:
                trials[trial_id].failure = f"its worker failed more than once; see error.txt in {base.folder / RAY}"
            teach(proposals, points[trial_id], trials[trial_id], reported=(result or {}).get(VALUE))

        def save(self, checkpoint_path: str) -> None:
            """Nothing: the records hold all, and a sweep that is started again proposes the same."""
            Path(checkpoint_path).touch()

        def restore(self, checkpoint_path: str) -> None:
            """Nothing, as with `save`."""

    points: dict[str, Point] = {}
    return Proposed()


def _successive_halving(grace: int, longest: int) -> Any:
    """ASHA, counted in updates; it would stop a trial at `max_t`, before that has measured the test set."""
    scheduler: Any = import_module("ray.tune.schedulers").ASHAScheduler
    return scheduler(time_attr=STEP, max_t=longest + 1, grace_period=min(grace, longest))
