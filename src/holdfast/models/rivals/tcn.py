"""The temporal convolutional network."""

from typing import Any

import torch
from torch import Tensor, nn

from holdfast.cells.cell import positive
from holdfast.models.rivals.causal import Causal, causal, check_dropout, convolution


class TCN(Causal):
    """Residual blocks of causal convolutions, whose dilation doubles from block to block.

        y = dropout(relu(conv_d(x)));  y = dropout(relu(conv_d(y)))      d = 1, 2, 4, ... in the blocks
        x = relu(y + x)                                                 x by a map of single steps where widths differ

    An output depends on 1 + 2 (kernel - 1) (2^levels - 1) steps.

    Args:
        input_size: features of a step.
        hidden_size: features of every block.
        levels: blocks.
        kernel: steps of a convolution.
        dropout: probability of a zero, while training.
        generator: source of the initial parameters; torch's global one unless given.

    The defaults are those of the authors for pixels, with 25 features.

    Initialisation: as `torch.nn.Conv1d`. The authors' code, from memory, draws N(0, 0.01^2), but after the weights were
    split into norm and direction, which undoes it.

    Source: bai2018empirical

    Raises:
        ValueError: a size or a probability out of its range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        levels: int = 8,
        kernel: int = 7,
        dropout: float = 0.05,
        generator: torch.Generator | None = None,
    ):
        super().__init__(input_size, hidden_size)
        check_dropout(dropout=dropout)
        self.levels, self.kernel = positive("levels", levels), positive("kernel", kernel)
        widths = [input_size] + [hidden_size] * levels
        options = {"kernel": kernel, "dropout": dropout, "generator": generator}
        blocks = [Block(widths[k], hidden_size, dilation=2**k, **options) for k in range(levels)]
        self.blocks: Any = nn.ModuleList(blocks)

    @property
    def reach(self) -> int:
        return 1 + 2 * (self.kernel - 1) * (2**self.levels - 1)

    def convolved(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x


class Block(nn.Module):
    """Two causal convolutions, and a way around them.

    Args:
        inputs, outputs: features.
        dilation: steps between those that a convolution reads.
        kernel, dropout, generator: as of the network.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        dilation: int,
        kernel: int,
        dropout: float,
        generator: torch.Generator | None,
    ):
        super().__init__()
        self.dilation = dilation
        self.first = convolution(inputs, outputs, kernel, std=None, generator=generator)
        self.second = convolution(outputs, outputs, kernel, std=None, generator=generator)
        self.dropout = nn.Dropout(dropout)
        self.around = nn.Identity()
        if inputs != outputs:
            with torch.random.fork_rng(devices=[]):  # what it draws for itself is not used
                self.around = nn.Conv1d(inputs, outputs, 1)
            for parameter in self.around.parameters():
                nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs, T) to (B, outputs, T)."""
        y = x
        for convolved in (self.first, self.second):
            y = self.dropout(causal(convolved, y, self.dilation).relu())
        return (y + self.around(x)).relu()
