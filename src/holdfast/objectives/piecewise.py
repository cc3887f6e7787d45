"""A loss over a long sequence whose gradient is cut into pieces: each is differentiated as soon as it is known.

So no more than one piece is on a graph at a time, however long the sequence; a graph of the whole loss would hold on to
all pieces until the backward pass, though no gradient goes from one to the other.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from holdfast.layers.visits import States
from holdfast.objectives.auxiliary import detached

Say = Callable[[slice, States], tuple[Tensor, States]]
"""From a piece of the steps and the state before it to its loss, and the state after it."""


def summed_piecewise(module: nn.Module, say: Say, pieces: Iterable[slice], states: States) -> Tensor:
    """The sum of the losses of all pieces.

    Args:
        module: holds all parameters that take part.
        say: a piece; called once for each, in order.
        pieces: of the steps.
        states: before the first piece. Through them the gradient goes on to what came before; the states between pieces
            are constants.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not torch.is_grad_enabled():
        return _run(say, pieces, states, lambda loss, first: None)
    total = _Piecewise.apply(say, tuple(pieces), parameters, len(states), *states, *parameters)
    assert isinstance(total, Tensor)
    return total


class _Piecewise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, say: Say, pieces: Sequence[slice], parameters: Sequence[Tensor], parts: int, *inputs: Tensor
    ) -> Tensor:
        states = tuple(part.detach().requires_grad_(part.requires_grad) for part in inputs[:parts])
        needed = [part for part in states if part.requires_grad]
        sums: dict[int, Tensor] = {}

        def learn(loss: Tensor, first: bool) -> None:
            """Adds up the gradients of a piece; what is known of its graph is then gone."""
            wanted = [*parameters, *(needed if first else ())]
            with torch.autocast(loss.device.type, enabled=False):  # a backward pass is none of its business
                for tensor, gradient in zip(wanted, torch.autograd.grad(loss, wanted, allow_unused=True), strict=True):
                    if gradient is not None:
                        sums[id(tensor)] = sums[id(tensor)] + gradient if id(tensor) in sums else gradient

        with torch.enable_grad():
            total = _run(say, pieces, states, learn)
        ctx.save_for_backward(*(sums.get(id(tensor)) for tensor in (*states, *parameters)))
        return total

    @staticmethod
    def backward(ctx: Any, *scale: Tensor) -> Any:
        gradients = (None if gradient is None else gradient * scale[0] for gradient in ctx.saved_tensors)
        return None, None, None, None, *gradients


def _run(say: Say, pieces: Iterable[slice], states: States, learn: Callable[[Tensor, bool], None]) -> Tensor:
    total = states[0].new_zeros(())
    for number, piece in enumerate(pieces):
        loss, states = say(piece, states)
        learn(loss, number == 0)
        total, states = total + loss.detach(), detached(states)
    return total
