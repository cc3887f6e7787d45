"""The two cells of xLSTM: a scalar memory with exponential gates, and a matrix memory."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import Cell, empty_parameter, fill, normal_like
from holdfast.cells.linear import by_head, check_heads


class SLSTM(Cell):
    """An LSTM whose input gate is an exponential, which can overwrite what it once stored; a sum of weights divides.

        i, f, z, o = split(W_ih x_t + b + R h_{t-1})                   R block-diagonal, one block a head
        m_t = max(i, m_{t-1} + log sigmoid(f))                         m_t = i where n_{t-1} = 0: at the start
        i' = exp(i - m_t),   f' = min(1, exp(m_{t-1} + log sigmoid(f) - m_t))
        c_t = f' c_{t-1} + i' tanh(z)
        n_t = f' n_{t-1} + i'
        h_t = sigmoid(o) c_t / n_t

    c and n are held relative to exp(m), the greatest weight so far, so that nothing overflows. h does not depend on m.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        heads: blocks of R; divides `hidden_size`. Units of different heads do not see each other's output.
        depth: the place in the network, from 0 (first) to 1 (last); it shapes the initial forget gates. None for the
            place in the stack of which the cell is a part: 0 if it stands alone.

    Shapes, n = H / heads: weight_ih (4H, I), bias (4H,), weight_heads (heads, 4n, n), rows in the order i, f, z, o.

    Initialisation: R = 0, W ~ N(0, 2/(5I)), forget bias of unit j of a head 5 - 12 (j/(n-1))^(0.3 + 1.3 depth), from 5
    down to -7; other biases 0.

    Source: beck2024xlstm; its forget gate may also be an exponential, which is not offered here. In the authors' code
    W is block-diagonal too. Its group norm, convolution and feed-forward part are a block and not the cell. The
    recurrence is not linear in the state, so it has no parallel scan.

    Published: it keeps track of a state, such as parity, which the matrix memory does not; from memory, not checked
    against the paper.

    Raises:
        ValueError: `heads` does not divide `hidden_size`, or depth is not between 0 and 1.
    """

    entangled = "c and n are held relative to exp(m), so none of them can be kept while another goes on"

    def __init__(
        self, input_size: int, hidden_size: int, *, heads: int = 1, depth: float | None = None, device=None, dtype=None
    ):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes=dict.fromkeys(("h", "c", "n", "m"), hidden_size),
            blocks=("input", "forget", "candidate", "output"),
        )
        if depth is not None and not 0 <= depth <= 1:
            raise ValueError(f"depth must lie between 0, the first layer, and 1, the last, got {depth}")
        self.heads, self.depth, self.place = check_heads(heads, hidden_size), depth, depth or 0.0
        width, kind = hidden_size // heads, {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(4 * hidden_size, input_size, **kind)
        self.weight_heads = empty_parameter(heads, 4 * width, width, **kind)
        self.bias = empty_parameter(4 * hidden_size, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        fill(self.weight_ih, normal_like(self.weight_ih, math.sqrt(2 / (5 * self.input_size)), generator))
        fill(self.weight_heads, 0)
        fill(self.bias, 0)
        self.reset_forget_gates()

    def reset_forget_gates(self) -> None:
        """The biases of the forget gates, which depend on the place in the stack."""
        width = self.hidden_size // self.heads
        unit = torch.arange(width, dtype=torch.float64) / max(1, width - 1)
        forget = 5 - 12 * unit ** (0.3 + 1.3 * self.place)
        fill(self.bias[self.block("forget")], forget.repeat(self.heads))

    def take_place(self, layer: int, layers: int) -> None:
        if self.depth is None:
            self.place = layer / max(1, layers - 1)
            self.reset_forget_gates()

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step(self, p: Tensor, state):
        i, f, z, o = (p + self.recurrent(state.h)).chunk(4, -1)
        kept = state.m + F.logsigmoid(f)
        m = torch.where(state.n == 0, i, torch.maximum(i, kept))
        write, keep = (i - m).exp(), (kept - m).clamp(max=0).exp()
        c = keep * state.c + write * z.tanh()
        n = keep * state.n + write
        return o.sigmoid() * c / n, c, n, m

    def recurrent(self, h: Tensor) -> Tensor:
        """R h: each head's four blocks, put together gate by gate."""
        heads = [part.chunk(4, -1) for part in by_head(h, self.weight_heads).chunk(self.heads, -1)]
        return torch.cat([head[gate] for gate in range(4) for head in heads], -1)

    def choices(self) -> dict[str, object]:
        return {"heads": self.heads}


