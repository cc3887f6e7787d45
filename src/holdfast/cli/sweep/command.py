"""The options of `holdfast sweep`, and what it shows."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from holdfast.cli.compare import cores
from holdfast.cli.display import number, outcome
from holdfast.cli.errors import UserError
from holdfast.cli.follow import Followed
from holdfast.cli.parser import Parser
from holdfast.cli.sweep.check import accepted
from holdfast.cli.sweep.kept import Kept
from holdfast.cli.sweep.local import sweep_here
from holdfast.cli.sweep.on_ray import sweep_on_ray
from holdfast.cli.sweep.proposals import Grid, Sampler, Search
from holdfast.cli.sweep.space import Space, read_space
from holdfast.cli.sweep.trial import Base, best_first, result
from holdfast.report.numbers import listed
from holdfast.training.news import in_words

ABOUT = (
    "Trains one model on one task at every point of a grid, or with --trials at the points that a search proposes. "
    "What is not varied is said as for `holdfast train`, all of whose options hold here. Points are compared on the "
    "validation set."
)
RAYS_OWN = {"address": None, "gpus": 0.0, "retries": 3, "early_stopping": None}
"""What each option that goes with --engine ray is unless given."""
SEARCHS_OWN: dict[str, Any] = {"sampler": "tpe", "sampler_seed": 0}
"""The same, of those that go with --trials."""
STOPPED = "Stopped. Nothing that was recorded is lost: give the same command to go on."
EXHAUSTED = "what the sampler proposed from there on had all been tried; vary more, or take another --sampler"


def main(arguments: Sequence[str]) -> int:
    """Runs what is not finished; 1 if a trial failed, 130 after Ctrl-C."""
    parser = _parser()
    own, rest = _parted(arguments, parser)
    values = parser.parse_args(own)
    rays = _own(values, RAYS_OWN, "--engine ray", values.engine == "ray")
    searchs = _own(values, SEARCHS_OWN, "--trials", values.trials is not None)
    space = _space(values)
    base = Base(tuple(rest), Path(values.folder).absolute())
    base = replace(base, example=accepted(base, space))
    maximise = base.task.higher_is_better
    if values.trials is None:
        proposals = Grid(space)
    else:
        kept = Kept(base.home, {"model": base.settings(base.example).model.name, **searchs}, space)
        proposals = Search(space, values.trials, maximise=maximise, kept=kept, **searchs)
    workers = values.workers or cores()
    try:
        if values.engine == "local":
            trials = sweep_here(base, proposals, workers)
        else:
            grace = rays.pop("early_stopping")
            early = grace and (grace, base.settings(base.example).training.steps)
            trials = sweep_on_ray(base, proposals, workers=workers, early=early, maximise=maximise, **rays)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    show(best_first(trials, maximise=maximise))
    if values.trials is not None and len(trials) < values.trials:
        print(f"--trials asked for {values.trials} trials and {len(trials)} were made: {EXHAUSTED}")
    return 1 if any(trial.failure for trial in trials) else 0


def show(trials: Sequence[Followed]) -> None:
    """A row a trial, the best first, and how to have it again."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    metric = trials[0].news.metric
    for name in ("trial", "seed", "status", "steps", f"validation {metric}", f"test {metric}", "time"):
        table.add_column(name, justify="left" if name in ("trial", "status") else "right", overflow="fold")
    for trial in trials:
        summary = trial.summary
        told = [] if summary is None else [str(summary.steps), number(result(trial))]
        test = (summary and summary.test) or {}
        told += [] if summary is None else [number(test.get(metric)), in_words(summary.seconds)]
        table.add_row(trial.label, str(trial.settings.seed), _status(trial), *told)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for trial in trials:
        if trial.failure:
            print(f"{trial.label}: {outcome(trial)}")
    if result(trials[0]) is not None:
        print(f"The best stands in {trials[0].folder}; `holdfast report` makes a page of all.")


def _status(trial: Followed) -> str:
    """How a trial ended; without a summary it was stopped for being worse than others, or failed."""
    if trial.summary is None and trial.failure is None:
        trial.look()
        return f"stopped at step {trial.news.step}"
    return trial.status


def _parser() -> Parser:
    parser = Parser("sweep", "--vary NAME=VALUES ... --task NAME --model NAME [options]", ABOUT)
    add = parser.add_argument
    forms = "NAME=VALUE,VALUE or NAME=LOW..HIGH or NAME=LOW..HIGH:log, of any setting; may be given several times"
    add("--vary", type=str, nargs="+", action="extend", help=forms)
    add("--trials", type=int | None, default=None, help="points of a search; unless given, every point of the grid")
    add("--sampler", choices=get_args(Sampler), help="of --trials: Optuna's method of search; tpe unless given")
    add("--sampler_seed", type=int | None, default=None, help="of --trials: of the method's own chance; 0 unless given")
    add("--engine", choices=("local", "ray"), default="local", help="local: processes of this machine; ray: Ray Tune")
    add("--workers", type=int | None, default=None, help="trials at once; null for one a core")
    add("--folder", type=str, default="runs/sweep", help="holds TASK/TRIAL/seed-SEED; all machines must see it")
    add("--address", type=str | None, default=None, help="ray: of a running cluster, HOST:PORT; null for this machine")
    add("--gpus", type=float | None, default=None, help="ray: of a trial, 0 unless given; several can share one")
    add("--retries", type=int | None, default=None, help="ray: goes on after a worker was lost; 3 times unless given")
    add("--early_stopping", type=int | None, default=None, help="ray: steps before a bad trial may be stopped (ASHA)")
    return parser


def _parted(arguments: Sequence[str], parser: Parser) -> tuple[list[str], list[str]]:
    """The sweep's own options with what follows them, and the rest, which are those of `holdfast train`."""
    known = {option for action in parser._actions for option in action.option_strings}
    own, rest = [], []
    place = rest
    for word in arguments:
        if word.startswith("-"):
            place = own if word.partition("=")[0] in known else rest
        place.append(word)
    return own, rest


def _own(values: Any, defaults: Mapping[str, Any], goes_with: str, meant: bool) -> dict[str, Any]:
    """The options that go with another one; those that were not given are as they are by default.

    Raises:
        UserError: some are given without it, and would do nothing.
    """
    given = {name: values[name] for name in defaults if values[name] is not None}
    if given and not meant:
        raise UserError(f"{listed([f'--{name}' for name in given])} would do nothing here; add {goes_with}")
    return {**defaults, **given}


def _space(values: Any) -> Space:
    """What is varied.

    Raises:
        UserError: nothing is, or a number is out of its range.
    """
    least = {"workers": 1, "trials": 1, "early_stopping": 1, "gpus": 0, "retries": 0}
    for name, low in least.items():
        if values[name] is not None and values[name] < low:
            raise UserError(f"--{name} must be at least {low}, got {values[name]}")
    space = read_space(values.vary or [])
    if not space:
        raise UserError("nothing is varied; add --vary NAME=VALUE,VALUE, such as training.learning_rate=1e-3,1e-2")
    return space
