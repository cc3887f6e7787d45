"""LSTMs that train with chance: as they are in evaluation mode, and dropout with masks that are given; and the one
with layer normalisation.

Source: krueger2017zoneout, gal2016theoretically, merity2018regularizing, ba2016layer, li2018towards, gulcehre2016noisy.
"""

from types import SimpleNamespace

import numpy as np

from .analytic import layer_norm, sigmoid, tanh
from .lstm import GATES, lstm
from .oracle import Oracle, blocks


def zoneout(p, x, h, c):
    """Each state keeps a share of its old value: z_h = 0.3, z_c = 0.1."""
    new_h, new_c = lstm(p, x, h, c)
    return 0.3 * h + 0.7 * new_h, 0.1 * c + 0.9 * new_c


INPUT_MASK, OUTPUT_MASK = np.array([2, 0, 2]), np.array([4 / 3, 4 / 3, 0, 4 / 3, 4 / 3, 0])
WEIGHT_MASK = 2.0 * (np.arange(24 * 6).reshape(24, 6) % 5 < 2)


def variational_lstm(p, x, h, c):
    """The input and the output of the step before are read through masks; the memory is not."""
    return lstm(p, x * INPUT_MASK, h * OUTPUT_MASK, c)


def variational_gru(p, x, h):
    """Products read the input and the output of the step before through masks; the average is with the output whole."""

    x, read = x * INPUT_MASK, h * OUTPUT_MASK
    r = sigmoid(x @ p.W_reset.mT + read @ p.U_reset.mT + p.b_reset)
    z = sigmoid(x @ p.W_update.mT + read @ p.U_update.mT + p.b_update)
    n = tanh(x @ p.W_candidate.mT + p.b_candidate + r * (read @ p.U_candidate.mT + p.b_hidden_candidate))
    return ((1 - z) * n + z * h,)


def weight_drop_lstm(p, x, h, c):
    """Recurrent weights are dropped, gate by gate."""
    masks = dict(zip(GATES, np.split(WEIGHT_MASK, 4), strict=True))
    dropped = {f"U_{gate}": getattr(p, f"U_{gate}") * mask for gate, mask in masks.items()}
    return lstm(SimpleNamespace(**vars(p) | dropped), x, h, c)


def layer_norm_lstm(p, x, h, c):
    """One normalisation over the four gates of the input, one over those of the state, one over the memory."""

    def normalised(source, letter, gain):
        products = [source @ getattr(p, f"{letter}_{gate}").mT for gate in GATES]
        together = np.concatenate(np.broadcast_arrays(*products), -1)
        return np.split(layer_norm(together, gain, 0), 4, -1)

    sums = zip(normalised(x, "W", p.gain_input), normalised(h, "U", p.gain_state), strict=True)
    i, f, u, o = (a + b + getattr(p, f"b_{gate}") for (a, b), gate in zip(sums, GATES, strict=True))
    c = sigmoid(f) * c + sigmoid(i) * tanh(u)
    return sigmoid(o) * tanh(layer_norm(c, p.gain_memory, p.offset_memory)), c


def layer_norm_gru(p, x, h):
    """One normalisation over the gates of the input, one over those of the state, and one over each candidate."""

    def product(source, letter, gate):
        return source @ getattr(p, f"{letter}_{gate}").mT

    def gates(source, letter, gain):
        both = [product(source, letter, gate) for gate in ("reset", "update")]
        together = np.concatenate(np.broadcast_arrays(*both), -1)
        return np.split(layer_norm(together, gain, 0), 2, -1)

    of_input, of_state = gates(x, "W", p.gain_input[..., :12]), gates(h, "U", p.gain_state[..., :12])
    r, z = (sigmoid(a + b + bias) for a, b, bias in zip(of_input, of_state, (p.b_reset, p.b_update), strict=True))
    from_input = layer_norm(product(x, "W", "candidate"), p.gain_input[..., 12:], 0) + p.b_candidate
    from_state = layer_norm(product(h, "U", "candidate"), p.gain_state[..., 12:], 0) + p.b_hidden_candidate
    return ((1 - z) * tanh(from_input + r * from_state) + z * h,)


