"""The auxiliary loss of the r-LSTM: at an anchor, say again a piece of what was read."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from holdfast.layers import Stop
from holdfast.layers.sequence import Padded, gather_time
from holdfast.layers.visits import States, advance, parts
from holdfast.models import Tokens, embedding
from holdfast.models.sequence_model import head
from holdfast.objectives.auxiliary import Auxiliary, Total, chunks, detached, drawn, remaining
from holdfast.objectives.checks import check_auxiliary, one_of
from holdfast.objectives.feeding import Schedule, fed_tokens
from holdfast.objectives.segments import Segments, Sharing
from holdfast.objectives.tokens import TokenLoss

PastPlacement = Literal["immediate past", "random past", "past and future"]
Order = Literal["as read", "reversed"]
Budget = Literal["separate", "shared"]


@dataclass(frozen=True)
class ReconstructionSettings:
    """What is to be said again, and how.

    The defaults are the paper's, as far as it is known; for many segments of constant total length 20 of 30.

    Args:
        segments: n, anchors and segments of each sequence.
        length: l, tokens of a segment that are to be said.
        placement: where a segment lies: it ends with the anchor's token ("immediate past"), lies anywhere before
            ("random past"), or may also run past the anchor ("past and future").
        anchors: what gets anchors and segments of its own, each "sequence" or each "batch".
        order: whether a segment is said as it was read, or reversed.
        truth_first: probability of feeding the decoder the true token at the first training step.
        truth_last: the same, from training step `truth_steps` on.
        truth_steps: training steps over which it changes linearly.
        extra_layers: layers of the decoder above those that start from the states of the main ones.
        embedding_size: width of the decoder's linear embedding of a token; the layer's own width unless given, and 0
            for none.
        head_sizes: widths of the ReLU layers between the decoder and the token that it says.
        token_loss: "squared distance" or "distance" for real values, "cross-entropy" for symbols, also one-hot ones;
            unless given, the squared distance, or cross-entropy where symbols are embedded.
        truncation: steps over which the auxiliary gradient passes back; null for all.
        budget: whether decoder and main layer have so many steps each ("separate": the decoder is cut every so many
            steps, the main layer so many before the anchor), or together ("shared": what the decoder's steps leave).

    Source: trinh2018learning

    Raises:
        ValueError: a setting out of its range, or a shared budget that leaves nothing for the main layer.
    """

    segments: int = 1
    length: int = 600
    placement: PastPlacement = "past and future"
    anchors: Sharing = "sequence"
    order: Order = "reversed"
    truth_first: float = 1.0
    truth_last: float = 0.0
    truth_steps: int = 100_000
    extra_layers: int = 1
    embedding_size: int | None = None
    head_sizes: tuple[int, ...] = (256, 256)
    token_loss: TokenLoss | None = None
    truncation: int | None = 300
    budget: Budget = "separate"

    def __post_init__(self):
        check_auxiliary(self)
        one_of(self, placement=PastPlacement, order=Order, budget=Budget)
        for name in ("truth_steps", "extra_layers", "embedding_size"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"objective.{name} must be at least 0, got {getattr(self, name)}")
        for name in ("truth_first", "truth_last"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"objective.{name} must be a probability between 0 and 1, got {getattr(self, name)}")
        if self.budget == "shared" and self.truncation is not None and self.length >= self.truncation:
            raise ValueError(
                f"segments of {self.length} tokens use up a shared budget of {self.truncation} steps, so that the main "
                "layer would learn nothing; shorten objective.length, raise objective.truncation, or set "
                "objective.budget separate"
            )


class Reconstruction(Auxiliary):
    """A decoder starts from the layer's state at an anchor, and says a segment of the input, token by token.

        d_0 = state of the layer at the anchor; 0 for the decoder's extra layers
        d_t = decoder(embedding(token_t), d_{t-1})      token_1 is given; later ones are true or its own (sampling)
        answer_t = head(output of d_t)                  is to be token_{t+1}, t = 1..l

    The gradient reaches the layer through d_0 alone. All segments of all sequences are decoded in one batch.

        auxiliary = Reconstruction(layer)
        loss = auxiliary(inputs, lengths)

    Args:
        layer: any recurrent layer of this library, with any number of states and of layers, in one direction, time
            first; or `Embedded`.
        settings: what is to be said, and how.
        generator: source of the decoder's initial parameters; torch's global one unless given.

    Source: trinh2018learning

    Raises:
        ValueError: the layer is bidirectional or `batch_first`.
    """

    def __init__(
        self,
        layer: nn.Module,
        settings: ReconstructionSettings | None = None,
        *,
        generator: torch.Generator | None = None,
    ):
        settings = settings or ReconstructionSettings()
        super().__init__(layer, settings)
        size, width = self.layer.input_size, self.layer.output_size
        embedded = width if settings.embedding_size is None else settings.embedding_size
        read: Tokens = getattr(layer, "tokens", "continuous")
        if read == "symbols" and not embedded:
            raise ValueError(
                "the decoder can't read symbols without an embedding; objective.embedding_size must be at least 1"
            )
        self.embedding = embedding(read, size, embedded, generator=generator) if embedded else nn.Identity()
        depth = self.layer.num_layers + settings.extra_layers
        self.decoder = self.layer.another(embedded or size, num_layers=depth, generator=generator)
        self.head = head([self.decoder.output_size, *settings.head_sizes, size], generator)
        self.truth = Schedule(settings.truth_first, settings.truth_last, settings.truth_steps)

    def draw(self, ends: Tensor, generator: torch.Generator | None) -> Segments:
        return drawn(self.settings, self.settings.placement, ends, generator)

    def stop(self, segments: Segments) -> Stop:
        window = self.settings.truncation
        if window is None or self.settings.budget == "separate":
            return Stop(segments.anchors, window)
        return Stop(segments.anchors, (window - segments.lengths).clamp(min=0))

    def total(
        self, inputs: Tensor, segments: Segments, states: States, *, step: int, generator: torch.Generator | None
    ) -> Total:
        lengths = segments.lengths.flatten()
        tokens = self._read(inputs, segments)
        first = self._first(states)
        heard = fed_tokens(tokens[:-1], self.truth.probability(step), self._say, first, generator)
        return self._sum(self._answers(heard, first, lengths), tokens[1:], lengths)

    def _read(self, inputs: Tensor, segments: Segments) -> Tensor:
        """The tokens (L + 1, R, I) of all segments, in the order in which they are to be said."""
        tokens = self._tokens(inputs, segments)
        if self.settings.order == "as read":
            return tokens
        order = Padded(tokens, segments.lengths.flatten() + 1).backwards()
        return gather_time(tokens.view(*tokens.shape[:2], -1), order).view(tokens.shape)

    def _first(self, states: States) -> States:
        """The decoder's first state: that of the layer, and zeros above it."""
        extra = self.settings.extra_layers
        return tuple(torch.cat([part, part.new_zeros(extra, *part.shape[1:])]) for part in states)

    def _say(self, token: Tensor, state):
        output, state = self.decoder.step(self.embedding(token), state)
        return self.tokens.heard(self.head(output)), state

    def _answers(self, heard: Tensor, states: States, lengths: Tensor) -> Tensor:
        """What the decoder says (L, R, I), on graphs of at most `truncation` steps."""
        outputs, embedded = [], self.embedding(heard)
        for piece in chunks(len(heard), self.settings.truncation):
            states = detached(states) if piece.start else states
            output, states = advance(self.decoder, embedded[piece], parts(states), remaining(lengths, piece))
            outputs.append(output)
        return self.head(torch.cat(outputs))
