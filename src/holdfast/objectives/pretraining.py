"""Two ways to learn from whole sequences before labels come: say what comes next, or say it all again at the end."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from holdfast.layers import Stop
from holdfast.layers.visits import States, advance
from holdfast.models import Embedded
from holdfast.models.sequence_model import head
from holdfast.objectives.auxiliary import Auxiliary, Total, chunks, remaining
from holdfast.objectives.checks import check_said
from holdfast.objectives.piecewise import summed_piecewise
from holdfast.objectives.segments import Segments
from holdfast.objectives.tokens import TokenLoss


@dataclass(frozen=True)
class PretrainingSettings:
    """How whole sequences are said.

    Args:
        head_sizes: widths of the ReLU layers between the layer and the token that it says.
        token_loss: "squared distance" or "distance" for real values, "cross-entropy" for symbols, also one-hot ones;
            unless given, the squared distance, or cross-entropy where symbols are embedded.
        truncation: steps after which the gradient is cut; null for never.

    Source: dai2015semi

    Raises:
        ValueError: a setting out of its range.
    """

    head_sizes: tuple[int, ...] = ()
    token_loss: TokenLoss | None = None
    truncation: int | None = 300

    def __post_init__(self):
        check_said(self)


class LanguageModel(Auxiliary):
    """The layer itself says at every step which token comes next, from the first to the last (LM-LSTM).

        h_t = layer(token_t, h_{t-1}), t = 1..T - 1      from 0
        answer_t = head(h_t)                             is to be token_{t+1}

    Args:
        layer: any recurrent layer of this library, in one direction, time first; or `Embedded`.
        settings: how it is said.
        generator: source of the head's initial parameters; torch's global one unless given.

    Source: dai2015semi

    Raises:
        ValueError: the layer is bidirectional or `batch_first`.
    """

    def __init__(
        self, layer: nn.Module, settings: PretrainingSettings | None = None, *, generator: torch.Generator | None = None
    ):
        settings = settings or PretrainingSettings()
        super().__init__(layer, settings)
        self.head = head([self.layer.output_size, *settings.head_sizes, self.layer.input_size], generator)

    def draw(self, ends: Tensor, generator: torch.Generator | None) -> Segments:
        """The whole of each sequence; nothing is left to chance."""
        first = torch.zeros_like(ends).unsqueeze(1)
        return Segments(first + 1, first, ends.unsqueeze(1) - 1)

    def stop(self, segments: Segments) -> Stop:
        return Stop(segments.starts, 0)

    def total(
        self, inputs: Tensor, segments: Segments, states: States, *, step: int, generator: torch.Generator | None
    ) -> Total:
        lengths = segments.lengths.flatten()
        tokens = self._tokens(inputs, segments)

        def say(piece: slice, states: States) -> tuple[Tensor, States]:
            counts = remaining(lengths, piece)
            output, states = advance(self.layer, tokens[:-1][piece], states, counts)
            return self._sum(self.head(output), tokens[1:][piece], counts)[0], states

        pieces = chunks(len(tokens) - 1, self.settings.truncation)
        return summed_piecewise(self, say, pieces, states), lengths.sum()


class Autoencoder(Auxiliary):
    """Having read a sequence, the layer says it again from its last state, with the same weights (SA-LSTM).

        d_0 = state of the layer after the last step
        d_t = layer(token_{t-1}, d_{t-1}), t = 1..T      a learnt vector stands for token_0, the end of the reading
        answer_t = head(output of d_t)                   is to be token_t

    With a truncation the gradient passes back so many steps in the reading, and as many between cuts in the saying.

    Args:
        layer: any recurrent layer of this library, in one direction, time first; or `Embedded`.
        settings: how it is said.
        generator: source of the head's initial parameters; torch's global one unless given.

    Source: dai2015semi

    Raises:
        ValueError: the layer is bidirectional or `batch_first`.
    """

    def __init__(
        self, layer: nn.Module, settings: PretrainingSettings | None = None, *, generator: torch.Generator | None = None
    ):
        settings = settings or PretrainingSettings()
        super().__init__(layer, settings)
        self.end = nn.Parameter(torch.zeros(self._unembedded.input_size))
        self.head = head([self.layer.output_size, *settings.head_sizes, self.layer.input_size], generator)

    @property
    def _unembedded(self) -> Any:
        return self.layer.layer if isinstance(self.layer, Embedded) else self.layer

    def draw(self, ends: Tensor, generator: torch.Generator | None) -> Segments:
        """The whole of each sequence; nothing is left to chance."""
        ends = ends.unsqueeze(1)
        return Segments(ends, torch.zeros_like(ends), ends)

    def stop(self, segments: Segments) -> Stop:
        return Stop(segments.anchors, self.settings.truncation)

    def total(
        self, inputs: Tensor, segments: Segments, states: States, *, step: int, generator: torch.Generator | None
    ) -> Total:
        lengths = segments.lengths.flatten()
        tokens = inputs[: int(lengths.max())]

        def say(piece: slice, states: States) -> tuple[Tensor, States]:
            counts = remaining(lengths, piece)
            output, states = advance(self._unembedded, self._heard(tokens, piece), states, counts)
            return self._sum(self.head(output), tokens[piece], counts)[0], states

        pieces = chunks(len(tokens), self.settings.truncation)
        return summed_piecewise(self, say, pieces, states), lengths.sum()

    def _heard(self, tokens: Tensor, piece: slice) -> Tensor:
        """What the layer reads in a piece (S, R, I): the token before each, and at first the end of the reading."""
        before = tokens[max(0, piece.start - 1) : piece.stop - 1]
        read = self.layer.embedding(before) if isinstance(self.layer, Embedded) else before
        if piece.start:
            return read
        return torch.cat([self.end.to(read.dtype).expand(1, tokens.shape[1], -1), read])
