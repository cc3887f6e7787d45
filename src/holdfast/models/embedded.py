"""A recurrent layer that reads its input through an embedding."""

from typing import Any

from torch import Tensor, nn

from holdfast.models.embedding import Tokens


class Embedded(nn.Module):
    """An embedding and a recurrent layer, used like the layer alone.

        output, state = layer(embedding(input))

    Args:
        embedding: as `holdfast.models.embedding` makes it: of symbols (T, B), or of channels (T, B, I).
        layer: any layer under the contract of `holdfast.Recurrent`; its `input_size` is the embedding's width.
    """

    def __init__(self, embedding: nn.Module, layer: nn.Module):
        super().__init__()
        self.embedding: Any = embedding
        self.layer: Any = layer

    @property
    def tokens(self) -> Tokens:
        """What it reads."""
        return "symbols" if isinstance(self.embedding, nn.Embedding) else "continuous"

    @property
    def input_size(self) -> int:
        """Channels of a token, or how many symbols there are."""
        return self.embedding.num_embeddings if self.tokens == "symbols" else self.embedding.in_features

    @property
    def output_size(self) -> int:
        return self.layer.output_size

    @property
    def num_layers(self) -> int:
        return self.layer.num_layers

    @property
    def bidirectional(self) -> bool:
        return self.layer.bidirectional

    @property
    def batch_first(self) -> bool:
        return self.layer.batch_first

    def forward(self, input: Tensor, state=None, *, lengths=None, reset=None):
        """As the layer's."""
        return self.layer(self.embedding(input), state, lengths=lengths, reset=reset)

    def step(self, x: Tensor, state=None):
        """As the layer's: one token of each row."""
        return self.layer.step(self.embedding(x), state)

    def initial_state(self, batch_size: int, *, like: Tensor | None = None):
        """The layer's."""
        return self.layer.initial_state(batch_size, like=like)

    def another(self, input_size: int, **options: Any):
        """A fresh layer of the layer's kind, without an embedding."""
        return self.layer.another(input_size, **options)
