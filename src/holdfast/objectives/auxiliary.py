"""What the two auxiliary losses have in common: pieces of the input, drawn at random, are to be said from memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from holdfast.layers import Stop, visit
from holdfast.layers.sequence import within
from holdfast.layers.visits import States, check_layer, clear_padding, stretch
from holdfast.objectives.learner import Total
from holdfast.objectives.segments import Placement, Segments, draw_segments
from holdfast.objectives.tokens import tokens_of


class Auxiliary(nn.Module, ABC):
    """A loss on the input alone, attached to the states of a recurrent layer at random anchors.

        L = sum_i sum_t loss(answer_{i,t}, token_{i,t}) / sum_i l_i        over all segments i of all sequences

    Calling it is all that is needed; a training loop that wants to share one walk over the sequences asks for the
    segments, visits their stop together with others, and asks for the total.

    Args:
        layer: the recurrent layer that is to learn, or a module like one (`Embedded`).
        settings: of its own; every auxiliary loss has `token_loss`.
    """

    def __init__(self, layer: nn.Module, settings: Any):
        super().__init__()
        check_layer(layer)
        self.layer: Any = layer
        self.settings = settings
        self.tokens = tokens_of(settings.token_loss, getattr(layer, "tokens", "continuous"))

    @abstractmethod
    def draw(self, ends: Tensor, generator: torch.Generator | None) -> Segments:
        """Segments for sequences with the ends (B,)."""

    @abstractmethod
    def stop(self, segments: Segments) -> Stop:
        """Where the layer's states are wanted, and how far the gradient goes back from there."""

    @abstractmethod
    def total(
        self, inputs: Tensor, segments: Segments, states: States, *, step: int, generator: torch.Generator | None
    ) -> Total:
        """The loss over all segments, from the layer's states at `stop(segments)`.

        Args:
            inputs: (T, B, I), or symbols (T, B); padding zero.
            segments: n for each sequence.
            states: the parts of the layer's state, (layers, B * n, width).
            step: of the training, from 0; for schedules.
            generator: of what chance decides here.
        """

    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None = None,
        *,
        step: int = 0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The mean loss over all tokens to be said.

        Args:
            inputs: (T, B, I), or symbols (T, B) for a layer that embeds them.
            lengths: (B,) int64, where each sequence ends; None if all fill T.
            step: of the training, from 0.
            generator: source of anchors, segments and scheduled sampling; torch's global one unless given.
        """
        segments = self.draw(ends_of(inputs, lengths), generator)
        inputs = clear_padding(inputs, lengths)
        (states,) = visit(self.layer, inputs, [self.stop(segments)])
        total, count = self.total(inputs, segments, states, step=step, generator=generator)
        return total / count.clamp(min=1)

    def _tokens(self, inputs: Tensor, segments: Segments) -> Tensor:
        """The tokens (L + 1, R, ...) of all segments: one that is given, and those that are to be said."""
        return stretch(inputs, segments.starts, max(1, int(segments.lengths.max())) + 1)

    def _sum(self, answers: Tensor, targets: Tensor, lengths: Tensor) -> Total:
        """Answers (L, R, I) and targets, of which the first `lengths` (R,) of each row count."""
        answers = answers.float() if answers.dtype in (torch.float16, torch.bfloat16) else answers
        counted = within(lengths, len(answers))
        losses = self.tokens.losses(answers, targets).masked_fill(~counted, 0.0)
        return losses.sum(), lengths.sum()


def drawn(settings: Any, placement: Placement, ends: Tensor, generator: torch.Generator | None) -> Segments:
    """Segments as the settings want them: `segments`, `length` and `anchors`."""
    number, length, each = settings.segments, settings.length, settings.anchors
    return draw_segments(ends, number=number, length=length, placement=placement, each=each, generator=generator)


def ends_of(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """(B,): where each sequence ends."""
    if lengths is not None:
        return lengths
    return torch.full((inputs.shape[1],), len(inputs), device=inputs.device)


def chunks(steps: int, length: int | None) -> Iterator[slice]:
    """0..steps in pieces of at most `length` steps; None for a single one."""
    for first in range(0, steps, length or steps):
        yield slice(first, min(first + (length or steps), steps))


def detached(states: States) -> States:
    """The same states, for a new graph."""
    return tuple(part.detach() for part in states)


def remaining(lengths: Tensor, piece: slice) -> Tensor:
    """How many steps of a piece lie within each row's length."""
    return (lengths - piece.start).clamp(0, piece.stop - piece.start)
