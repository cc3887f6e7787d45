"""What it means to say a token: how far off an answer is, and what is heard when it is fed back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

TokenLoss = Literal["squared distance", "distance", "cross-entropy"]


class Tokens(ABC):
    """A kind of input, seen as something to be said."""

    @abstractmethod
    def losses(self, answers: Tensor, tokens: Tensor) -> Tensor:
        """How far off each answer is: answers (..., I) and tokens, (..., I) or symbols (...), to (...)."""

    @abstractmethod
    def heard(self, answers: Tensor) -> Tensor:
        """The answers (..., I) as tokens, to be fed back."""


@dataclass(frozen=True)
class RealTokens(Tokens):
    """Vectors of real numbers: pixels, samples, sensors.

    loss = |answer - token|^2, or the distance itself
    """

    squared: bool = True

    def losses(self, answers: Tensor, tokens: Tensor) -> Tensor:
        difference = answers - tokens
        return difference.square().sum(-1) if self.squared else torch.linalg.vector_norm(difference, dim=-1)

    def heard(self, answers: Tensor) -> Tensor:
        return answers


@dataclass(frozen=True)
class SymbolTokens(Tokens):
    """Symbols by their numbers: characters, notes, bytes.

        loss = -log softmax(answer)[token]

    The symbol that is heard is the most probable one.
    """

    def losses(self, answers: Tensor, tokens: Tensor) -> Tensor:
        return F.cross_entropy(answers.flatten(end_dim=-2), tokens.flatten(), reduction="none").view(tokens.shape)

    def heard(self, answers: Tensor) -> Tensor:
        return answers.argmax(-1)


@dataclass(frozen=True)
class OneHotTokens(Tokens):
    """Symbols as one-hot vectors."""

    def losses(self, answers: Tensor, tokens: Tensor) -> Tensor:
        return SymbolTokens().losses(answers, tokens.argmax(-1))

    def heard(self, answers: Tensor) -> Tensor:
        return F.one_hot(answers.argmax(-1), answers.shape[-1]).to(answers.dtype)


def tokens_of(loss: TokenLoss | None, read: Literal["continuous", "symbols"]) -> Tokens:
    """What is to be said: by the loss that was asked for, and by what the layer reads.

    Raises:
        ValueError: a distance between symbols.
    """
    if read == "symbols":
        if loss not in (None, "cross-entropy"):
            raise ValueError(f"symbols have no {loss}; set objective.token_loss cross-entropy, or leave it out")
        return SymbolTokens()
    return OneHotTokens() if loss == "cross-entropy" else RealTokens(squared=loss != "distance")
