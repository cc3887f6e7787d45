"""Blocks of attention on top of each other."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from holdfast.models.linear import linear
from holdfast.models.rivals.attention import Attention
from holdfast.models.rivals.positions import positions


class Block(nn.Module):
    """Attention between the steps, then a small network at each of them; both add to what passes by.

        x = x + dropout(attention(norm(x)))
        x = x + dropout(W_2 dropout(relu(W_1 norm(x) + b_1)) + b_2)

    Args:
        width: of the steps.
        attention: what happens between them.
        filter_size: features of the small network's middle.
        dropout: probability of a zero, while training.
        generator: source of the initial parameters; torch's global one unless given.

    Source: vaswani2017attention; norms where vaswani2018tensor has them
    """

    def __init__(
        self, width: int, attention: Attention, *, filter_size: int, dropout: float, generator: torch.Generator | None
    ):
        super().__init__()
        self.attention = attention
        self.first_norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.network = nn.Sequential(
            linear(width, filter_size, generator), nn.ReLU(), nn.Dropout(dropout), linear(filter_size, width, generator)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """x (B, T, width) and valid (B, T) or None, to the shape of x."""
        x = x + self.dropout(self.attention(self.first_norm(x), valid))
        return x + self.dropout(self.network(self.second_norm(x)))


class Encoder(nn.Module):
    """Blocks on top of each other, over steps that are told where they stand; nothing hides the future from them.

        x = dropout(x + positions);  x = block(x) for each block;  output = norm(x)

    Args:
        width: of the steps.
        attentions: one for each block.
        filter_size, dropout: of the blocks.
        generator: source of the initial parameters; torch's global one unless given.

    Source: vaswani2017attention
    """

    def __init__(
        self,
        width: int,
        attentions: Sequence[Attention],
        *,
        filter_size: int,
        dropout: float,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.output_size = width
        self.dropout = nn.Dropout(dropout)
        options = {"filter_size": filter_size, "dropout": dropout, "generator": generator}
        self.blocks = nn.ModuleList(Block(width, attention, **options) for attention in attentions)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """x (T, B, width) and valid (T, B) bool, the steps that may be heard, or None for all; to the shape of x."""
        x = (x + positions(len(x), self.output_size, like=x).unsqueeze(1)).transpose(0, 1)
        x, valid = self.dropout(x), None if valid is None else valid.T
        for block in self.blocks:
            x = cast(Block, block)(x, valid)
        return self.norm(x).transpose(0, 1)


def check_encoder(width: int, *, dropout: float, attention_dropout: float, **sizes: int) -> None:
    """What every encoder is told is in its range.

    Raises:
        ValueError: it is not.
    """
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
    if width < 4 or width % 2 or width % sizes["heads"]:
        raise ValueError(
            f"the width (hidden_size) must be even, at least 4 and a multiple of heads, got {width} with "
            f"{sizes['heads']} heads"
        )
    for name, probability in {"dropout": dropout, "attention_dropout": attention_dropout}.items():
        if not 0 <= probability < 1:
            raise ValueError(f"{name} must be a probability in [0, 1), got {probability}")
