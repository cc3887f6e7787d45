"""Networks of several time scales: dilated, clockwork, highway, hierarchical.

Source: chang2017dilated, koutnik2014clockwork, zilly2017recurrent, chung2017hierarchical.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

from .analytic import relu, sigmoid, tanh
from .elman import rnn_tanh
from .gru import gru_reset_after
from .oracle import Oracle, blocks

PERIODS = (1, 2, 4)
SLOPE = 0.7


def layer(p, k):
    """The parameters of layer k, under their names in a network of one."""
    own = {name[: -len(f"_{k}")]: value for name, value in vars(p).items() if name.endswith(f"_{k}")}
    return SimpleNamespace(**own)


def dilated(p, x, h, *pasts, cell, dilations):
    """Layer k reads its output of s_k steps ago, the last of those that it keeps."""
    kept, y = [], x
    for k, (s, past) in enumerate(zip(dilations, pasts, strict=True), 1):
        earlier = np.split(past, s, -1)
        (y,) = cell(layer(p, k), y, earlier.pop())
        kept.append(np.concatenate(np.broadcast_arrays(y, *earlier), -1))
    return y, *kept


def clockwork(p, x, h, clock):
    """Module i of two units reads itself and the slower ones, at the steps that its period divides."""
    t = np.round(clock.real)
    new = []
    for i, period in enumerate(PERIODS):
        rows = slice(2 * i, 2 * i + 2)
        a = x @ p.W_candidate[..., rows, :].mT + p.b_candidate[..., rows]
        for j in range(i, 3):
            columns = slice(2 * j, 2 * j + 2)
            a = a + h[..., columns] @ p.U_candidate[..., rows, columns].mT
        new.append(np.where(t % period == 0, tanh(a), h[..., rows]))
    return np.concatenate(new, -1), np.where(t + 1 >= 4, clock - 3, clock + 1)


def highway(p, x, h, *, depth):
    """s = h t + s (1 - t), `depth` times."""
    for level in range(1, depth + 1):
        n, t = h @ getattr(p, f"U_candidate_{level}").mT, h @ getattr(p, f"U_transform_{level}").mT
        if level == 1:
            n, t = n + x @ p.W_candidate_1.mT, t + x @ p.W_transform_1.mT
        n, t = tanh(n + getattr(p, f"b_candidate_{level}")), sigmoid(t + getattr(p, f"b_transform_{level}"))
        h = n * t + h * (1 - t)
    return (h,)


def boundary(q):
    """0 or 1, whose derivative is that of q."""
    return np.where(q.real > 0.5, 1.0, 0.0) + (q - q.real)


def level(p, k, below, h, c, h_above, z, z_below):
    """One layer: the three cases weighed with z (i g) + (1 - z) (1 - z') c + (1 - z) z' (f c + i g)."""
    own = layer(p, k)
    pre = z_below * (below @ own.W.mT) + h @ own.U.mT + own.b
    pre = pre if h_above is None else pre + z * (h_above @ own.V.mT)
    f, i, o, g = (pre[..., 6 * n : 6 * n + 6] for n in range(4))
    write = sigmoid(i) * tanh(g)
    flush, update, copy = z, (1 - z) * z_below, (1 - z) * (1 - z_below)
    c = flush * write + update * (sigmoid(f) * c + write) + copy * c
    h = (flush + update) * sigmoid(o) * tanh(c) + copy * h
    hard = (SLOPE * pre[..., 24:] + 1) / 2
    return h, c, np.where(hard.real < 0, 0, np.where(hard.real > 1, 1, hard))


def hierarchical(p, x, _, h1, c1, z1, h2, c2, z2, h3, c3):
    """Three layers, then a gate for each of them."""
    h1, c1, q = level(p, 1, x, h1, c1, h2, z1, 1.0)
    z1 = boundary(q)
    h2, c2, q = level(p, 2, h1, h2, c2, h3, z2, z1)
    z2 = boundary(q)
    h3, c3, _ = level(p, 3, h2, h3, c3, None, 0.0, z2)
    together = np.concatenate(np.broadcast_arrays(h1, h2, h3), -1)
    output = 0
    for k, h in enumerate((h1, h2, h3)):
        gate = sigmoid(together @ p.W_gate[..., k : k + 1, :].mT)
        output = output + gate * (h @ p.W_out[..., :, 6 * k : 6 * k + 6].mT)
    return relu(output), h1, c1, z1, h2, c2, z2, h3, c3


def layers(gates, extra, count):
    """The shapes of the parameters of `count` layers of a cell, which above the first read H numbers."""
    shapes = {}
    for k in range(1, count + 1):
        own = blocks(*gates) | extra
        shapes |= {f"{name}_{k}": "HH" if k > 1 and name[0] == "W" else shape for name, shape in own.items()}
    return shapes


HIGHWAY = {f"W_{gate}_1": "HI" for gate in ("candidate", "transform")}
HIGHWAY |= {f"U_{gate}_{level}": "HH" for gate in ("candidate", "transform") for level in (1, 2)}
HIGHWAY |= {f"b_{gate}_{level}": "H" for gate in ("candidate", "transform") for level in (1, 2)}
STATES = {"h": "H", "h_1": "H", "c_1": "H", "z_1": "1", "h_2": "H", "c_2": "H", "z_2": "1", "h_3": "H", "c_3": "H"}
LEVELS = {"W_1": "LI", "W_2": "LH", "W_3": "QH", "U_1": "LH", "U_2": "LH", "U_3": "QH", "V_1": "LH", "V_2": "LH"}
LEVELS |= {"b_1": "L", "b_2": "L", "b_3": "Q", "W_gate": "NT", "W_out": "HT"}

ORACLES = {
    "dilated-rnn": Oracle(
        ("candidate",),
        {"h": "H", "h_1": "H", "h_2": "Z", "h_3": "Q"},
        layers(("candidate",), {}, 3),
        partial(dilated, cell=rnn_tanh, dilations=(1, 2, 4)),
    ),
    "dilated-gru": Oracle(
        ("reset", "update", "candidate"),
        {"h": "H", "h_1": "H", "h_2": "Z"},
        layers(("reset", "update", "candidate"), {"b_hidden_candidate": "H"}, 2),
        partial(dilated, cell=gru_reset_after, dilations=(1, 2)),
    ),
    "clockwork-rnn": Oracle(("candidate",), {"h": "H", "clock": "1"}, blocks("candidate"), clockwork),
    "rhn": Oracle((), {"h": "H"}, HIGHWAY, partial(highway, depth=2)),
    "hm-lstm": Oracle((), STATES, LEVELS, hierarchical),
}