def zoneout_ur_gru(p, x, h):
    """The GRU with a refine gate; a unit of its output keeps a share of its old value: z_h = 0.3."""

    def pre(gate, state):
        return x @ getattr(p, f"W_{gate}").mT + state @ getattr(p, f"U_{gate}").mT + getattr(p, f"b_{gate}")

    r, f, refine = (sigmoid(pre(gate, h)) for gate in ("reset", "update", "refine"))
    g = refine * (1 - (1 - f) ** 2) + (1 - refine) * f**2
    return (0.3 * h + 0.7 * (g * h + (1 - g) * tanh(pre("candidate", r * h))),)


def binary_gate_lstm(p, x, h, c):
    """Input and forget gate at temperature 0.9."""
    i = sigmoid((x @ p.W_input.mT + h @ p.U_input.mT + p.b_input) / 0.9)
    f = sigmoid((x @ p.W_forget.mT + h @ p.U_forget.mT + p.b_forget) / 0.9)
    c = f * c + i * tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    return sigmoid(x @ p.W_output.mT + h @ p.U_output.mT + p.b_output) * tanh(c), c


def clip(x, low, high):
    """x, but not below `low` nor above `high`, by the real part."""
    return np.where(x.real < low, low, np.where(x.real > high, high, x))


def noisy(x, linear, low, high, p, alpha, scale):
    """alpha h + (1 - alpha) u - sgn(x) sgn(1 - alpha) sigma E|N|."""
    hard = clip(linear, low, high)
    sigma = scale * (sigmoid(p * (hard - linear)) - 0.5) ** 2
    mean = np.sqrt(2 / np.pi)
    return alpha * hard + (1 - alpha) * linear - np.sign(x.real) * np.sign(1 - alpha) * sigma * mean


def noisy_lstm(p, x, h, c):
    """Hard sigmoids with alpha 1.1 and c 0.15, hard tanhs with alpha 1.15 and c 0.5."""

    def pre(gate):
        return x @ getattr(p, f"W_{gate}").mT + h @ getattr(p, f"U_{gate}").mT + getattr(p, f"b_{gate}")

    def gate(name):
        a = pre(name)
        return noisy(a, 0.25 * a + 0.5, 0, 1, getattr(p, f"p_{name}"), 1.1, 0.15)

    u = pre("candidate")
    c = gate("forget") * c + gate("input") * noisy(u, u, -1, 1, p.p_candidate, 1.15, 0.5)
    return gate("output") * noisy(c, c, -1, 1, p.p_memory, 1.15, 0.5), c


STATES = {"h": "H", "c": "H"}
NORMS = {"gain_input": "Q", "gain_state": "Q", "gain_memory": "H", "offset_memory": "H"}
GRU_GATES, UR_GATES = ("reset", "update", "candidate"), ("reset", "update", "refine", "candidate")
GRU_NORMS = {"b_hidden_candidate": "H", "gain_input": "T", "gain_state": "T"}
SENSITIVITIES = {f"p_{name}": "H" for name in (*GATES, "memory")}

ORACLES = {
    "zoneout-lstm": Oracle(GATES, STATES, blocks(*GATES), zoneout),
    "variational-lstm": Oracle(GATES, STATES, blocks(*GATES), variational_lstm),
    "variational-gru": Oracle(GRU_GATES, {"h": "H"}, blocks(*GRU_GATES) | {"b_hidden_candidate": "H"}, variational_gru),
    "weight-drop-lstm": Oracle(GATES, STATES, blocks(*GATES), weight_drop_lstm),
    "layernorm-lstm": Oracle(GATES, STATES, blocks(*GATES) | NORMS, layer_norm_lstm),
    "layernorm-gru": Oracle(GRU_GATES, {"h": "H"}, blocks(*GRU_GATES) | GRU_NORMS, layer_norm_gru),
    "zoneout-ur-gru": Oracle(UR_GATES, {"h": "H"}, blocks(*UR_GATES), zoneout_ur_gru),
    "binary-gate-lstm": Oracle(GATES, STATES, blocks(*GATES), binary_gate_lstm),
    "noisy-lstm": Oracle(GATES, STATES, blocks(*GATES) | SENSITIVITIES, noisy_lstm),
}
