"""A recurrent layer with a head, and an embedding before it if need be: from sequences to answers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from holdfast.models.linear import linear

Readout = Literal["every step", "last step"]


class SequenceModel(nn.Module):
    """A recurrent layer whose outputs a small feed-forward head turns into answers.

        answers = head(layer(inputs))                    at every step, or
        answers = head(layer(inputs)[last valid step])   once a sequence

    With an embedding the layer reads embedding(inputs) in place of the inputs.

    Args:
        layer: any layer under the contract of `holdfast.Recurrent`, time first; its `output_size` is read.
        output_size: O, the classes or values of an answer.
        readout: "every step" or "last step".
        head_sizes: widths of ReLU layers between the recurrent layer and the answer; () is a single linear map, and
            (256,) is the head of gu2020improving, (256, 256) that of trinh2018learning.
        embedding: from the inputs to (T, B, I) as the layer takes them: `holdfast.models.embedding` makes one. Symbols
            need it; continuous inputs go without unless given.
        dropconnect: probability with which a weight of the head's second linear map is zeroed while training; 0.5 in
            trinh2018learning.
        generator: source of the head's initial parameters; torch's global one unless given.

    Raises:
        ValueError: a size below 1, a readout of another name, or `dropconnect` out of range or without a second map.
    """

    def __init__(
        self,
        layer: nn.Module,
        output_size: int,
        *,
        readout: Readout = "every step",
        head_sizes: Sequence[int] = (),
        embedding: nn.Module | None = None,
        dropconnect: float = 0.0,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if readout not in get_args(Readout):
            raise ValueError(f"readout must be 'every step' or 'last step', got {readout!r}")
        self.embedding = embedding
        self.layer = layer
        self.readout = readout
        width = int(layer.output_size)  # pyright: ignore[reportArgumentType]
        self.head = head([width, *head_sizes, output_size], generator, dropconnect=dropconnect)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The answers.

        Args:
            inputs: (T, B, I), or symbols (T, B) for an embedding that takes them.
            lengths: (B,) int64, where each sequence ends; None if all fill T.

        Returns:
            (T, B, O), or (B, O) if only the last step is read.
        """
        output, _ = self.layer(self.embed(inputs), lengths=lengths)
        return self.answer(output, lengths)

    def answer(self, output: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The answers to what the layer has given, (T, B, features)."""
        if self.readout == "last step":
            output = output[-1] if lengths is None else output[lengths - 1, torch.arange(len(lengths))]
        return self.head(output)

    def embed(self, inputs: Tensor) -> Tensor:
        """The inputs as the layer reads them, (T, B, I).

        Raises:
            ValueError: symbols, and no embedding for them.
        """
        if self.embedding is not None:
            return self.embedding(inputs)
        if not inputs.is_floating_point():
            raise ValueError(
                f"SequenceModel expects float inputs (T, B, I), got symbols {tuple(inputs.shape)} of {inputs.dtype}; "
                'give it an embedding: embedding("symbols", how_many, size)'
            )
        return inputs


def head(sizes: Sequence[int], generator: torch.Generator | None, *, dropconnect: float = 0.0) -> nn.Sequential:
    """Linear maps through `sizes`, ReLU between them; weights of the second one are dropped while training.

    Raises:
        ValueError: a size below 1, or `dropconnect` out of range or without a second map.
    """
    between = tuple(sizes[1:-1])
    if min(sizes) < 1:
        raise ValueError(f"head_sizes and output_size must be at least 1, got {between} and {sizes[-1]}")
    if not 0 <= dropconnect < 1 or (dropconnect and not between):
        raise ValueError(
            "dropconnect must be a probability in [0, 1) and needs a second linear map in the head: give "
            f"head_sizes; got {dropconnect} with head_sizes {between}"
        )
    maps = [
        linear(inputs, outputs, generator, dropconnect=dropconnect if k == 1 else 0.0)
        for k, (inputs, outputs) in enumerate(pairwise(sizes))
    ]
    parts = [part for layer in maps for part in (layer, nn.ReLU())]
    return nn.Sequential(*parts[:-1])
