"""Symbols as a network sees them, and answers as it gives them."""

import torch
from torch import Tensor
from torch.nn import functional as F

BLANK = 0
"""Nothing to read, or nothing to say."""

_CONFIDENCE = 40.0
"""The logit of a perfect solver's answer: a loss of some 1e-16 per step, and yet far from overflow."""


def one_hot(symbols: Tensor, width: int) -> Tensor:
    """Symbols (T, B) int64 as inputs (T, B, width) float32."""
    return F.embedding(symbols, torch.eye(width))


def certain(answers: Tensor, classes: int) -> Tensor:
    """Logits (..., classes) that put all their weight on these answers (...)."""
    return _CONFIDENCE * one_hot(answers, classes)
