"""TrellisNet: a convolutional network that is a truncated LSTM in disguise."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from holdfast.cells.cell import positive
from holdfast.models.rivals.causal import Causal, causal, check_dropout, convolution

START = 0.01
"""Standard deviation of the weights at the start."""


class TrellisNet(Causal):
    """Layers of LSTM cells that share one set of weights and all read the input; each looks d steps back.

        f, i, o, g = split(W_x [x_{t-d}, x_t] + W_h [h^{l-1}_{t-d}, h^{l-1}_t] + b)      in layer l; d = 1, 1, 2, 4, ...
        c^l_t = sigmoid(f) c^{l-1}_{t-d} + sigmoid(i) tanh(g)
        h^l_t = sigmoid(o) tanh(c^l_t)

    What comes before the first step, and what layer 1 finds of a layer below it, is zero. An output depends on
    1 + (kernel - 1) sum d steps, 1025 with the defaults.

    Args:
        input_size: features of a step.
        hidden_size: features of h and c; 120 for MNIST in the authors' configuration.
        levels: layers.
        kernel: steps that a convolution reads, at least 2.
        dropout: probability with which an output is zeroed while training.
        hidden_dropout: the same for what the layers read of each other, with one mask for all layers and steps.
        generator: source of the initial parameters; torch's global one unless given.

    Initialisation: weights N(0, 0.01^2), biases as `torch.nn.Conv1d`. Weights are normalised, output by output.

    Source: bai2019trellis, the authors' configuration for pixels. They also drop features of the input (0.1) and single
    weights (0.2), and have a loss at layers on the way, for texts.

    Raises:
        ValueError: a size or a probability out of its range.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        levels: int = 11,
        kernel: int = 2,
        dropout: float = 0.2,
        hidden_dropout: float = 0.1,
        generator: torch.Generator | None = None,
    ):
        super().__init__(input_size, hidden_size)
        check_dropout(dropout=dropout, hidden_dropout=hidden_dropout)
        self.dilations = [1] + [2**k for k in range(positive("levels", levels) - 1)]
        if positive("kernel", kernel) < 2:
            raise ValueError(f"kernel must be at least 2, got {kernel}; a layer of one step would not look back")
        self.kernel = kernel
        self.dropout, self.hidden_dropout = nn.Dropout(dropout), nn.Dropout(hidden_dropout)
        rows, options = 4 * hidden_size, {"kernel": kernel, "std": START, "generator": generator}
        self.from_input = convolution(input_size, rows, **options)
        self.from_layer = convolution(hidden_size, rows, bias=False, **options)

    @property
    def reach(self) -> int:
        return 1 + (self.kernel - 1) * sum(self.dilations)

    def convolved(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(x.shape[0], self.output_size, x.shape[2])
        mask = self.hidden_dropout(torch.ones_like(h[..., :1]))
        with parametrize.cached():
            for dilation in self.dilations:
                pre = causal(self.from_input, x, dilation) + causal(self.from_layer, mask * h, dilation)
                f, i, o, g = pre.chunk(4, 1)
                c = f.sigmoid() * delayed(c, dilation) + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
        return self.dropout(h)


def delayed(c: Tensor, steps: int) -> Tensor:
    """c (B, H, T) of so many steps ago, zero before the first."""
    return F.pad(c, (steps, 0))[..., : c.shape[-1]]
