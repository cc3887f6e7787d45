"""The two cells of xLSTM, with weights as they are: c and n are multiplied by exp(m), and divided by it at the end.

Source: beck2024xlstm.
"""

import numpy as np

from .analytic import absolute, greater, sigmoid, tanh
from .oracle import Oracle


def slstm(p, x, h, c, n, m):
    """C = f C + exp(i) tanh(z);  N = f N + exp(i);  h = o C / N, where C = c exp(m) and N = n exp(m)."""
    width = p.R_input.shape[-1]

    def pre(gate):
        heads = range(p.R_input.shape[-3])
        parts = [h[..., k * width : (k + 1) * width] @ getattr(p, f"R_{gate}")[..., k, :, :].mT for k in heads]
        return x @ getattr(p, f"W_{gate}").mT + np.concatenate(parts, -1) + getattr(p, f"b_{gate}")

    i, f, z, o = (pre(gate) for gate in ("input", "forget", "candidate", "output"))
    new_m = greater(i, m + np.log(sigmoid(f)))
    full_c = sigmoid(f) * c * np.exp(m) + np.exp(i) * tanh(z)
    full_n = sigmoid(f) * n * np.exp(m) + np.exp(i)
    return sigmoid(o) * full_c / full_n, full_c * np.exp(-new_m), full_n * np.exp(-new_m), new_m


def mlstm(p, x, h, c, n, m):
    """C = f C + exp(i) k v^T / sqrt(d);  N = f N + exp(i) k / sqrt(d);  h = o C^T q / max(|N . q|, 1), head by head."""
    heads = p.W_i.shape[-2]
    d = n.shape[-1] // heads
    q, k, v, o = (x @ getattr(p, f"W_{g}").mT + getattr(p, f"b_{g}") for g in ("query", "key", "value", "output"))
    i, f = (x @ getattr(p, f"W_{g}").mT + getattr(p, f"b_{g}") for g in "if")
    new_m = greater(i, m + np.log(sigmoid(f)))
    outputs, matrices, sums = [], [], []
    for j in range(heads):
        mine, one = slice(j * d, (j + 1) * d), slice(j, j + 1)
        key = k[..., mine] / np.sqrt(d)
        before = np.exp(m[..., one]) * sigmoid(f[..., one])
        total = before * n[..., mine] + np.exp(i[..., one]) * key
        rows = []  # of the matrix: what stands under each coordinate of a key
        for a in range(d):
            held = c[..., (j * d + a) * d : (j * d + a + 1) * d]
            rows.append(before * held + np.exp(i[..., one]) * key[..., a : a + 1] * v[..., mine])
        found = sum(q[..., j * d + a : j * d + a + 1] * rows[a] for a in range(d))
        weight = (total * q[..., mine]).sum(-1, keepdims=True)
        outputs.append(sigmoid(o[..., mine]) * found / greater(absolute(weight), np.ones_like(weight)))
        matrices += [row * np.exp(-new_m[..., one]) for row in rows]
        sums.append(total * np.exp(-new_m[..., one]))
    return (*(np.concatenate(parts, -1) for parts in (outputs, matrices, sums)), new_m)


GATES = ("input", "forget", "candidate", "output")
SLSTM = {f"{kind}_{g}": shape for g in GATES for kind, shape in (("W", "HI"), ("R", "KNN"), ("b", "H"))}
UNITS = ("query", "key", "value", "output")
MLSTM = {f"{kind}_{g}": shape for g in UNITS for kind, shape in (("W", "HI"), ("b", "H"))}
MLSTM |= {f"{kind}_{g}": shape for g in "if" for kind, shape in (("W", "KI"), ("b", "K"))}

ORACLES = {
    "slstm": Oracle(GATES, {"h": "H", "c": "H", "n": "H", "m": "H"}, SLSTM, slstm),
    "mlstm": Oracle(("i", "f"), {"h": "H", "c": "C", "n": "H", "m": "K"}, MLSTM, mlstm),
}
