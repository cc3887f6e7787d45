"""At which steps a model is asked for its label, and how much each answer weighs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from holdfast.layers import Stop
from holdfast.layers.visits import States, advance, stretch
from holdfast.models import Embedded, SequenceModel
from holdfast.objectives.auxiliary import ends_of

Gain = Literal["last step", "linear"]
"""What an answer weighs: that of the last step all, or each of them the more the later it is."""

Answers = tuple[Tensor, Tensor | None]
"""Answers of a model, and their weights if it was asked at more steps than the task asks at."""


class Asking(ABC):
    """A way to get answers whose gradient goes back over a part of the sequence only."""

    @abstractmethod
    def stop(self, ends: Tensor) -> Stop | None:
        """Where states are needed, for sequences with the ends (B,), before there can be answers; None for nowhere."""

    @abstractmethod
    def answers(self, model: SequenceModel, inputs: Tensor, lengths: Tensor | None, states: States | None) -> Answers:
        """The answers of the model, from its layer's states at the stop."""


@dataclass(frozen=True)
class AtEveryStep(Asking):
    """As the task asks, at every step."""

    def stop(self, ends: Tensor) -> None:
        return None

    def answers(self, model: SequenceModel, inputs: Tensor, lengths: Tensor | None, states: States | None) -> Answers:
        return model(inputs, lengths), None


@dataclass(frozen=True)
class AtTheEnd(Asking):
    """Once, after the last step.

    Args:
        truncation: steps over which the gradient passes back through the layer; None for all.
    """

    truncation: int | None

    def stop(self, ends: Tensor) -> Stop:
        return Stop(ends.unsqueeze(1), self.truncation)

    def answers(self, model: SequenceModel, inputs: Tensor, lengths: Tensor | None, states: States | None) -> Answers:
        assert states is not None
        return model.head(states[0][-1]), None  # the first part of a state is the output, and the last layer's is read


@dataclass(frozen=True)
class WithLinearGain(Asking):
    """At all of the last steps, and the later the more.

        L = sum_t w_t loss(answer_t, label),  w_t = t / sum_s s          t, s = T - truncation + 1..T

    Args:
        truncation: steps at which the label is asked for, and over which the gradient passes back; None for all.

    Source: dai2015semi, whose weights grow from 0 to 1; here those of a sequence add up to 1
    """

    truncation: int | None

    def stop(self, ends: Tensor) -> Stop | None:
        return None if self.truncation is None else Stop(self._first(ends).unsqueeze(1), 0)

    def answers(self, model: SequenceModel, inputs: Tensor, lengths: Tensor | None, states: States | None) -> Answers:
        ends = ends_of(inputs, lengths)
        first = self._first(ends)
        if states is None:
            output, _ = readable(model)(inputs, lengths=lengths)
        else:
            counts = ends - first
            tokens = stretch(inputs, first.unsqueeze(1), int(counts.max()))
            output, _ = advance(readable(model), tokens, states, counts)
        return model.head(output), rising(first, ends, like=output)

    def _first(self, ends: Tensor) -> Tensor:
        """(B,): the steps before those that are asked."""
        return torch.zeros_like(ends) if self.truncation is None else (ends - self.truncation).clamp(min=0)


def asking(model: SequenceModel, truncation: int | None, gain: Gain) -> Asking:
    """How the model is asked for its labels.

    Raises:
        ValueError: there is no such gain, or neither it nor a truncation goes with the model.
    """
    if gain not in get_args(Gain):
        raise ValueError(f"gain must be 'last step' or 'linear', got {gain!r}")
    if model.readout == "last step" and gain == "last step":
        return AtTheEnd(truncation)
    if gain == "linear" and truncation == 0:
        raise ValueError("a linear gain asks at the last steps, and a truncation of 0 leaves none; give at least 1")
    if model.readout == "last step":
        return WithLinearGain(truncation)
    if gain == "linear":
        raise ValueError("a linear gain is for models that are asked at the last step, this one is at every step")
    if truncation is not None:
        raise ValueError(
            f"truncation {truncation} is for models that are asked at the last step, this one is at every step; "
            "leave it None, or train with a Stream"
        )
    return AtEveryStep()


def rising(first: Tensor, ends: Tensor, like: Tensor) -> Tensor:
    """Weights (S, B) in proportion to t, of the steps t after the `first` (B,); 0 beyond the ends, and 1 in sum.

    Args:
        first, ends: (B,) int64.
        like: (S, ...), gives the number of steps and the precision, at least single.
    """
    times = first + torch.arange(1, len(like) + 1, device=first.device).unsqueeze(1)
    times = times.masked_fill(times > ends, 0).to(torch.promote_types(like.dtype, torch.float32))
    return times / times.sum(0)


def readable(model: SequenceModel) -> Any:
    """What reads a model's inputs: its layer, with the embedding before it if there is one."""
    return model.layer if model.embedding is None else Embedded(model.embedding, model.layer)


def asked_again(targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """One label of each sequence, (B,) or (B, 1), and weights (S, B), as a target and a weight at each step.

    Returns:
        targets and weights, (S, B) or (S, B, 1).
    """
    targets = targets.expand(len(weights), *targets.shape)
    return targets, weights.view(*weights.shape, *[1] * (targets.dim() - 2)).expand_as(targets)
