"""Scheduled sampling: what a decoder hears of the past, the truth or what it has said itself."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Schedule:
    """The probability with which a decoder is fed the true token; it changes linearly and then stays.

        p(step) = first + (last - first) min(step / steps, 1)

    Args:
        first: at step 0.
        last: from step `steps` on.
        steps: training steps from the one to the other; with 0 it is `last` from the beginning.

    Source: bengio2015scheduled
    """

    first: float = 1.0
    last: float = 0.0
    steps: int = 100_000

    def probability(self, step: int) -> float:
        """At one training step."""
        share = min(step / self.steps, 1.0) if self.steps else 1.0
        return self.first + (self.last - self.first) * share


def fed_tokens(
    tokens: Tensor,
    probability: float,
    say: Callable[[Tensor, object], tuple[Tensor, object]],
    state: object,
    generator: torch.Generator | None,
) -> Tensor:
    """What the decoder hears: the first token, then each true one with a probability, otherwise what it said before.

    No gradient passes through what is fed back. So it can be found out first, step by step and without a graph, and the
    decoder then runs over the whole segment at once, with the same values and gradients as if it had done both in one.

    Args:
        tokens: (L, R, I), or symbols (L, R), the true ones.
        probability: of the true token.
        say: (token, state) to (its answer as a token, state).
        state: the decoder's first.
        generator: of the choice, on the CPU.

    Returns:
        as `tokens`.
    """
    if probability >= 1:
        return tokens
    true = (torch.rand(tokens.shape[:2], generator=generator) < probability).to(tokens.device)
    true = true.unsqueeze(-1) if tokens.dim() == 3 else true
    heard = [tokens[0]]
    with torch.no_grad():
        for t in range(1, len(tokens)):
            said, state = say(heard[-1], state)
            heard.append(torch.where(true[t], tokens[t], said.to(tokens.dtype)))
    return torch.stack(heard)
