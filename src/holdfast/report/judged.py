"""Experiments held against the runs that were made for them: a row a model, and what became of each claim.

The runs of a question lie in <folder>/<paper>/<experiment>/<scale>/<question>, as `holdfast reproduce` leaves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from holdfast.experiments import (
    EXPERIMENTS,
    SCALES,
    Claim,
    Experiment,
    Outcome,
    Published,
    Question,
    Scale,
    Verdict,
)
from holdfast.report.comparison import Row
from holdfast.report.costs import operations_of
from holdfast.report.records import read_run
from holdfast.report.run import Run


def home(folder: Path, experiment: Experiment, scale: Scale, question: Question) -> Path:
    """Where the runs of a question lie."""
    return folder / experiment.name / scale / question.name


@dataclass(frozen=True)
class Judged:
    """One question of an experiment with the finished runs that answer it.

    Args:
        experiment, scale, question: what was asked.
        runs: label -> the finished runs that were made as it asks, by seed.
        astray: label -> finished runs that lie there but were made otherwise, each with what differs; they answer
            nothing.
    """

    experiment: Experiment
    scale: Scale
    question: Question
    runs: dict[str, tuple[Run, ...]]
    astray: dict[str, tuple[tuple[Run, tuple[str, ...]], ...]]

    @cached_property
    def outcomes(self) -> dict[str, tuple[Outcome, ...]]:
        """What claims are judged by."""
        costs = any(claim.measured == "operations" for claim in self.question.claims)
        return {label: tuple(_outcome(run, costs=costs) for run in runs) for label, runs in self.runs.items()}

    def row(self, label: str) -> Row | None:
        """The runs of a model as a row of the report; None if there are none."""
        runs = self.runs[label]
        return Row(label, runs, _about(runs[0]).get("metric", "loss")) if runs else None

    def verdicts(self, label: str | None = None) -> list[tuple[Claim, Verdict]]:
        """The claims about a model, or all, each with what became of it."""
        claims = self.question.claims if label is None else self.question.about(label)
        return [(claim, claim.verdict(self.outcomes)) for claim in claims]

    def published(self, label: str) -> tuple[Published, ...]:
        """What the paper reports of a model."""
        return self.question.published(label, self.experiment.source)

    def strays(self, label: str) -> list[str]:
        """Which runs of a model are left out, for they are not those that are asked for."""
        return [f"seed {run.seed} is left out: {', '.join(differing)}" for run, differing in self.astray[label]]


def judged(folder: Path, experiment: Experiment, scale: Scale) -> list[Judged]:
    """The questions of an experiment, each with its finished runs.

    Args:
        folder: where `holdfast reproduce` left them, or results/.
        experiment, scale: what was asked.

    Raises:
        ValueError: a record can't be read.
    """
    found = []
    for question in experiment.ask(scale):
        records = sorted(home(folder, experiment, scale, question).glob("*/*/seed-*/settings.json"))
        found.append(_judge(experiment, scale, question, [read_run(path.parent) for path in records]))
    return found


def answered(runs: Sequence[Run]) -> list[Judged]:
    """The questions that some of these runs answer, by where they lie; in the order of the experiments."""
    found: list[Judged] = []
    places = {run: tuple(parent.name for parent in run.folder.resolve().parents[2:6]) for run in runs}
    for name, experiment in EXPERIMENTS.items():
        for scale in SCALES:
            asked = {run: place[0] for run, place in places.items() if place[1:] == (scale, *reversed(name.split("/")))}
            for question in experiment.ask(scale) if asked else ():
                own = [run for run, place in asked.items() if place == question.name]
                found += [_judge(experiment, scale, question, own)] if own else []
    return found


def _judge(experiment: Experiment, scale: Scale, question: Question, runs: Sequence[Run]) -> Judged:
    finished = sorted((run for run in runs if run.summary), key=lambda run: run.seed)
    made: dict[str, tuple[Run, ...]] = {}
    astray: dict[str, tuple[tuple[Run, tuple[str, ...]], ...]] = {}
    for label in question.labels:
        own = {run: tuple(question.strays(label, _settings(run))) for run in finished if run.label == label}
        made[label] = tuple(run for run, differing in own.items() if not differing)
        astray[label] = tuple((run, differing) for run, differing in own.items() if differing)
    return Judged(experiment, scale, question, made, astray)


def _outcome(run: Run, *, costs: bool) -> Outcome:
    """What a run came to; what a sequence costs it is asked only if a claim needs it."""
    about = _about(run)
    metric = about.get("metric", "loss")
    operations = operations_of(run) if costs else None
    chance = about.get("chance", {}).get(metric)
    higher = about.get("higher_is_better", False)
    return Outcome(run.reached("test", metric), higher, run.steps_to_solved, operations, chance)


def _about(run: Run) -> dict:
    return run.description.get("task", {})


def _settings(run: Run) -> dict:
    return {"task": run.task, "model": run.model, "objective": run.objective, "training": run.training}
