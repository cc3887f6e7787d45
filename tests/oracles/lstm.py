"""The LSTM with independent gates: plain, with peepholes, with a projected output.

Source: hochreiter1997long, gers2000recurrent, gers2002learning, graves2013generating.
"""

from .analytic import sigmoid, tanh
from .oracle import Oracle, blocks


def lstm(p, x, h, c):
    """c = f c + i tanh(..);  h = o tanh(c)."""
    i = sigmoid(x @ p.W_input.mT + h @ p.U_input.mT + p.b_input)
    f = sigmoid(x @ p.W_forget.mT + h @ p.U_forget.mT + p.b_forget)
    u = tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    o = sigmoid(x @ p.W_output.mT + h @ p.U_output.mT + p.b_output)
    c = f * c + i * u
    return o * tanh(c), c


def peephole_lstm(p, x, h, c):
    """As the LSTM, but i and f also see the old cell and o sees the new one, each through a vector."""
    i = sigmoid(x @ p.W_input.mT + h @ p.U_input.mT + p.p_input * c + p.b_input)
    f = sigmoid(x @ p.W_forget.mT + h @ p.U_forget.mT + p.p_forget * c + p.b_forget)
    c = f * c + i * tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    o = sigmoid(x @ p.W_output.mT + h @ p.U_output.mT + p.p_output * c + p.b_output)
    return o * tanh(c), c


def projected_lstm(p, x, h, c):
    """As the LSTM, with h = W_projection (o tanh(c)) of P units, which is also what the gates see."""
    h, c = lstm(p, x, h, c)
    return h @ p.W_projection.mT, c


GATES = ("input", "forget", "candidate", "output")
PEEPHOLES = {"p_input": "H", "p_forget": "H", "p_output": "H"}

ORACLES = {
    "lstm": Oracle(GATES, {"h": "H", "c": "H"}, blocks(*GATES), lstm),
    "peephole-lstm": Oracle(GATES, {"h": "H", "c": "H"}, blocks(*GATES) | PEEPHOLES, peephole_lstm),
    "projected-lstm": Oracle(
        GATES, {"h": "P", "c": "H"}, blocks(*GATES, recurrent="P") | {"W_projection": "PH"}, projected_lstm
    ),
}
