"""What one update minimises: the loss of the labels, and an auxiliary loss where the model brings one."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from holdfast.objectives import Assisted, Lesson, Objective
from holdfast.objectives.asking import asked_again
from holdfast.tasks import Batch

LABEL, AUXILIARY = "label_loss", "auxiliary_loss"


@dataclass(frozen=True)
class Term:
    """One of the losses of an update, as a sum and a count, so that the shares of several processes add up.

    Args:
        name: as the record has it.
        total: summed over what counts.
        count: how much that is.
    """

    name: str
    total: Tensor
    count: Tensor


def terms(
    network: nn.Module, model: nn.Module, objective: Objective, rows: Batch, *, step: int, generator: torch.Generator
) -> list[Term]:
    """The losses whose means are to be added up.

    Args:
        network: the model, as `fabric.setup` returned it.
        model: itself; an `Assisted` one gets a lesson, any other answers.
        objective: of the labels.
        rows: the batch.
        step: of the training, from 0.
        generator: of what an auxiliary loss draws.
    """
    if not isinstance(model, Assisted):
        return [Term(LABEL, *objective.total(network(rows.inputs, rows.lengths), rows.targets))]
    answers, auxiliary, weights = network(rows.inputs, rows.lengths, Lesson(step, generator))
    asked = (rows.targets,) if weights is None else asked_again(rows.targets, weights)
    found = [] if answers is None else [Term(LABEL, *objective.total(answers, *asked))]
    return found if auxiliary is None else [*found, Term(AUXILIARY, *auxiliary)]


def pretraining_of(model: nn.Module) -> int:
    """The updates with which a model begins before it sees a label."""
    return model.pretraining if isinstance(model, Assisted) else 0


def answering(model: nn.Module) -> nn.Module:
    """The model without what only helps it to learn."""
    return model.model if isinstance(model, Assisted) else model


def leaves_parameters_out(model: nn.Module) -> bool:
    """Whether some updates concern a part of the parameters only, which several processes must be told."""
    return isinstance(model, Assisted)
