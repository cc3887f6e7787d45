"""Boundaries that are learnt more and more sharply: the slope of an HM-LSTM grows while it learns."""

import math
from dataclasses import dataclass

from torch import Tensor

from holdfast.cells import HMLSTM
from holdfast.cells.cell import fill
from holdfast.models import SequenceModel
from holdfast.objectives.learner import Learner, Learnt, Lesson


@dataclass(frozen=True)
class SlopeSettings:
    """How fast the slope grows.

    Args:
        steps: training steps until it is at its last, at least 1; 100 epochs in the paper.
        last: where it ends, above 0; 5 in the paper.

    Raises:
        ValueError: a setting out of its range.
    """

    steps: int = 1000
    last: float = 5.0

    def __post_init__(self):
        if self.steps < 1 or not 0 < self.last < math.inf:
            raise ValueError(
                f"objective.steps must be at least 1 and objective.last above 0, got {self.steps} and {self.last}"
            )


class Annealed(Learner):
    """An HM-LSTM whose boundaries have a straight-through gradient that comes nearer to them as it learns.

        slope(step) = first + (last - first) min(1, step / steps)          first: the cell's own `slope`

    The slope changes the gradient alone, and no answer: a boundary is there where its pre-activation is above 0,
    whatever the slope. It is the same at a step of any run.

    Args:
        model: its layer of `HMLSTM`.
        settings: how fast.

    Source: chung2017hierarchical, from memory: from 1 to 5 by 0.04 an epoch; here it grows from step to step.

    Raises:
        ValueError: the layer has no such cell.
    """

    def __init__(self, model: SequenceModel, settings: SlopeSettings | None = None):
        super().__init__(model)
        self.settings = settings or SlopeSettings()
        self.sloped = [cell for cell in model.layer.modules() if isinstance(cell, HMLSTM)]
        if not self.sloped:
            raise ValueError("the slope that is annealed is that of learnt boundaries: choose hm-lstm")

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, lesson: Lesson | None = None) -> Tensor | Learnt:
        if lesson is None:
            return self.model(inputs, lengths)
        if self.training:
            self.begin(lesson.step)
        return Learnt(self.model(inputs, lengths), None)

    def begin(self, step: int) -> None:
        """Sets the slope, before each training step."""
        share = min(1.0, step / self.settings.steps)
        for cell in self.sloped:
            fill(cell.slope, cell.starting_slope + (self.settings.last - cell.starting_slope) * share)
