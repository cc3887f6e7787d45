"""The negative log-likelihood of classes and of real values."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from holdfast.objectives.objective import IGNORE, Objective, summed


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """How surprised the model is by the right class, in nats.

        loss = -log softmax(outputs)[target]

    Takes outputs (..., classes) and targets (...) int64, each a class or `IGNORE`.

    Raises:
        ValueError: the targets are no int64 classes, or their shape is not that of the outputs without the last axis.
    """

    def total(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if targets.dtype != torch.int64:
            raise ValueError(
                f"CrossEntropy expects int64 class targets, got {targets.dtype}; "
                "pass targets.long(), or use MeanSquaredError for real values"
            )
        if outputs.shape[:-1] != targets.shape:
            raise ValueError(
                f"CrossEntropy expects targets of shape {tuple(outputs.shape[:-1])} for outputs of shape "
                f"{tuple(outputs.shape)} (the last axis holds the classes), got {tuple(targets.shape)}; "
                "check that the model's readout is the task's"
            )
        logits = _at_least_single(outputs).flatten(end_dim=-2)
        losses = F.cross_entropy(logits, targets.flatten(), ignore_index=IGNORE, reduction="none")
        return summed(losses.view(targets.shape), targets != IGNORE, weights)


@dataclass(frozen=True)
class MeanSquaredError(Objective):
    """How far the answer is from a real value, squared.

        loss = (output - target)^2

    Takes outputs and targets of one shape; a target of exactly `IGNORE` carries no loss.

    Raises:
        ValueError: outputs and targets differ in shape.
    """

    def total(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if outputs.shape != targets.shape:
            raise ValueError(
                f"MeanSquaredError expects targets of the outputs' shape {tuple(outputs.shape)}, "
                f"got {tuple(targets.shape)}; unequal shapes would broadcast to pairs that do not belong together"
            )
        return summed((_at_least_single(outputs) - targets).square(), targets != IGNORE, weights)


def _at_least_single(outputs: Tensor) -> Tensor:
    """Half precision is too coarse for a sum over thousands of steps."""
    return outputs.float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs
