"""What trains in the place of a model: the model itself, and what is minimised beside the loss of its labels."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from holdfast.models import SequenceModel

Total = tuple[Tensor, Tensor]
"""A loss summed, and over how many of what it is a mean."""


class Lesson(NamedTuple):
    """What a training step brings with it, beside its batch.

    Args:
        step: of the training, from 0.
        generator: source of what chance decides: anchors, segments, scheduled sampling.
    """

    step: int
    generator: torch.Generator | None


class Learnt(NamedTuple):
    """What a lesson gives to be minimised.

    Args:
        answers: to be compared with the targets; None while only the other loss is learnt.
        auxiliary: that loss; None where there is none.
        weights: of answers at more steps than there are targets, (S, B); None where answers and targets are as many.
        measures: what else is worth a record, each as a sum and a count; None for nothing.
    """

    answers: Tensor | None
    auxiliary: Total | None
    weights: Tensor | None = None
    measures: Mapping[str, tuple[float, int]] | None = None


class Learner(nn.Module, ABC):
    """A model with something beside it that has a part in its training; it answers as the model does.

    Args:
        model: what is to learn.
    """

    term: ClassVar[str] = "auxiliary_loss"
    """The name of its loss in the record."""
    leaves_parameters_out: ClassVar[bool] = False
    """Whether some updates concern a part of the parameters only, which several processes must be told."""
    measures_itself: ClassVar[bool] = False
    """Whether it is given a lesson at evaluation too, for its measures."""
    pretraining: int = 0
    """The updates with which it begins before it sees a label."""
    provisional: int = 0
    """The updates up to which it is another model than it is to be, so that evaluations until then decide nothing."""

    def __init__(self, model: SequenceModel):
        super().__init__()
        self.model = model

    @abstractmethod
    def forward(self, inputs: Tensor, lengths: Tensor | None = None, lesson: Lesson | None = None) -> Tensor | Learnt:
        """The model's answers, or with a lesson what there is to be minimised.

        Args:
            inputs: (T, B, I), or symbols (T, B).
            lengths: (B,) int64, where each sequence ends; None if all fill T.
            lesson: of the training step; None to use the model.

        Returns:
            (T, B, O), or (B, O) if only the last step is read; with a lesson a `Learnt`.
        """
