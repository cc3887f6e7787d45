"""A linear map that forgets some of its weights while it trains."""

from torch import Tensor, nn
from torch.nn import functional as F


class DropConnect(nn.Linear):
    """A linear map of which each weight is zeroed with probability p at every training step.

        y = dropout(W) x + b        what is kept is scaled by 1 / (1 - p), so that evaluation uses W as it is

    Args:
        inputs, outputs: features.
        probability: p.

    Source: wan2013regularization
    """

    def __init__(self, inputs: int, outputs: int, probability: float):
        super().__init__(inputs, outputs)
        self.probability = probability

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, F.dropout(self.weight, self.probability, self.training), self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, probability={self.probability}"
