"""The ordered-neurons LSTM: two cumulative softmaxes decide how long each chunk of the cell lives.

The H units lie as (N, C): each of the N entries of a master gate rules C consecutive units.

Source: shen2019ordered.
"""

import numpy as np

from .analytic import cumax, sigmoid, tanh
from .oracle import Oracle, blocks


def on_lstm(p, x, h, c):
    """w = f~ i~;  c = (f w + f~ - w) c + (i w + i~ - w) c^;  h = o tanh(c), with f~ = cumax(..), i~ = 1 - cumax(..)."""
    chunk = c.shape[-1] // p.W_master_forget.shape[-2]
    i = sigmoid(x @ p.W_input.mT + h @ p.U_input.mT + p.b_input)
    f = sigmoid(x @ p.W_forget.mT + h @ p.U_forget.mT + p.b_forget)
    o = sigmoid(x @ p.W_output.mT + h @ p.U_output.mT + p.b_output)
    u = tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    master_f = cumax(x @ p.W_master_forget.mT + h @ p.U_master_forget.mT + p.b_master_forget)
    master_i = 1 - cumax(x @ p.W_master_input.mT + h @ p.U_master_input.mT + p.b_master_input)
    master_f, master_i = np.repeat(master_f, chunk, -1), np.repeat(master_i, chunk, -1)
    w = master_f * master_i
    f_hat = f * w + (master_f - w)
    i_hat = i * w + (master_i - w)
    c = f_hat * c + i_hat * u
    return o * tanh(c), c


UNITS = ("input", "forget", "candidate", "output")
MASTERS = ("master_forget", "master_input")

ORACLES = {
    "on-lstm": Oracle(UNITS + MASTERS, {"h": "H", "c": "H"}, blocks(*UNITS) | blocks(*MASTERS, rows="N"), on_lstm),
}
