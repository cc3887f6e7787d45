"""One run, as far as its record tells."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
Curve = list[tuple[float, float]]

UNFINISHED, FAILED = "unfinished", "failed"


@dataclass(frozen=True)
class Result:
    """What a run reached.

    Args:
        value: the measure at the best validation checkpoint; of an unfinished run the latest.
        split: "test", or "validation" where no test number exists.
    """

    value: float
    split: str


@dataclass(frozen=True, eq=False)
class Run:
    """One run: one task, one model, one seed.

    Args:
        folder: where its record lies.
        task, model, training: the settings; the first two hold a "name".
        seed: of parameters and data.
        description: what the run said of its task and model.
        environment: versions and machine.
        train: the lines of metrics.jsonl about training, by step.
        evaluations: those about evaluation, by step.
        summary: how it ended; None while it has not.
        unreadable: lines of metrics.jsonl that were torn by a kill.
        objective: what was minimised, with its "name"; empty for the task's own loss.
        probe: what `holdfast probe` measured before and after training; None if the run was not probed.
        saving: what `holdfast saving` measured at inference; None if it was not measured.
        failure: why the run failed; None if it did not, or if it has ended since.
    """

    folder: Path
    task: Json
    model: Json
    training: Json
    seed: int
    description: Json
    environment: Json
    train: tuple[Json, ...] = field(repr=False)
    evaluations: tuple[Json, ...] = field(repr=False)
    summary: Json | None
    unreadable: int = 0
    objective: Json = field(default_factory=dict)
    probe: Json | None = field(default=None, repr=False)
    saving: Json | None = field(default=None, repr=False)
    failure: str | None = None

    @property
    def label(self) -> str:
        """What the user called the model: the folder above seed-<n>, otherwise the model's own name."""
        return self.folder.parent.name if re.fullmatch(r"seed-\d+", self.folder.name) else str(self.model["name"])

    @property
    def status(self) -> str:
        if self.summary:
            return str(self.summary["status"])
        return UNFINISHED if self.failure is None else FAILED

    @property
    def message(self) -> str:
        return str(self.summary.get("message") or "") if self.summary else self.failure or ""

    @property
    def steps(self) -> int:
        """Steps trained, as far as the record knows."""
        if self.summary:
            return int(self.summary["steps"])
        return max((int(point["step"]) for point in (*self.train, *self.evaluations)), default=0)

    @property
    def seconds(self) -> float | None:
        """Time spent in training."""
        if self.summary:
            return float(self.summary["seconds"])
        return max(
            (float(point["seconds"]) for point in (*self.train, *self.evaluations) if "seconds" in point), default=None
        )

    @property
    def memory(self) -> int | None:
        """The most bytes that updates took."""
        return self.summary.get("memory") if self.summary else None

    @property
    def steps_to_solved(self) -> int | None:
        return self.summary.get("steps_to_solved") if self.summary else None

    def reached(self, split: str, measure: str) -> float | None:
        """A measure on a set at the best validation checkpoint; of an unfinished run the latest on the validation set.

        None if there is none, or if it is not finite.
        """
        value = ((self.summary or {}).get(split) or {}).get(measure)
        if value is not None and math.isfinite(value):
            return float(value)
        if self.summary is None and split == "validation" and (curve := self.curve(measure)):
            return curve[-1][1]
        return None

    def result(self, measure: str) -> Result | None:
        """The number that stands for the run: on the test set if it has one, otherwise on the validation set."""
        for split in ("test", "validation"):
            if (value := self.reached(split, measure)) is not None:
                return Result(value, split)
        return None

    def curve(self, measure: str, *, against: str = "step") -> Curve:
        """The finite points of a measure on the validation set, against the step or the seconds of training."""
        points = [
            (point.get(against), point.get(measure)) for point in self.evaluations if point.get("split") == "validation"
        ]
        return [(float(x), float(y)) for x, y in points if x is not None and y is not None and math.isfinite(y)]
