"""The GRU, in the two forms that differ in where the reset gate stands. In both the update gate z keeps the state.

Source: cho2014learning; torch.nn.GRU for the reset after the product.
"""

from .analytic import sigmoid, tanh
from .oracle import Oracle, blocks


def gru_reset_after(p, x, h):
    """n = tanh(W_n x + b_n + r (U_n h + b_hn));  h = (1 - z) n + z h."""
    r = sigmoid(x @ p.W_reset.mT + h @ p.U_reset.mT + p.b_reset)
    z = sigmoid(x @ p.W_update.mT + h @ p.U_update.mT + p.b_update)
    n = tanh(x @ p.W_candidate.mT + p.b_candidate + r * (h @ p.U_candidate.mT + p.b_hidden_candidate))
    return ((1 - z) * n + z * h,)


def gru_reset_before(p, x, h):
    """n = tanh(W_n x + U_n (r h) + b_n);  h = (1 - z) n + z h."""
    r = sigmoid(x @ p.W_reset.mT + h @ p.U_reset.mT + p.b_reset)
    z = sigmoid(x @ p.W_update.mT + h @ p.U_update.mT + p.b_update)
    n = tanh(x @ p.W_candidate.mT + (r * h) @ p.U_candidate.mT + p.b_candidate)
    return ((1 - z) * n + z * h,)


GATES = ("reset", "update", "candidate")

ORACLES = {
    "gru": Oracle(GATES, {"h": "H"}, blocks(*GATES) | {"b_hidden_candidate": "H"}, gru_reset_after),
    "gru-reset-before": Oracle(GATES, {"h": "H"}, blocks(*GATES), gru_reset_before),
}
