"""Attention among all steps, within blocks of them, and to a shorter memory of them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from holdfast.models.linear import linear


class Attention(nn.Module, ABC):
    """Every step asks, and hears a mixture of what the steps answer whose keys fit its question.

        q, k, v = chunks of W x + b
        y = W_out mixture(q, k, v) + b_out

    Args:
        width: of the steps; a multiple of `heads`.
        heads: mixtures side by side, each of width / heads features.
        dropout: probability with which a weight of a mixture is zeroed while training. On a CPU the weights, T x T of
            them, are only kept in memory if this is above 0.
        generator: source of the initial parameters; torch's global one unless given.

    Source: vaswani2017attention
    """

    def __init__(self, width: int, *, heads: int, dropout: float = 0.0, generator: torch.Generator | None = None):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.project = linear(width, 3 * width, generator)
        self.out = linear(width, width, generator)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """What each step hears, (B, T, width).

        Args:
            x: (B, T, width).
            valid: (B, T) bool, the steps that may be heard; None for all.
        """
        q, k, v = self.project(x).chunk(3, -1)
        return self.out(self.mixed(q, k, v, valid))

    @abstractmethod
    def mixed(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        """The mixtures (B, T, width) of questions, keys and values of that shape."""

    def weighed(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        """softmax(q k' / sqrt(width / heads)) v in each head; keys and values may be fewer than questions.

        Where no key is valid nobody will look at the result; all keys are then heard, so that it is a number.
        """
        mask = None
        if valid is not None:
            mask = (valid | ~valid.any(1, keepdim=True))[:, None, None]
        dropout = self.dropout if self.training else 0.0
        split = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        return F.scaled_dot_product_attention(*split, attn_mask=mask, dropout_p=dropout).transpose(1, 2).flatten(2)


class FullAttention(Attention):
    """Each step hears all steps: T x T weights.

    Source: vaswani2017attention
    """

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        return self.weighed(q, k, v, valid)


class LocalAttention(Attention):
    """Each step hears the steps of its block: T x block weights.

    Args:
        width, heads, dropout, generator: as of all attention.
        block: steps of a block; the last one may be shorter.

    Source: liu2018generating
    """

    def __init__(self, width: int, *, block: int, **options):
        super().__init__(width, **options)
        self.block = block

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        batch, steps = q.shape[:2]
        if steps <= self.block:
            return self.weighed(q, k, v, valid)
        valid = known(valid, q)
        q, k, v, valid = (
            filled(part, self.block).unflatten(1, (-1, self.block)).flatten(0, 1) for part in (q, k, v, valid)
        )
        return self.weighed(q, k, v, valid).unflatten(0, (batch, -1)).flatten(1, 2)[:, :steps]


class CompressedAttention(Attention):
    """Each step hears a memory in which a strided convolution has put several steps into one: T x T / stride weights.

        k' = conv(k), v' = conv(v)      kernel and stride `compression`, each over all features
        mixture of v' with the weights softmax(q k' / sqrt(width / heads))

    Args:
        width, heads, dropout, generator: as of all attention.
        compression: steps that become one; the last ones may be fewer, with zeros for those that lack.

    Source: liu2018generating
    """

    def __init__(self, width: int, *, compression: int, generator: torch.Generator | None = None, **options):
        super().__init__(width, generator=generator, **options)
        self.compression = compression
        self.compress_keys = self._convolution(width, generator)
        self.compress_values = self._convolution(width, generator)

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        if valid is not None:
            k, v = (part.masked_fill(~valid.unsqueeze(-1), 0.0) for part in (k, v))
            valid = filled(valid, self.compression)[:, :: self.compression]
        k, v = (filled(part, self.compression).transpose(1, 2) for part in (k, v))
        return self.weighed(q, self.compress_keys(k).transpose(1, 2), self.compress_values(v).transpose(1, 2), valid)

    def _convolution(self, width: int, generator: torch.Generator | None) -> nn.Conv1d:
        with torch.random.fork_rng(devices=[]):  # what nn.Conv1d draws for itself is not used
            convolution = nn.Conv1d(width, width, self.compression, stride=self.compression)
        bound = (width * self.compression) ** -0.5
        for parameter in convolution.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
        return convolution


def known(valid: Tensor | None, x: Tensor) -> Tensor:
    """Which steps of x (B, T, width) are valid, also if all are."""
    return x.new_ones(x.shape[:2], dtype=torch.bool) if valid is None else valid


def filled(x: Tensor, multiple: int) -> Tensor:
    """x (B, T, ...) with zeros behind it, so that T is a multiple of `multiple`."""
    lacking = -x.shape[1] % multiple
    return torch.cat([x, x.new_zeros(x.shape[0], lacking, *x.shape[2:])], 1) if lacking else x
