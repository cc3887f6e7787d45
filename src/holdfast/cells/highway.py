"""The recurrent highway network: several layers of depth within one time step."""

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, positive, uniform_like


class RHN(Cell):
    """A step of several small ones, each of which lets a part of the state pass as it is.

        s^0 = h_{t-1};   for l = 1, ..., L:
            n = tanh(W_n x_t + R_n^l s^{l-1} + b_n^l)              W only for l = 1
            g = sigmoid(W_g x_t + R_g^l s^{l-1} + b_g^l)
            s^l = s^{l-1} + g (n - s^{l-1})                        what is not transformed is carried: 1 - g
        h_t = s^L

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        depth: L; from 1 to 10 in the paper, the more the better on the Penn Treebank. 1 is a gated RNN.
        transform_bias: where b_g starts: -2 on the Penn Treebank, -4 on enwik8 and text8.

    Shapes: weight_ih (2H, I), weight_hh (L 2H, H), bias (L 2H,): block `candidate_1` and `transform_1` for l = 1, then
    those for l = 2, and so on; weight_ih has the first two alone.

    Initialisation: weights ~ U(-1/sqrt(H), 1/sqrt(H)), which is U(-0.035, 0.035) for the 830 units for which the
    authors take 0.04; b_n = 0, b_g = `transform_bias`.

    Source: zilly2017recurrent, in the form with a coupled carry gate, the one of its experiments. They train
    with dropout of what each product reads, by masks that last a sequence; here there is none.

    Published: a perplexity of 65.4 on words of the Penn Treebank with depth 10, 830 units and tied embeddings; over
    depths from 1 to 10 it falls from 90.6 to 66.0. 1.27 bits a character on enwik8 and text8. From the readme of the
    authors' code.

    Raises:
        ValueError: a depth below 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        depth: int = 5,
        transform_bias: float = -2.0,
        device=None,
        dtype=None,
    ):
        levels = range(1, positive("depth", depth) + 1)
        blocks = [f"{kind}_{level}" for level in levels for kind in ("candidate", "transform")]
        super().__init__(input_size, hidden_size, blocks=blocks)
        self.depth, self.transform_bias = depth, float(transform_bias)
        rows, kind = 2 * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(rows, input_size, **kind)
        self.weight_hh = empty_parameter(depth * rows, hidden_size, **kind)
        self.bias = empty_parameter(depth * rows, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        for weight in (self.weight_ih, self.weight_hh):
            fill(weight, uniform_like(weight, self.hidden_size**-0.5, generator))
        start = torch.tensor([0.0, self.transform_bias])
        fill(self.bias, start.repeat_interleave(self.hidden_size).repeat(self.depth))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias[: 2 * self.hidden_size])

    def step(self, p: Tensor, state):
        s, rows = state.h, 2 * self.hidden_size
        for level, (weight, bias) in enumerate(zip(self.weight_hh.split(rows), self.bias.split(rows), strict=True)):
            n, g = (F.linear(self.masked(s), weight) + (bias if level else p)).chunk(2, -1)
            s = s + g.sigmoid() * (n.tanh() - s)
        return s

    def choices(self) -> dict[str, object]:
        return {"depth": self.depth, "transform_bias": self.transform_bias}
