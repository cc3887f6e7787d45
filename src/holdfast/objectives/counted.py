"""Layers whose units may rest: what updates cost in training, and gates that open until none rests."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import torch
from torch import Tensor

from holdfast.cells import GaussianLSTM
from holdfast.cells.cell import fill
from holdfast.cells.gaussian import OPEN_WIDTH
from holdfast.layers.updates import operations, sparing_cells, updates
from holdfast.models import SequenceModel
from holdfast.objectives.learner import Learner, Learnt, Lesson, Total

Per = Literal["step", "sequence"]


@dataclass(frozen=True)
class BudgetSettings:
    """What updates cost.

    Args:
        weight: price of an update of all units, in the unit of the task's loss, at least 0; 0 only counts.
        per: "step" charges the mean over all steps, so that a price means the same for any length, as for the g-LSTM;
            "sequence" the sum over the steps of a sequence, as in the Skip RNN's paper.
        threshold: a gate below it counts as closed in the `operations` of the record.

    Raises:
        ValueError: a setting out of its range.
    """

    weight: float = 0.1
    per: Per = "step"
    threshold: float = 0.05

    def __post_init__(self):
        if not 0 <= self.weight < math.inf:
            raise ValueError(f"objective.weight must be a number of at least 0, got {self.weight}")
        if self.per not in get_args(Per):
            raise ValueError(f"objective.per must be one of {', '.join(get_args(Per))}, got {self.per!r}")
        check_threshold(self.threshold)


@dataclass(frozen=True)
class CurriculumSettings:
    """How fast time gates open.

    Args:
        steps: training steps until all gates are open, at least 1.
        widest: sigma / t_max just before that, above 0; at 10 every gate is above 0.99 within t_max steps.
        threshold: a gate below it counts as closed in the `operations` of the record.

    Raises:
        ValueError: a setting out of its range.
    """

    steps: int = 1000
    widest: float = 10.0
    threshold: float = 0.05

    def __post_init__(self):
        if self.steps < 1 or not 0 < self.widest < math.inf:
            raise ValueError(
                f"objective.steps must be at least 1 and objective.widest above 0, got {self.steps} and {self.widest}"
            )
        check_threshold(self.threshold)


def check_threshold(threshold: float) -> None:
    """It is one for gates.

    Raises:
        ValueError: it is not.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"objective.threshold must lie in [0, 1], as gates do, got {threshold}")


class Counted(Learner):
    """A model whose units may rest; how many did is measured whenever it is evaluated.

        openness     the mean over units and steps of how far a gate was open, or of whether there was an update
        operations   the multiply-adds of the layer's products in a sequence, gates below `threshold` closed

    Args:
        model: its layer time first, of cells whose units may rest.
        threshold: of the operations.

    Raises:
        ValueError: the layer has other cells.
    """

    measures_itself = True

    def __init__(self, model: SequenceModel, *, threshold: float):
        super().__init__(model)
        sparing_cells(model.layer)
        self.threshold = threshold

    @property
    def layer(self) -> Any:
        """What is counted."""
        return self.model.layer

    @abstractmethod
    def begin(self, step: int) -> None:
        """Called before each training step."""

    @abstractmethod
    def charge(self, updated: Tensor, steps: int) -> Total | None:
        """The loss on what was updated (B,), over so many steps in all."""

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, lesson: Lesson | None = None) -> Tensor | Learnt:
        if lesson is None:
            return self.model(inputs, lengths)
        if self.training:
            self.begin(lesson.step)
        x = self.model.embed(inputs)
        output, end = self.layer(x, lengths=lengths)
        updated = updates(self.layer, x, end, lengths)
        steps = x.shape[0] * x.shape[1] if lengths is None else int(lengths.sum())
        loss = self.charge(updated.mean(0), steps)
        measures = None if self.training else self.measures(x, end, lengths, updated, steps)
        return Learnt(self.model.answer(output, lengths), loss, measures=measures)

    @torch.no_grad()
    def measures(self, x: Tensor, end, lengths: Tensor | None, updated: Tensor, steps: int):
        """Openness and operations, each as a sum and a count."""
        held = updates(self.layer, x, end, lengths, threshold=self.threshold)
        done = operations(self.layer, held.cpu().double())
        return {"openness": (float(updated.mean(0).sum()), steps), "operations": (float(done.sum()), len(done))}


class Budgeted(Counted):
    """A model that pays for its updates, so that it learns to rest.

        L = L_task + weight mean_b,t o_{b,t}          per step
        L = L_task + weight mean_b sum_t o_{b,t}      per sequence

    o_{b,t} is the share of the units that is updated at a step of a sequence: the mean openness of time gates, or 1 and
    0 of a cell that skips; of a stack the mean over its cells.

        layer = holdfast.make("gaussian-lstm", task.input_size, 110, t_max=task.steps)
        model = SequenceModel(layer, task.output_size, readout=task.readout)
        train(Budgeted(model, BudgetSettings(weight=0.01)), task, settings)

    Args:
        model: its layer time first, of cells whose units may rest.
        settings: the price.

    Source: thornton2019reducing, of which only the abstract was read, so that the form per step is ours;
        campos2018skip.

    Raises:
        ValueError: the layer has other cells.
    """

    term: ClassVar[str] = "budget_loss"

    def __init__(self, model: SequenceModel, settings: BudgetSettings | None = None):
        chosen = settings or BudgetSettings()
        super().__init__(model, threshold=chosen.threshold)
        self.settings = chosen

    def begin(self, step: int) -> None:
        """Nothing changes with time."""

    def charge(self, updated: Tensor, steps: int) -> Total:
        count = steps if self.settings.per == "step" else len(updated)
        return self.settings.weight * updated.sum(), torch.tensor(count, device=updated.device)


class Widened(Counted):
    """The temporal curriculum: time gates that open more and more while the network learns, until it is an LSTM.

        sigma(step) = sigma_0 (widest / sigma_0)^(step / steps)     relative to t_max; the same for all units
        k = 1                                                       from `steps` on

    So it begins with short memories that gradients reach, and ends as a plain LSTM: `export_lstm` makes it one. sigma
    is not learnt meanwhile, and the same at a step of any run; mu is learnt. What an evaluation finds before the gates
    are open does not count: the task is solved, and weights are the best, when an LSTM has done it.

    Args:
        model: its layer of `GaussianLSTM`, time first.
        settings: how fast.

    Source: thornton2019reducing, of which only the abstract was read: the schedule is ours.

    Raises:
        ValueError: the layer has other cells.
    """

    def __init__(self, model: SequenceModel, settings: CurriculumSettings | None = None):
        chosen = settings or CurriculumSettings()
        super().__init__(model, threshold=chosen.threshold)
        self.settings, self.provisional = chosen, chosen.steps
        self.gated = [cell for cell in sparing_cells(model.layer) if isinstance(cell, GaussianLSTM)]
        if not self.gated:
            raise ValueError("the temporal curriculum widens Gaussian gates: choose gaussian-lstm")
        for cell in self.gated:
            cell.log_width.requires_grad_(False)

    def begin(self, step: int) -> None:
        """Sets sigma."""
        for cell in self.gated:
            fill(cell.log_width, math.log(self.width(cell.width, step)))

    def width(self, first: float, step: int) -> float:
        """sigma / t_max at a training step, from what it is at the first one."""
        settings = self.settings
        return OPEN_WIDTH if step >= settings.steps else first * (settings.widest / first) ** (step / settings.steps)

    def charge(self, updated: Tensor, steps: int) -> None:
        """Nothing is charged."""
