"""The Transformer, in the small form that is as large as the recurrent networks of these experiments."""

import torch

from holdfast.models.rivals.attention import FullAttention
from holdfast.models.rivals.encoder import Encoder, check_encoder


class Transformer(Encoder):
    """Blocks in which every step hears every other; time and weights grow with the square of the length.

        x = x + dropout(attention(norm(x)));  x = x + dropout(network(norm(x)))      in each layer

    The defaults are `transformer_tiny` of tensor2tensor, the natural match of trinh2018learning, which does not name
    its settings.

    Args:
        width: of the steps; even, and a multiple of `heads`.
        layers: blocks.
        heads: of each attention.
        filter_size: features of the middle of each block's network.
        dropout: probability of a zero after the positions, in each network and after each part of a block.
        attention_dropout: probability with which a weight of an attention is zeroed. On a CPU, 0 also saves the memory
            that grows with the square of the length.
        generator: source of the initial parameters; torch's global one unless given.

    Source: vaswani2017attention, vaswani2018tensor, trinh2018learning

    Raises:
        ValueError: a size or a probability out of its range.
    """

    def __init__(
        self,
        width: int,
        *,
        layers: int = 2,
        heads: int = 4,
        filter_size: int = 512,
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
        generator: torch.Generator | None = None,
    ):
        check_encoder(
            width,
            dropout=dropout,
            attention_dropout=attention_dropout,
            layers=layers,
            heads=heads,
            filter_size=filter_size,
        )
        attentions = [
            FullAttention(width, heads=heads, dropout=attention_dropout, generator=generator) for _ in range(layers)
        ]
        super().__init__(width, attentions, filter_size=filter_size, dropout=dropout, generator=generator)
