"""Recurrent networks with one state: Elman's, with or without layer normalisation, and those that leak.

Source: elman1990finding, le2015simple, chandar2019towards (RNN-orth), tallec2018can (equations 2, 5, 10).
"""

from .analytic import layer_norm, relu, sigmoid, tanh
from .oracle import Oracle, blocks


def rnn_tanh(p, x, h):
    """h = tanh(W x + U h + b)."""
    return (tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate),)


def rnn_relu(p, x, h):
    """h = relu(W x + U h + b)."""
    return (relu(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate),)


def rnn_relu_layer_norm(p, x, h):
    """h = relu(LN(W x + U h + b))."""
    a = x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate
    return (relu(layer_norm(a, p.norm_gain, p.norm_bias)),)


def leaky_rnn(p, x, h):
    """h = a tanh(W x + U h + b) + (1 - a) h, with one constant a = sigmoid(leak) for each unit."""
    a = sigmoid(p.leak)
    return (a * tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate) + (1 - a) * h,)


def gated_rnn(p, x, h):
    """h = g tanh(W x + U h + b) + (1 - g) h, with g = sigmoid(W_g x + U_g h + b_g): the gate lets the candidate in."""
    g = sigmoid(x @ p.W_input.mT + h @ p.U_input.mT + p.b_input)
    return (g * tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate) + (1 - g) * h,)


NORM = {"norm_gain": "H", "norm_bias": "H"}
ONE = blocks("candidate")

ORACLES = {
    "rnn-tanh": Oracle(("candidate",), {"h": "H"}, ONE, rnn_tanh),
    "rnn-relu": Oracle(("candidate",), {"h": "H"}, ONE, rnn_relu),
    "rnn-relu-layer-norm": Oracle(("candidate",), {"h": "H"}, ONE | NORM, rnn_relu_layer_norm),
    "leaky-rnn": Oracle(("candidate",), {"h": "H"}, ONE | {"leak": "H"}, leaky_rnn),
    "gated-rnn": Oracle(("input", "candidate"), {"h": "H"}, blocks("input", "candidate"), gated_rnn),
}
