"""The statistical recurrent unit."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, positive, uniform_like

SCALES = (0.0, 0.5, 0.9, 0.99, 0.999)


class StatisticalRU(Cell):
    """A memory that is nothing but moving averages of statistics, at several time scales at once: no gates.

        r = relu(W_rm mu_{t-1} + b_r)                          what the averages tell so far
        phi = relu(W_ih x_t + b + W_pr r)                      statistics of this step, given that
        mu_t^(a) = a mu_{t-1}^(a) + (1 - a) phi                for each scale a
        h_t = relu(W_hm mu_t + b_h)                            mu: all averages, scale after scale

    Comparing averages of different scales tells the recent past from the distant one.

    Args:
        input_size: features of x_t.
        hidden_size: features H of the output.
        statistics_size: S, numbers in phi; H unless given.
        summary_size: R, numbers in r; H / 4, at least 1, unless given.
        scales: the weights a, each in [0, 1); 0 is the present alone, 1 / (1 - a) steps are remembered.

    Shapes, A scales: weight_ih (S, I), bias (S,), weight_summary (R, A S), bias_summary (R,), weight_statistics (S, R),
    weight_output (H, A S), bias_output (H,). The state is h (H,) and mu (A S,).

    Initialisation: matrices Glorot uniform with the gain of ReLU, sqrt(2), each map as a whole (x and r are one input);
    biases 0.

    Source: oliva2017statistical; scales and initialisation as in the comparison of chandar2019towards, whose SRU it is.
    The first author's code has scales 0, 0.25, 0.5, 0.9, 0.99 and draws all weights from U(-0.1, 0.1) unless told
    otherwise. The statistics feed back through r, so it is not linear in its memory, and has no parallel scan.

    Raises:
        ValueError: no scale, or one outside of [0, 1).
    """

    reads_output = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        statistics_size: int | None = None,
        summary_size: int | None = None,
        scales: Sequence[float] = SCALES,
        device=None,
        dtype=None,
    ):
        statistics = hidden_size if statistics_size is None else positive("statistics_size", statistics_size)
        summary = max(1, hidden_size // 4) if summary_size is None else positive("summary_size", summary_size)
        if not scales or not all(0 <= scale < 1 for scale in scales):
            raise ValueError(f"scales must be numbers from 0 to below 1, at least one, got {scales!r}")
        averages = len(scales) * statistics
        super().__init__(
            input_size, hidden_size, state_sizes={"h": hidden_size, "mu": averages}, blocks={"statistics": statistics}
        )
        self.scales = tuple(scales)
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(statistics, input_size, **kind)
        self.bias = empty_parameter(statistics, **kind)
        self.weight_summary = empty_parameter(summary, averages, **kind)
        self.bias_summary = empty_parameter(summary, **kind)
        self.weight_statistics = empty_parameter(statistics, summary, **kind)
        self.weight_output = empty_parameter(hidden_size, averages, **kind)
        self.bias_output = empty_parameter(hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        for name, parameter in self.named_parameters():
            if name.startswith("bias"):
                fill(parameter, 0)
                continue
            rows, columns = parameter.shape
            if name in ("weight_ih", "weight_statistics"):
                columns = self.input_size + self.weight_statistics.shape[1]
            fill(parameter, uniform_like(parameter, math.sqrt(2 * 6 / (rows + columns)), generator))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step(self, p: Tensor, state):
        r = F.linear(state.mu, self.weight_summary, self.bias_summary).relu()
        phi = (p + F.linear(r, self.weight_statistics)).relu()
        averages = zip(self.scales, state.mu.chunk(len(self.scales), -1), strict=True)
        mu = torch.cat([a * average + (1 - a) * phi for a, average in averages], -1)
        return F.linear(mu, self.weight_output, self.bias_output).relu(), mu

    def choices(self) -> dict[str, object]:
        return {"scales": self.scales}
