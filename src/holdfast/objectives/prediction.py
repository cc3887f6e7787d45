"""The auxiliary loss of the p-LSTM: from an anchor on, say what comes next."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from holdfast.layers import Stop
from holdfast.layers.visits import States, advance, parts
from holdfast.models.sequence_model import head
from holdfast.objectives.auxiliary import Auxiliary, Total, chunks, detached, drawn, remaining
from holdfast.objectives.checks import check_auxiliary
from holdfast.objectives.segments import Segments, Sharing
from holdfast.objectives.tokens import TokenLoss


@dataclass(frozen=True)
class PredictionSettings:
    """What is to be foreseen, and how.

    Args:
        segments: n, anchors and segments of each sequence.
        length: l, tokens to be foreseen from each anchor on.
        anchors: what gets anchors of its own, each "sequence" or each "batch".
        layers: layers of the network that reads the main layer's outputs.
        head_sizes: widths of the ReLU layers between it and the token that it says.
        token_loss: "squared distance" or "distance" for real values, "cross-entropy" for symbols, also one-hot ones;
            unless given, the squared distance, or cross-entropy where symbols are embedded.
        truncation: steps after which the auxiliary gradient is cut, from the anchor on; null for never. It never goes
            back beyond the anchor.

    Source: trinh2018learning

    Raises:
        ValueError: a setting out of its range.
    """

    segments: int = 1
    length: int = 600
    anchors: Sharing = "sequence"
    layers: int = 2
    head_sizes: tuple[int, ...] = (256, 256)
    token_loss: TokenLoss | None = None
    truncation: int | None = 300

    def __post_init__(self):
        check_auxiliary(self)
        if self.layers < 1:
            raise ValueError(f"objective.layers must be at least 1, got {self.layers}")


class Prediction(Auxiliary):
    """A second network on top of the layer says, at every step of a segment, which token comes next.

        h_t = layer(token_t, ...), t = a..a + l - 1      from its state before the anchor a, as a constant
        d_t = predictor(h_t, d_{t-1})                    from 0
        answer_t = head(output of d_t)                   is to be token_{t+1}

    Args:
        layer: any recurrent layer of this library, with any number of states and of layers, in one direction, time
            first; or `Embedded`.
        settings: what is to be foreseen, and how.
        generator: source of the predictor's initial parameters; torch's global one unless given.

    Source: trinh2018learning

    Raises:
        ValueError: the layer is bidirectional or `batch_first`.
    """

    def __init__(
        self, layer: nn.Module, settings: PredictionSettings | None = None, *, generator: torch.Generator | None = None
    ):
        settings = settings or PredictionSettings()
        super().__init__(layer, settings)
        self.predictor = self.layer.another(self.layer.output_size, num_layers=settings.layers, generator=generator)
        self.head = head([self.predictor.output_size, *settings.head_sizes, self.layer.input_size], generator)

    def draw(self, ends: Tensor, generator: torch.Generator | None) -> Segments:
        return drawn(self.settings, "following", ends, generator)

    def stop(self, segments: Segments) -> Stop:
        return Stop(segments.starts, 0)

    def total(
        self, inputs: Tensor, segments: Segments, states: States, *, step: int, generator: torch.Generator | None
    ) -> Total:
        lengths = segments.lengths.flatten()
        tokens = self._tokens(inputs, segments)
        outputs, upper = [], parts(self.predictor.initial_state(len(lengths)))
        for piece in chunks(len(tokens) - 1, self.settings.truncation):
            counts = remaining(lengths, piece)
            output, states = advance(self.layer, tokens[:-1][piece], detached(states), counts)
            output, upper = advance(self.predictor, output, detached(upper), counts)
            outputs.append(output)
        return self._sum(self.head(torch.cat(outputs)), tokens[1:], lengths)
