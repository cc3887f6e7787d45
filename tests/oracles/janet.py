"""JANET: just another network with a forget gate, and nothing else.

Source: vanderwesthuizen2018unreasonable (beta = 1); chandar2019towards (beta = 0).
"""

from functools import partial

from .analytic import sigmoid, tanh
from .oracle import Oracle, blocks


def janet(p, x, c, *, beta):
    """c = sigmoid(s) c + (1 - sigmoid(s - beta)) c~, with s = W x + U c + b;  h = c."""
    s = x @ p.W_forget.mT + c @ p.U_forget.mT + p.b_forget
    candidate = tanh(x @ p.W_candidate.mT + c @ p.U_candidate.mT + p.b_candidate)
    return (sigmoid(s) * c + (1 - sigmoid(s - beta)) * candidate,)


GATES = ("forget", "candidate")

ORACLES = {
    "janet": Oracle(GATES, {"h": "H"}, blocks(*GATES), partial(janet, beta=1.0)),
    "janet-beta-0": Oracle(GATES, {"h": "H"}, blocks(*GATES), partial(janet, beta=0.0)),
}
