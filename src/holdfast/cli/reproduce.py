"""`holdfast reproduce`: an experiment of a paper, and what became of its claims."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from holdfast.cli.compare import Comparison, execute, prepare, understood
from holdfast.cli.config import spelt_out_file
from holdfast.cli.display import show_results
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.train import RESUME
from holdfast.experiments import EXPERIMENTS, SCALES, Experiment, Question
from holdfast.report.judged import Judged, home, judged
from holdfast.report.numbers import times
from holdfast.spelling import did_you_mean

ABOUT = "Runs an experiment of a paper, and says what became of its claims. Without a name it lists the experiments."
MARKS = {"met": "[green]met[/]", "not met": "[red]not met[/]", "open": "[dim]open[/]"}


def main(arguments: Sequence[str]) -> int:
    """Runs what is not finished; 1 if a run failed, 130 after Ctrl-C. Without a name it lists what there is."""
    if not arguments:
        print("\n".join(f"{name:<36}{experiment.summary}" for name, experiment in EXPERIMENTS.items()))
        return 0
    values = _parser(EXPERIMENTS.get(arguments[0])).parse_args(arguments)
    experiment = experiment_of(values.experiment)
    questions = _chosen("question", values.questions, {one.name: one for one in experiment.ask(values.scale)})
    labels = _chosen("model", values.models, {label: label for one in questions for label in one.labels})
    given = {name: values[name] for name in ("seeds", "workers") if values[name] is not None}
    comparisons = {
        question.name: comparison(
            question, labels, given | {"folder": str(home(Path(values.folder), experiment, values.scale, question))}
        )
        for question in questions
        if set(labels) & set(question.labels)
    }
    try:
        failed = run(experiment, comparisons)
    except KeyboardInterrupt:
        print(RESUME, file=sys.stderr)
        return 130
    tell([one for one in judged(Path(values.folder), experiment, values.scale) if one.question.name in comparisons])
    print(f"The records are in {values.folder}; `holdfast ledger --add {values.folder}` takes them into the ledger.")
    return 1 if failed else 0


def experiment_of(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        UserError: there is none; the message names the nearest.
    """
    if name not in EXPERIMENTS:
        hint = did_you_mean(name, EXPERIMENTS, "`holdfast reproduce` lists those that there are")
        raise UserError(f"there is no experiment '{name}'; {hint}")
    return EXPERIMENTS[name]


def comparison(question: Question, labels: Sequence[str], given: Mapping[str, Any]) -> Comparison:
    """The runs of a question, as `holdfast compare` has them."""
    whole = understood(["--config", json.dumps(spelt_out_file({**question.settings, **given}))])
    return whole.narrowed([label for label in whole.models if label in labels])


def run(experiment: Experiment, comparisons: Mapping[str, Comparison]) -> bool:
    """Trains what is not finished, question by question; returns whether a run failed.

    All is prepared first, so that mistakes show before anything is trained.
    """
    prepared = {name: prepare(comparison) for name, comparison in comparisons.items()}
    for name, runs in prepared.items():
        left = sum(run.summary is None for run in runs)
        print(f"{experiment.name}, {name}: {times(len(runs), 'run')}, {left} to do", flush=True)
        execute(runs, comparisons[name].workers)
        show_results(runs)
    return any(run.failure for runs in prepared.values() for run in runs)


def tell(questions: Sequence[Judged]) -> None:
    """What became of every claim."""
    console = Console(highlight=False, soft_wrap=True)
    for one in questions:
        for claim, verdict in one.verdicts():
            seeds = times(min(len(one.runs.get(model, ())) for model in claim.models), "seed")
            console.print(f"{escape(one.question.name)}: {escape(claim.sentence)}: {MARKS[verdict]} ({seeds})")


def _parser(experiment: Experiment | None) -> Parser:
    about = ABOUT if experiment is None else experiment.text
    parser = Parser("reproduce", "PAPER/EXPERIMENT [options]", about)
    parser.add_argument("experiment", type=str, help="such as gu2020/copy")
    parser.add_argument("--scale", choices=SCALES, default="small", help="small: for two cores; full: as in the paper")
    parser.add_argument("--seeds", type=int, nargs="+", default=None, help="each model runs once with each")
    parser.add_argument(
        "--models", type=str, nargs="+", default=None, help="of the experiment's models; all by default"
    )
    parser.add_argument("--questions", type=str, nargs="+", default=None, help="of the experiment's; all by default")
    parser.add_argument("--workers", type=int | None, default=None, help="processes at once; null for one a core")
    parser.add_argument("--folder", type=str, default="runs", help="holds PAPER/EXPERIMENT/SCALE/QUESTION")
    return parser


def _chosen(kind: str, wanted: Sequence[str] | None, known: Mapping[str, Any]) -> list[Any]:
    """Those that are wanted, in the order of the experiment; all unless some are named."""
    for name in wanted or ():
        if name not in known:
            hint = did_you_mean(name, known, f"there are {', '.join(known)}")
            raise UserError(f"the experiment has no {kind} '{name}'; {hint}")
    return [one for name, one in known.items() if wanted is None or name in wanted]
