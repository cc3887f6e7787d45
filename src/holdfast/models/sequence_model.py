"""A recurrent layer with a head: from sequences to answers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Readout = Literal["every step", "last step"]


class SequenceModel(nn.Module):
    """A recurrent layer whose outputs a small feed-forward head turns into answers.

        answers = head(layer(inputs))                    at every step, or
        answers = head(layer(inputs)[last valid step])   once a sequence

    Args:
        layer: any layer under the contract of `holdfast.Recurrent`, time first; its `output_size` is read.
        output_size: O, the classes or values of an answer.
        readout: "every step" or "last step".
        head_sizes: widths of ReLU layers between the recurrent layer and the answer; () is a single linear map, and
            (256,) is the head of gu2020improving.
        generator: source of the head's initial parameters; torch's global one unless given.

    Raises:
        ValueError: a size below 1, or a readout of another name.
    """

    def __init__(
        self,
        layer: nn.Module,
        output_size: int,
        *,
        readout: Readout = "every step",
        head_sizes: Sequence[int] = (),
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if readout not in get_args(Readout):
            raise ValueError(f"readout must be 'every step' or 'last step', got {readout!r}")
        sizes = [int(layer.output_size), *head_sizes, output_size]  # pyright: ignore[reportArgumentType]
        if min(sizes) < 1:
            raise ValueError(
                f"head_sizes and output_size must be at least 1, got {tuple(head_sizes)} and {output_size}"
            )
        self.layer = layer
        self.readout = readout
        self.head = head(sizes, generator)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The answers.

        Args:
            inputs: (T, B, I).
            lengths: (B,) int64, where each sequence ends; None if all fill T.

        Returns:
            (T, B, O), or (B, O) if only the last step is read.
        """
        output, _ = self.layer(inputs, lengths=lengths)
        if self.readout == "last step":
            output = output[-1] if lengths is None else output[lengths - 1, torch.arange(len(lengths))]
        return self.head(output)


def head(sizes: Sequence[int], generator: torch.Generator | None) -> nn.Sequential:
    """Linear maps through `sizes`, ReLU between them, drawn as `torch.nn.Linear` draws: uniform in +-1/sqrt(inputs)."""
    linear = [_linear(inputs, outputs, generator) for inputs, outputs in pairwise(sizes)]
    between = [part for layer in linear for part in (layer, nn.ReLU())]
    return nn.Sequential(*between[:-1])


def _linear(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Linear:
    with torch.random.fork_rng(devices=[]):  # what nn.Linear draws for itself is not used
        layer = nn.Linear(inputs, outputs)
    bound = inputs**-0.5
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer
