"""A network without a state, with a head on the mean of its outputs."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from holdfast.layers.sequence import within
from holdfast.layers.visits import clear_padding
from holdfast.models.rivals.encoder import Encoder
from holdfast.models.sequence_model import head


class PooledModel(nn.Module):
    """One answer a sequence: the head reads the mean of what the encoder says of the steps.

        answer = head(mean over the valid steps of encoder(embedding(inputs)))

    Args:
        encoder: steps (T, B, width) to steps of the same shape.
        output_size: O, the classes or values of an answer.
        embedding: from the inputs to (T, B, width): `holdfast.models.embedding` makes one.
        head_sizes: widths of ReLU layers between the mean and the answer; (256, 256) in trinh2018learning.
        dropconnect: probability with which a weight of the head's second linear map is zeroed while training.
        generator: source of the head's initial parameters; torch's global one unless given.

    Raises:
        ValueError: a size below 1, or `dropconnect` out of range or without a second map.
    """

    def __init__(
        self,
        encoder: Encoder,
        output_size: int,
        *,
        embedding: nn.Module,
        head_sizes: Sequence[int] = (),
        dropconnect: float = 0.0,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.embedding, self.encoder = embedding, encoder
        self.head = head([encoder.output_size, *head_sizes, output_size], generator, dropconnect=dropconnect)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The answers (B, O).

        Args:
            inputs: (T, B, I), or symbols (T, B) for an embedding that takes them.
            lengths: (B,) int64, where each sequence ends; None if all fill T. What lies beyond is never heard.
        """
        steps = self.embedding(clear_padding(inputs, lengths))
        if lengths is None:
            return self.head(self.encoder(steps).mean(0))
        valid = within(lengths, len(steps))
        heard = self.encoder(steps, valid).masked_fill(~valid.unsqueeze(-1), 0.0)
        return self.head(heard.sum(0) / lengths.unsqueeze(-1))
