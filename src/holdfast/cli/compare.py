"""`holdfast compare`: several models and seeds on one task, side by side."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch

from holdfast.cli.build import build_model, build_task, card_of, entry_of, model_options
from holdfast.cli.config import chosen, spelt_out
from holdfast.cli.display import make_display, show_results
from holdfast.cli.errors import UserError
from holdfast.cli.follow import Followed
from holdfast.cli.objectives import add_common_objective, build_learner, shared_objective
from holdfast.cli.options import MORE, add_common, add_config, add_task, add_training, model_choice, task_choice
from holdfast.cli.parser import Parser
from holdfast.cli.train import RESUME, run
from holdfast.training import Choice, RunSettings, TrainingSettings, silent
from holdfast.training.news import News
from holdfast.training.opening import open_record
from holdfast.training.pool import Failure, Pool, preloaded_context
from holdfast.training.record import FAILURE
from holdfast.training.run import make_fabric, run_settings


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Args:
        task: what all must remember.
        models: label -> model.
        objectives: label -> what it minimises.
        training: how all are trained.
        seeds: each model runs once with each.
        workers: processes at once.
        folder: holds TASK/LABEL/seed-SEED for each run.
    """

    task: Choice
    models: dict[str, Choice]
    objectives: dict[str, Choice | None]
    training: TrainingSettings
    seeds: list[int]
    workers: int
    folder: Path

    def narrowed(self, labels: Sequence[str]) -> Self:
        """The same of these models alone; each keeps what was said for all."""
        return replace(
            self,
            models={label: self.models[label] for label in labels},
            objectives={label: self.objectives[label] for label in labels},
            workers=min(self.workers, len(labels) * len(self.seeds)),
        )


def main(arguments: Sequence[str]) -> int:
    """Runs what is not finished, each in a process of its own; 1 if a run failed, 130 after Ctrl-C."""
    comparison = parse(arguments)
    runs = prepare(comparison)
    try:
        execute(runs, comparison.workers)
    except KeyboardInterrupt:
        print(RESUME, file=sys.stderr)
        return 130
    show_results(runs)
    print(f"The records are in {comparison.folder}; `holdfast report {comparison.folder}` makes a page of them.")
    return 1 if any(run.failure for run in runs) else 0


def parse(arguments: Sequence[str]) -> Comparison:
    """The comparison that the arguments ask for.

    Raises:
        UserError: they ask for something that there is not.
        ValueError: a setting is out of its range.
    """
    return understood(spelt_out(arguments))


def understood(given: Sequence[str]) -> Comparison:
    """The comparison that arguments ask for in which all names are spelt out.

    Raises:
        UserError: they ask for something that there is not.
        ValueError: a setting is out of its range.
    """
    models: dict[str, dict[str, Any]] = chosen(given, "models") or {}
    values = _parser(chosen(given, "task.name"), models, chosen(given, "objective.name")).parse_args(given).as_dict()
    task = task_choice(values["task"])
    if not models:
        raise UserError("no models were named; add --models NAME ... (`holdfast list models` shows them)")
    seeds, workers = values["seeds"], values["workers"]
    if len(set(seeds)) < len(seeds) or not seeds:
        raise UserError(f"--seeds must be different numbers, one at least, got {seeds}")
    if min(seeds) < 0:
        raise UserError(f"--seeds must be at least 0, got {min(seeds)}")
    if workers is not None and workers < 1:
        raise UserError(f"--workers must be at least 1, got {workers}")
    common = {name: value for name, value in values.get("model", {}).items() if value is not None}
    return Comparison(
        task=task,
        models={label: _with_common(options, common) for label, options in models.items()},
        objectives={label: shared_objective(options, values["objective"]) for label, options in models.items()},
        training=TrainingSettings(**values["training"]),
        seeds=seeds,
        workers=workers or min(cores(), len(models) * len(seeds)),
        folder=Path(values["folder"]),
    )


def _parser(task: str | None, models: dict[str, dict[str, Any]], objective: str | None) -> Parser:
    parser = Parser(
        "compare", "--task NAME --models NAME ... [options]", f"Trains several models on one task, side by side. {MORE}"
    )
    add_config(parser)
    parser.add_argument(
        "--models",
        type=dict[str, dict[str, Any]],
        default={},
        metavar="NAME ...",
        help="the models; in a file also label: {name: NAME, option: value}, so that each can have options of its own",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="each model runs once with each")
    parser.add_argument("--workers", type=int | None, default=None, help="processes at once; null for one a core")
    parser.add_argument("--folder", type=str, default="runs", help="holds TASK/LABEL/seed-SEED for each run")
    add_task(parser, task)
    add_common(parser, [options["name"] for options in models.values()])
    add_common_objective(parser, objective, models)
    add_training(parser)
    return parser


def _with_common(options: dict[str, Any], common: dict[str, Any]) -> Choice:
    """A model with its own options and those of the common ones that it has."""
    name, own = options["name"], {key: value for key, value in options.items() if key not in ("name", "objective")}
    known = model_options(entry_of(name))
    return model_choice(name, {key: value for key, value in common.items() if key in known} | own)


def prepare(comparison: Comparison) -> list[Followed]:
    """Every run with its folder. All is built and opened once here, so that mistakes show before anything is trained.

    Raises:
        ValueError: an option out of its range, devices that this machine has not, a folder that can't be used, or data
            that can't be read.
    """
    make_fabric(comparison.training)
    task = build_task(comparison.task)
    runs = []
    for label, choice in comparison.models.items():
        objective = comparison.objectives[label]
        model = build_model(choice, task, seed=0)
        build_learner(objective, model, seed=0, endless=task.endless)
        card = card_of(choice, model, objective)
        for seed in comparison.seeds:
            settings = RunSettings(comparison.task, choice, comparison.training, seed, objective)
            folder = comparison.folder / task.name / label / f"seed-{seed}"
            open_record(folder, run_settings(task, card, comparison.training, seed=seed))
            news = News(f"{task.name}, {label}, seed {seed}", comparison.training.steps, task.metric)
            runs.append(Followed(label, settings, folder, news))
    if any(run.summary is None for run in runs):
        task.prepare()
    return runs


def execute(runs: Sequence[Followed], workers: int) -> None:
    """Trains the runs that are not over; what goes wrong stands in `failure` and in failure.txt."""
    left = {run.name: run for run in runs if run.summary is None}
    threads = max(1, cores() // workers)
    jobs = {name: partial(work, run.settings, run.folder, threads) for name, run in left.items()}
    pool = Pool(workers, preloaded_context("holdfast.cli.train"))
    with make_display(runs) as display:
        for name, failure in pool.run(jobs, look=display.look).items():
            note(left[name], failure)


def work(settings: RunSettings, folder: Path, threads: int) -> None:
    """One run, in a process of its own."""
    torch.set_num_threads(threads)
    (folder / FAILURE).unlink(missing_ok=True)
    run(settings, folder, watch=silent)


def note(run: Followed, failure: Failure) -> None:
    """Keeps why a run failed."""
    path = run.folder / FAILURE
    path.write_text(f"{failure.message}\n\n{failure.details}", encoding="utf-8")
    run.failure = f"{failure.message} (more in {path})"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