class MLSTM(Cell):
    """A matrix that stores values under keys and is read by queries; exponential gates say what lasts.

        q, k, v, o, i, f = split(W_ih x_t + b)                         i and f: one number a head
        m_t = max(i, m_{t-1} + log sigmoid(f))
        i' = exp(i - m_t),   f' = exp(m_{t-1} + log sigmoid(f) - m_t)
        C_t = f' C_{t-1} + i' (k / sqrt(d)) v^T                        (d, d) for each head, d = H / heads
        n_t = f' n_{t-1} + i' k / sqrt(d)
        h_t = sigmoid(o) C_t^T q / max(|n_t . q|, exp(-m_t))

    C and n are held relative to exp(m), so that nothing overflows. h does not depend on m.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        heads: matrices; divides `hidden_size`.

    Shapes: weight_ih (4H + 2 heads, I), bias (4H + 2 heads,), in the order q, k, v, o, i, f. The state is h (H,),
    C as c (H d,), row by row and head after head, n (H,), m (heads,).

    Initialisation: q, k, v, o: W ~ N(0, 2/(5I)), bias 0. The gates' weights are 0; the input gates' bias is N(0, 0.01),
    the forget gates' goes evenly from 3 in the first head to 6 in the last.

    Source: beck2024xlstm. The paper's gates see x_t, as here; in the authors' code they see q, k and v, the output gate
    stands outside of the cell, and 1e-6 is added to the divisor. Group norm, convolution and projections are a block
    and not the cell. Given its gates the memory is linear in its past, but a scan would hold H d numbers for every
    step of every row, so there is none.

    Raises:
        ValueError: `heads` does not divide `hidden_size`.
    """

    entangled = "C and n are held relative to exp(m), so none of them can be kept while another goes on"
    reads_output = False

    def __init__(self, input_size: int, hidden_size: int, *, heads: int = 1, device=None, dtype=None):
        width = hidden_size // check_heads(heads, hidden_size)
        units = dict.fromkeys(("query", "key", "value", "output"), hidden_size)
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size * width, "n": hidden_size, "m": heads},
            blocks=units | {"head_input": heads, "head_forget": heads},
        )
        self.heads = heads
        rows, kind = 4 * hidden_size + 2 * heads, {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(rows, input_size, **kind)
        self.bias = empty_parameter(rows, **kind)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the docstring of the class says."""
        fill(self.weight_ih, normal_like(self.weight_ih, math.sqrt(2 / (5 * self.input_size)), generator))
        fill(self.bias, 0)
        for gate in ("head_input", "head_forget"):
            fill(self.weight_ih[self.block(gate)], 0)
        gate = self.bias[self.block("head_input")]
        fill(gate, normal_like(gate, 0.1, generator))
        fill(self.bias[self.block("head_forget")], torch.linspace(3, 6, self.heads))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih, self.bias)

    def step(self, p: Tensor, state):
        q, k, v, o, i, f = p.split(list(self.block_sizes.values()), -1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)) for part in (q, k, v))
        width = self.hidden_size // self.heads
        k = k / math.sqrt(width)
        kept = state.m + F.logsigmoid(f)
        m = torch.maximum(i, kept)
        write, keep = (i - m).exp().unsqueeze(-1), (kept - m).exp().unsqueeze(-1)
        n = keep * state.n.unflatten(-1, (self.heads, width)) + write * k
        c = state.c.unflatten(-1, (self.heads, width, width))
        c = keep.unsqueeze(-1) * c + (write * k).unsqueeze(-1) * v.unsqueeze(-2)
        found = (c * q.unsqueeze(-1)).sum(-2)
        weight = torch.maximum((n * q).sum(-1).abs(), (-m).exp())
        h = o.sigmoid() * (found / weight.unsqueeze(-1)).flatten(-2)
        return h, c.flatten(-3), n.flatten(-2), m

    def choices(self) -> dict[str, object]:
        return {"heads": self.heads}
