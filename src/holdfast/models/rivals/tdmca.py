"""The Transformer for long sequences of Trinh et al.: attention is local, or goes to a compressed memory."""

import torch

from holdfast.models.rivals.attention import Attention, CompressedAttention, LocalAttention
from holdfast.models.rivals.encoder import Encoder, check_encoder


class TDMCA(Encoder):
    """Blocks in which steps hear their neighbourhood take turns with blocks in which they hear a shorter memory of all.

        layers 1, 3, 5: attention within stretches of `block` steps
        layers 2, 4:    attention to keys and values of which a convolution makes one out of every `compression`

    The paper's network writes text and hides the future from each step; this one reads, and hides nothing.

    Args:
        width: of the steps; even, and a multiple of `heads`.
        layers: blocks.
        heads: of each attention.
        filter_size: features of the middle of each block's network.
        dropout: probability of a zero after the positions, in each network and after each part of a block.
        attention_dropout: probability with which a weight of an attention is zeroed. On a CPU, 0 also saves the memory
            that grows with the square of the length.
        block: steps that hear each other.
        compression: steps that become one in the memory.
        generator: source of the initial parameters; torch's global one unless given.

    Source: liu2018generating, trinh2018learning

    Raises:
        ValueError: a size or a probability out of its range.
    """

    def __init__(
        self,
        width: int,
        *,
        layers: int = 5,
        heads: int = 4,
        filter_size: int = 512,
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
        block: int = 256,
        compression: int = 3,
        generator: torch.Generator | None = None,
    ):
        check_encoder(
            width,
            dropout=dropout,
            attention_dropout=attention_dropout,
            layers=layers,
            heads=heads,
            filter_size=filter_size,
            block=block,
            compression=compression,
        )
        options = {"heads": heads, "dropout": attention_dropout, "generator": generator}
        attentions: list[Attention] = [
            CompressedAttention(width, compression=compression, **options)
            if k % 2
            else LocalAttention(width, block=block, **options)
            for k in range(layers)
        ]
        super().__init__(width, attentions, filter_size=filter_size, dropout=dropout, generator=generator)
