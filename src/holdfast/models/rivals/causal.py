"""Convolutions over time that never look ahead."""

from abc import ABC, abstractmethod
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from holdfast.cells.cell import positive
from holdfast.layers.sequence import check_lengths, within
from holdfast.layers.visits import clear_padding


class Causal(nn.Module, ABC):
    """A network of convolutions whose output at a step depends on that step and earlier ones, as far as its reach.

    It is called as a recurrent layer is, but has no state to go on from: a sequence is read as a whole.

    Args:
        input_size: features of a step.
        hidden_size: features of an output.
    """

    num_layers, bidirectional, batch_first = 1, False, False

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.input_size = positive("input_size", input_size)
        self.output_size = positive("hidden_size", hidden_size)

    @property
    @abstractmethod
    def reach(self) -> int:
        """How many steps, its own among them, an output depends on."""

    @abstractmethod
    def convolved(self, x: Tensor) -> Tensor:
        """x (B, I, T) to outputs (B, H, T)."""

    def forward(self, input: Tensor, state: None = None, *, lengths=None) -> tuple[Tensor, None]:
        """The outputs (T, B, H), zero beyond the end of a sequence; and None, where a recurrent layer has a state.

        Args:
            input: (T, B, input_size).
            state: None.
            lengths: (B,) whole numbers in 1..T, where each sequence ends; None if all have T steps.

        Raises:
            ValueError: a state, or shapes or lengths that do not fit.
        """
        name = type(self).__name__
        if state is not None:
            raise ValueError(f"{name} has no state to go on from; give it whole sequences")
        if input.dim() != 3 or input.shape[-1] != self.input_size:
            raise ValueError(f"{name} expects input (time, batch, {self.input_size}), got {tuple(input.shape)}")
        steps, batch = input.shape[:2]
        ends = None if lengths is None else check_lengths(lengths, steps, batch, input.device)
        output = self.convolved(clear_padding(input, ends).permute(1, 2, 0)).permute(2, 0, 1)
        return output if ends is None else output.masked_fill(~within(ends, steps).unsqueeze(-1), 0.0), None

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.output_size}, reach={self.reach}"


def convolution(
    inputs: int, outputs: int, kernel: int, *, std: float | None, generator: torch.Generator | None, bias: bool = True
) -> nn.Conv1d:
    """A convolution with weight normalisation, one norm for each output.

        weight = g v / |v|

    Args:
        inputs, outputs: features.
        kernel: steps.
        std: of the normal distribution from which the weights are drawn; None draws U(-a, a) with a = 1/sqrt(inputs
            kernel), as `torch.nn.Conv1d`. The bias is always drawn so.
        generator: source of the parameters; torch's global one unless given.
        bias: whether there is one.
    """
    with torch.random.fork_rng(devices=[]):  # what nn.Conv1d draws for itself is not used
        made = nn.Conv1d(inputs, outputs, kernel, bias=bias)
    bound = (inputs * kernel) ** -0.5
    for parameter in made.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    if std is not None:
        nn.init.normal_(made.weight, 0.0, std, generator=generator)
    return cast(nn.Conv1d, weight_norm(made))


def causal(made: nn.Conv1d, x: Tensor, dilation: int) -> Tensor:
    """x (B, I, T), with zeros before its first step, convolved at steps t, t - dilation, t - 2 dilation, ..."""
    padded = F.pad(x, (dilation * (made.kernel_size[0] - 1), 0))
    return F.conv1d(padded, made.weight, made.bias, dilation=dilation)


def check_dropout(**rates: float) -> None:
    """Each is a probability below 1.

    Raises:
        ValueError: it is not.
    """
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{name} must be a probability in [0, 1), got {rate}")
