"""The hierarchical multiscale LSTM: layers that find out where the segments of a sequence end."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from holdfast.cells.cell import Cell, empty_parameter, fill, positive, uniform_like
from holdfast.cells.straight_through import binary


class HMLSTM(Cell):
    """LSTMs on top of each other; a layer is updated only where the one below says that a segment has ended.

    Layer l = 1, ..., L at step t, with z^0_t = 1, z^L_t = 0, and h^0_t = x_t:

        f, i, o, g, d = split(W h^{l-1}_t z^{l-1}_t + U h^l_{t-1} + V h^{l+1}_{t-1} z^l_{t-1} + b)
        w = sigmoid(i) tanh(g)
        c^l_t = w                          if z^l_{t-1} = 1                        flush: its own segment has ended
                sigmoid(f) c^l_{t-1} + w   if z^l_{t-1} = 0 and z^{l-1}_t = 1      update
                c^l_{t-1}                  if both are 0                           copy
        h^l_t = h^l_{t-1} if it copies, else sigmoid(o) tanh(c^l_t)
        z^l_t = 1 if q > 1/2 else 0,   q = clip((slope d + 1) / 2, 0, 1)

    The output lets each layer through a gate of its own:

        h_t = relu(sum_l k_l W_out^l h^l_t),   k = sigmoid(W_gate [h^1_t, ..., h^L_t])

    A boundary z has the gradient of q (straight-through), and the three cases are added with z as their weights, so the
    boundaries are learnt by plain backpropagation: a biased estimate. With the slope q comes nearer to z. The authors
    raise it from 1 to 5, by 0.04 an epoch: `holdfast.objectives.Annealed`, `--objective slope`. No answer depends on
    it, and a change of it compiles nothing anew.

    Args:
        input_size: features of x_t.
        hidden_size: units H of each layer, and of the output.
        layers: L, at least 2; 3 in the paper.
        slope: where the slope starts, above 0.

    Shapes, K = 4H + 1, in the last layer 4H: levels.l.weight_ih (K, I), then (K, H), levels.l.weight_hh (K, H),
    levels.l.weight_top (K, H) but for the last layer, levels.l.bias (K,); weight_gate (L, L H), weight_out (H, L H);
    buffer slope (1,).

    Initialisation: all U(-1/sqrt(H), 1/sqrt(H)); of the paper's nothing is known here.

    Source: chung2017hierarchical, from memory; its layer normalisation of the sums is left out.

    Published: with layer normalisation 1.24 bits a character on the Penn Treebank, as quoted by li2018independently.

    Raises:
        ValueError: fewer than two layers, or a slope that is not above 0.
    """

    slope: Tensor
    reads_output = False

    def __init__(
        self, input_size: int, hidden_size: int, *, layers: int = 3, slope: float = 1.0, device=None, dtype=None
    ):
        if positive("layers", layers) < 2:
            raise ValueError(f"layers must be at least 2, got {layers}; a single one has no boundaries")
        if slope <= 0:
            raise ValueError(f"slope must be above 0, got {slope}")
        widths = {"h": hidden_size, "c": hidden_size, "z": 1}
        sizes = {f"{part}_{k}": width for k in range(1, layers + 1) for part, width in widths.items()}
        del sizes[f"z_{layers}"]
        super().__init__(input_size, hidden_size, state_sizes={"h": hidden_size} | sizes)
        kind = {"device": device, "dtype": dtype}
        below = [input_size] + [hidden_size] * (layers - 1)
        levels = [Level(width, hidden_size, last=k == layers, **kind) for k, width in enumerate(below, 1)]
        self.levels: Any = nn.ModuleList(levels)
        self.weight_gate = empty_parameter(layers, layers * hidden_size, **kind)
        self.weight_out = empty_parameter(hidden_size, layers * hidden_size, **kind)
        self.starting_slope = float(slope)
        self.bookkeeping = tuple(name for name in sizes if name.startswith("z"))
        self.register_buffer("slope", torch.empty(1, **kind))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        for parameter in self.parameters():
            fill(parameter, uniform_like(parameter, self.hidden_size**-0.5, generator))
        fill(self.slope, self.starting_slope)

    def project(self, x: Tensor) -> Tensor:
        return self.levels[0].from_below(x)

    def step(self, p: Tensor, state):
        *lower, (h_top, c_top) = [state[k : k + 3] for k in range(1, len(state), 3)]
        above = [part[0] for part in lower[1:]] + [h_top]
        new, outputs = [], []
        pre, z_below = p, 1.0
        for k, (h, c, z) in enumerate(lower):
            pre = pre + self.levels[k].from_itself(h) + z * self.levels[k].from_above(above[k])
            h, c = segment_step(pre, h, c, z, z_below)
            z_below = binary(((self.slope * pre[..., -1:] + 1) / 2).clamp(0, 1))
            new += [h, c, z_below]
            outputs.append(h)
            pre = self.levels[k + 1].from_below(z_below * h)
        h, c = segment_step(pre + self.levels[-1].from_itself(h_top), h_top, c_top, 0.0, z_below)
        return self.read([*outputs, h]), *new, h, c

    def read(self, outputs: list[Tensor]) -> Tensor:
        """The output (B, H), from those of the layers."""
        together = torch.cat(outputs, -1)
        gates = F.linear(together, self.weight_gate).sigmoid()
        gated = [k * h for k, h in zip(gates.split(1, -1), outputs, strict=True)]
        return F.linear(torch.cat(gated, -1), self.weight_out).relu()

    def choices(self) -> dict[str, object]:
        return {"layers": len(self.levels), "slope": self.starting_slope}


class Level(nn.Module):
    """The parameters of one layer, and the three ways into it.

    Args:
        below: width of what it reads from below.
        units: H.
        last: whether there is no layer above it, and so no boundary.
    """

    def __init__(self, below: int, units: int, *, last: bool, device=None, dtype=None):
        super().__init__()
        rows, kind = 4 * units + (not last), {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(rows, below, **kind)
        self.weight_hh = empty_parameter(rows, units, **kind)
        self.weight_top = None if last else empty_parameter(rows, units, **kind)
        self.bias = empty_parameter(rows, **kind)

    def from_below(self, x: Tensor) -> Tensor:
        """W x + b."""
        return F.linear(x, self.weight_ih, self.bias)

    def from_itself(self, h: Tensor) -> Tensor:
        """U h."""
        return F.linear(h, self.weight_hh)

    def from_above(self, h: Tensor) -> Tensor:
        """V h."""
        assert self.weight_top is not None
        return F.linear(h, self.weight_top)


def segment_step(pre: Tensor, h: Tensor, c: Tensor, z: Tensor | float, z_below: Tensor | float):
    """h and c of a layer after flush, update or copy, from its pre-activations (B, 4H or more) and both boundaries."""
    f, i, o, g = pre[..., : 4 * h.shape[-1]].chunk(4, -1)
    copied = (1 - z) * (1 - z_below)
    written = i.sigmoid() * g.tanh()
    new = copied * c + (1 - z) * z_below * f.sigmoid() * c + (1 - copied) * written
    return copied * h + (1 - copied) * o.sigmoid() * new.tanh(), new
