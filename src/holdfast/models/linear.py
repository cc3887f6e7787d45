"""A linear map that is drawn from a generator."""

import torch
from torch import nn


def linear(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Linear:
    """Weights and bias drawn as `torch.nn.Linear` draws: uniform in +-1/sqrt(inputs)."""
    with torch.random.fork_rng(devices=[]):  # what nn.Linear draws for itself is not used
        layer = nn.Linear(inputs, outputs)
    bound = inputs**-0.5
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer
