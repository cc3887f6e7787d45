"""A point of a sweep as a run with a folder of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from holdfast.cli.build import build_task
from holdfast.cli.config import spelt_out
from holdfast.cli.errors import UserError
from holdfast.cli.follow import Followed
from holdfast.cli.sweep.proposals import Proposals
from holdfast.cli.sweep.space import Point
from holdfast.cli.train import diverged, understood
from holdfast.tasks import Task
from holdfast.training import ModelCard, RunSettings
from holdfast.training.news import News
from holdfast.training.run import run_settings


class Refused(Followed):
    """A point that can't be trained: a trial that failed before it began, and would whenever it is tried."""


@dataclass(frozen=True)
class Base:
    """What all trials share.

    Args:
        arguments: as `holdfast train` takes them.
        folder: holds TASK/LABEL/seed-SEED for each trial.
        example: a point that can be trained.
    """

    arguments: tuple[str, ...]
    folder: Path
    example: Point = field(default_factory=dict)

    def settings(self, point: Point) -> RunSettings:
        """The run of a point.

        Raises:
            UserError: the point has a setting that there is not, or of the wrong type.
            ValueError: a setting is out of its range.
        """
        given = [*spelt_out(self.arguments), "--config", json.dumps(_nested(point))]
        settings, _ = understood(given)
        return settings

    def label(self, point: Point, model: str) -> str:
        """What the trial is called: its model and the values that make it another than its neighbours."""
        told = {name: value for name, value in point.items() if name not in ("seed", "model.name")}
        parts = (f"{name.rpartition('.')[2]}={_word(value)}" for name, value in told.items())
        return ",".join([model, *parts])

    def trial(self, point: Point) -> Followed:
        """The run of a point, seen through its record."""
        chosen = self.settings(point)
        task, label = build_task(chosen.task), self.label(point, chosen.model.name)
        card = ModelCard(chosen.model.name, dict(chosen.model.options), objective=chosen.objective)
        settings = run_settings(task, card, chosen.training, seed=chosen.seed)
        folder = self.folder / task.name / label / f"seed-{settings.seed}"
        news = News(f"{task.name}, {label}, seed {settings.seed}", settings.training.steps, task.metric)
        return Followed(label, settings, folder, news)

    def tried(self, point: Point) -> Followed:
        """The run of a point; of one that is refused, what it would be called, failed before it began."""
        try:
            return self.trial(point)
        except (UserError, ValueError) as error:
            like = self.trial(self.example)
            label = self.label(point, point.get("model.name", like.settings.model.name))
            settings = replace(like.settings, seed=point.get("seed", like.settings.seed))
            folder = like.folder.parent.with_name(label) / f"seed-{settings.seed}"
            return Refused(label, settings, folder, like.news, failure=f"it was refused: {error}")

    @property
    def home(self) -> Path:
        """The folder of all trials of one task, that of the example."""
        return self.folder / self.task.name

    @property
    def task(self) -> Task:
        """What trials must remember, by the example."""
        return build_task(self.settings(self.example).task)


def result(trial: Followed) -> float | None:
    """The task's measure at the best validation checkpoint; None if the run diverged or has not ended."""
    summary = trial.summary
    if summary is None or summary.validation is None or diverged(summary):
        return None
    return summary.validation[trial.news.metric]


def teach(proposals: Proposals, point: Point, trial: Followed, *, reported: float | None = None) -> None:
    """Tells the proposals what became of a point.

    Args:
        proposals: whose point it was.
        point: of the trial.
        trial: that has ended.
        reported: the last result of a trial that was stopped early.
    """
    summary = trial.summary
    if isinstance(trial, Refused) or (summary is not None and diverged(summary)):
        proposals.shun(point)
    else:
        proposals.learn(point, reported if summary is None else result(trial))


def best_first(trials: Sequence[Followed], *, maximise: bool) -> list[Followed]:
    """By result, of equals the one with the smaller loss, as of a run's evaluations; those without a result last."""
    return sorted(trials, key=lambda trial: _rank(trial, maximise=maximise))


def _rank(trial: Followed, *, maximise: bool) -> tuple[bool, float, float]:
    value, summary = result(trial), trial.summary
    if value is None or summary is None or summary.validation is None:
        return True, 0.0, 0.0
    return False, -value if maximise else value, summary.validation["loss"]


def _nested(point: Point) -> dict[str, Any]:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    content: dict[str, Any] = {}
    for name, value in point.items():
        *parents, last = name.split(".")
        place = content
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return content


def _word(value: Any) -> str:
    """A value as it can stand in the name of a folder."""
    return "".join(letter if letter.isalnum() or letter in "+-." else "_" for letter in str(value))
