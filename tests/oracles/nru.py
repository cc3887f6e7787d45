"""The non-saturating recurrent unit: a memory that is added to and subtracted from, never squashed.

Source: chandar2019towards, as its authors implement it: heads see (h_t, m_{t-1}), and are averaged; and as the paper
has it: heads see (x_t, h_t, m_{t-1}), and are summed.
"""

from functools import partial

import numpy as np

from .analytic import at_least, identity, l5_norm, layer_norm, relu
from .oracle import Oracle


def directions(p, name, h, m, *, heads, rho):
    """v_i = V_i / max(|V_i|_5, 1e-12), with V = rho(the outer product p q^T, read row by row as K rows of M)."""
    left, right = f"{name}_left", f"{name}_right"
    a = h @ getattr(p, f"U_{left}").mT + m @ getattr(p, f"M_{left}").mT + getattr(p, f"b_{left}")
    b = h @ getattr(p, f"U_{right}").mT + m @ getattr(p, f"M_{right}").mT + getattr(p, f"b_{right}")
    outer = a[..., :, None] * b[..., None, :]
    V = rho(outer.reshape(*outer.shape[:-2], heads, m.shape[-1]))
    return V / at_least(l5_norm(V), 1e-12)


def nru(p, x, h, m, *, rho, layer_normalised=False):
    """h = relu(W x + U h + M m + b);  m = m + (1/K) sum_i (a_i v_i - e_i v'_i)."""
    heads = p.U_write.shape[-2]
    a = x @ p.W_hidden.mT + h @ p.U_hidden.mT + m @ p.M_hidden.mT + p.b_hidden
    h = relu(layer_norm(a, p.norm_gain, p.norm_bias) if layer_normalised else a)
    write = rho(h @ p.U_write.mT + m @ p.M_write.mT + p.b_write)
    erase = rho(h @ p.U_erase.mT + m @ p.M_erase.mT + p.b_erase)
    v_write = directions(p, "write", h, m, heads=heads, rho=rho)
    v_erase = directions(p, "erase", h, m, heads=heads, rho=rho)
    for k in range(heads):
        added = write[..., k, None] * v_write[..., k, :]
        removed = erase[..., k, None] * v_erase[..., k, :]
        m = m + (added - removed) / heads
    return h, m


def summed_nru(p, x, h, m):
    """m = m + sum_i a_i v_i - sum_i e_i v'_i, where a, e, v and v' are functions of x, h and m."""
    h = relu(x @ p.W_hidden.mT + h @ p.U_hidden.mT + m @ p.M_hidden.mT + p.b_hidden)

    def head(name):
        W, U, M = (getattr(p, f"{letter}_{name}").mT for letter in "WUM")
        return x @ W + h @ U + m @ M + getattr(p, f"b_{name}")

    new = m
    for sign, name in ((1, "write"), (-1, "erase")):
        strength, left, right = head(name), head(f"{name}_left"), head(f"{name}_right")
        numbers = (left[..., :, None] * right[..., None, :]).reshape(*left.shape[:-1], -1)
        for k, part in enumerate(np.split(numbers, strength.shape[-1], -1)):
            new = new + sign * strength[..., k, None] * part / at_least(l5_norm(part), 1e-12)
    return h, new


HEADS = {"write": "K", "erase": "K", "write_left": "S", "write_right": "S", "erase_left": "S", "erase_right": "S"}
GATES = ("hidden", *HEADS)
STATES = {"h": "H", "m": "M"}
PARAMETERS = {"W_hidden": "HI", "U_hidden": "HH", "M_hidden": "HM", "b_hidden": "H"}
for _name, _rows in HEADS.items():
    PARAMETERS |= {f"U_{_name}": _rows + "H", f"M_{_name}": _rows + "M", f"b_{_name}": _rows}
READS = {f"W_{_name}": _rows + "I" for _name, _rows in HEADS.items()}
NORM = {"norm_gain": "H", "norm_bias": "H"}

ORACLES = {
    "nru": Oracle(GATES, STATES, PARAMETERS, partial(nru, rho=identity)),
    "nru-relu-heads": Oracle(GATES, STATES, PARAMETERS, partial(nru, rho=relu)),
    "nru-paper": Oracle(GATES, STATES, PARAMETERS | READS, summed_nru),
    "nru-layer-norm": Oracle(GATES, STATES, PARAMETERS | NORM, partial(nru, rho=identity, layer_normalised=True)),
}
