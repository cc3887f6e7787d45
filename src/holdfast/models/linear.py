"""A linear map that is drawn from a generator."""

import torch
from torch import nn

from holdfast.models.dropconnect import DropConnect


def linear(inputs: int, outputs: int, generator: torch.Generator | None, *, dropconnect: float = 0.0) -> nn.Linear:
    """Weights and bias drawn as `torch.nn.Linear` draws: uniform in +-1/sqrt(inputs).

    Args:
        inputs, outputs: features.
        generator: source of the parameters; torch's global one unless given.
        dropconnect: probability with which a weight is zeroed while training.
    """
    with torch.random.fork_rng(devices=[]):  # what nn.Linear draws for itself is not used
        layer = DropConnect(inputs, outputs, dropconnect) if dropconnect else nn.Linear(inputs, outputs)
    bound = inputs**-0.5
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer
