"""What a network makes of its tokens before the recurrent layer reads them."""

from typing import Literal, get_args

import torch
from torch import nn

from holdfast.models.linear import linear

Tokens = Literal["continuous", "symbols"]
"""What stands at a step of the input: channels (T, B, I) of real values, or the number of a symbol (T, B)."""


def embedding(tokens: Tokens, input_size: int, size: int, *, generator: torch.Generator | None = None) -> nn.Module:
    """A vector for each token: a row of a table for a symbol, a linear map of continuous channels.

        symbols     (T, B) int64            ->  (T, B, size)    table[symbol], table ~ N(0, 1)
        continuous  (T, B, input_size)      ->  (T, B, size)    W x + b, uniform in +-1/sqrt(input_size)

    A symbol is never written out as a one-hot vector: the table gives what the product with it would.

    Args:
        tokens: "continuous" or "symbols".
        input_size: I, the channels, or how many symbols there are.
        size: width of the vectors; at least 1.
        generator: source of the initial parameters; torch's global one unless given.

    Source: dai2015semi, trinh2018learning

    Raises:
        ValueError: a size below 1, or tokens of another kind.
    """
    if tokens not in get_args(Tokens):
        raise ValueError(f"tokens must be 'continuous' or 'symbols', got {tokens!r}")
    if min(input_size, size) < 1:
        raise ValueError(f"an embedding expects sizes of at least 1, got input_size {input_size} and size {size}")
    if tokens == "continuous":
        return linear(input_size, size, generator)
    return nn.Embedding(input_size, size, _weight=torch.randn(input_size, size, generator=generator))
