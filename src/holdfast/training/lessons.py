"""What one update minimises: the loss of the labels, and an auxiliary loss where the model brings one."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from holdfast.objectives import Learner, Learnt, Lesson, Objective, Streamed
from holdfast.objectives.asking import asked_again
from holdfast.tasks import Batch, Task
from holdfast.training.settings import TrainingSettings

LABEL = "label_loss"


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
        model: itself; a `Learner` gets a lesson, any other answers.
        objective: of the labels.
        rows: the batch.
        step: of the training, from 0.
        generator: of what an auxiliary loss draws.
    """
    if not isinstance(model, Learner):
        return [Term(LABEL, *objective.total(answers_of(network, rows), rows.targets))]
    learnt: Learnt = network(rows.inputs, rows.lengths, Lesson(step, generator))
    asked = (rows.targets,) if learnt.weights is None else asked_again(rows.targets, learnt.weights)
    found = [] if learnt.answers is None else [Term(LABEL, *objective.total(learnt.answers, *asked))]
    return found if learnt.auxiliary is None else [*found, Term(model.term, *learnt.auxiliary)]


def measured(network: nn.Module, model: nn.Module, rows: Batch) -> tuple[Tensor, Mapping[str, tuple[float, int]]]:
    """What a model answers at an evaluation, and what it has to say of itself, each as a sum and a count."""
    if not (isinstance(model, Learner) and model.measures_itself):
        return answers_of(network, rows), {}
    learnt: Learnt = network(rows.inputs, rows.lengths, Lesson(0, None))
    assert learnt.answers is not None
    return learnt.answers, learnt.measures or {}


def answers_of(network: nn.Module, rows: Batch) -> Tensor:
    """What a model says of a batch: by itself, or as the next part of a stream."""
    return network(rows.inputs, rows.lengths) if rows.reset is None else network(rows.inputs, rows.reset)


def require_carried(model: nn.Module, task: Task, settings: TrainingSettings) -> None:
    """A model's state is carried on where the task asks for it, and nowhere else.

    Raises:
        ValueError: it is not, or several processes would each have a part of it.
    """
    if task.endless != isinstance(model, Streamed):
        kind = "without an end: give train Streamed(model)" if task.endless else "whose batches each stand alone"
        raise ValueError(f"{task.name} is a task {kind}, got a {type(model).__name__}")
    if task.endless and settings.devices > 1:
        raise ValueError(
            f"the state that {task.name} carries from batch to batch is that of one process, got training.devices "
            f"{settings.devices}; give 1"
        )


def pretraining_of(model: nn.Module) -> int:
    """The updates with which a model begins before it sees a label."""
    return model.pretraining if isinstance(model, Learner) else 0


def provisional_of(model: nn.Module) -> int:
    """The updates up to which it is another model than it is to be."""
    return model.provisional if isinstance(model, Learner) else 0


def answering(model: nn.Module) -> nn.Module:
    """The model without what only helps it to learn."""
    return model.model if isinstance(model, Learner | Streamed) else model


def leaves_parameters_out(model: nn.Module) -> bool:
    """Whether some updates concern a part of the parameters only, which several processes must be told."""
    return isinstance(model, Learner) and model.leaves_parameters_out
