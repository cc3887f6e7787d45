"""Experiments held against the runs that were made for them: a row a model, and what became of each claim.

The runs of a question lie in <folder>/<paper>/<experiment>/<scale>/<question>, as `holdfast reproduce` leaves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from holdfast.experiments import Claim, Experiment, Outcome, Published, Question, Scale, Verdict
from holdfast.report.comparison import Row
from holdfast.report.records import read_run
from holdfast.report.run import UNFINISHED, Run


def home(folder: Path, experiment: Experiment, scale: Scale, question: Question) -> Path:
    """Where the runs of a question lie."""
    return folder / experiment.name / scale / question.name


@dataclass(frozen=True)
class Judged:
    """One question of an experiment with the finished runs that answer it.

    Args:
        experiment, scale, question: what was asked.
        runs: label -> the finished runs, by seed.
    """

    experiment: Experiment
    scale: Scale
    question: Question
    runs: dict[str, tuple[Run, ...]]

    @cached_property
    def outcomes(self) -> dict[str, tuple[Outcome, ...]]:
        """What claims are judged by."""
        return {label: tuple(map(_outcome, runs)) for label, runs in self.runs.items()}

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
        """Where the runs of a model are not those that are asked for."""
        found = (self.question.strays(label, _settings(run)) for run in self.runs[label])
        return list(dict.fromkeys(stray for strays in found for stray in strays))


def judged(folder: Path, experiment: Experiment, scale: Scale) -> list[Judged]:
    """The questions of an experiment, each with its finished runs.

    Args:
        folder: where `holdfast reproduce` left them, or results/.
        experiment, scale: what was asked.

    Raises:
        ValueError: a record can't be read.
    """
    return [
        Judged(experiment, scale, question, _finished(home(folder, experiment, scale, question), question.labels))
        for question in experiment.ask(scale)
    ]


def _finished(folder: Path, labels: Sequence[str]) -> dict[str, tuple[Run, ...]]:
    found: dict[str, list[Run]] = {label: [] for label in labels}
    for settings in sorted(folder.glob("*/*/seed-*/settings.json")):
        run = read_run(settings.parent)
        if run.status != UNFINISHED and run.label in found:
            found[run.label].append(run)
    return {label: tuple(sorted(runs, key=lambda run: run.seed)) for label, runs in found.items()}


def _outcome(run: Run) -> Outcome:
    about = _about(run)
    value = run.reached("test", about.get("metric", "loss"))
    return Outcome(value, about.get("higher_is_better", False), run.steps_to_solved)


def _about(run: Run) -> dict:
    return run.description.get("task", {})


def _settings(run: Run) -> dict:
    return {"task": run.task, "model": run.model, "objective": run.objective, "training": run.training}
