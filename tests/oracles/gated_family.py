"""LSTM and GRU whose keeping gate is sharpened by a second one: every row of the ablation of Gu et al.

A keeping gate g is a primary gate f (sigmoid or cumax), taken as it is or moved inside the band around it by an
auxiliary gate, `refine` or `master`. An LSTM memory is tied (what is forgotten is written) or has its own input gate.

Source: gu2020improving; shen2019ordered for the master gate.
"""

from functools import partial
from itertools import product

from .analytic import cumax, sigmoid, tanh
from .oracle import Oracle, blocks


def refine(f, r):
    """g = f + f (1 - f) (2 r - 1), between f^2 and 1 - (1 - f)^2; r = 1/2 leaves f as it is."""
    return f + f * (1 - f) * (2 * r - 1)


def master(f, m):
    """g = f - f (1 - f) (1 - m), between f^2 and f: the lower half of the refine band."""
    return f - f * (1 - f) * (1 - m)


def plain(p, f, x, h):
    """The primary gate alone."""
    return f


def refined(p, f, x, h):
    """The primary gate, refined by r = sigmoid(W_refine x + U_refine h + b_refine)."""
    return refine(f, sigmoid(x @ p.W_refine.mT + h @ p.U_refine.mT + p.b_refine))


def mirrored(p, f, x, h):
    """As refined, but that b_refine is minus the bias of the primary gate, all the time."""
    b = p.b_forget if hasattr(p, "b_forget") else p.b_update
    return refine(f, sigmoid(x @ p.W_refine.mT + h @ p.U_refine.mT - b))


def mastered(p, f, x, h):
    """The primary gate as a master over m = sigmoid(W_master x + U_master h + b_master)."""
    return master(f, sigmoid(x @ p.W_master.mT + h @ p.U_master.mT + p.b_master))


def tied(p, g, x, h):
    """What is not kept is written: i = 1 - g."""
    return 1 - g


def independent(p, g, x, h):
    """The input gate is a plain sigmoid of its own."""
    return sigmoid(x @ p.W_input.mT + h @ p.U_input.mT + p.b_input)


def lstm(p, x, h, c, *, activation, adjust, write):
    """c = g c + i u;  h = o tanh(c)."""
    f = activation(x @ p.W_forget.mT + h @ p.U_forget.mT + p.b_forget)
    g = adjust(p, f, x, h)
    i = write(p, g, x, h)
    u = tanh(x @ p.W_candidate.mT + h @ p.U_candidate.mT + p.b_candidate)
    o = sigmoid(x @ p.W_output.mT + h @ p.U_output.mT + p.b_output)
    c = g * c + i * u
    return o * tanh(c), c


def gru(p, x, h, *, activation, adjust):
    """h = g h + (1 - g) n, with n = tanh(W_n x + U_n (r h) + b_n)."""
    z = activation(x @ p.W_update.mT + h @ p.U_update.mT + p.b_update)
    g = adjust(p, z, x, h)
    reset = sigmoid(x @ p.W_reset.mT + h @ p.U_reset.mT + p.b_reset)
    n = tanh(x @ p.W_candidate.mT + (reset * h) @ p.U_candidate.mT + p.b_candidate)
    return (g * h + (1 - g) * n,)


ACTIVATIONS = {"sigmoid": sigmoid, "cumax": cumax}
ADJUSTMENTS = {"plain": (plain, ()), "refine": (refined, ("refine",)), "master": (mastered, ("master",))}
MEMORIES = {"tied": (tied, ()), "independent": (independent, ("input",))}


def family():
    """Every combination, by name: `lstm-tied-refine-sigmoid`, `lstm-independent-plain-cumax`, `gru-master-cumax` ..."""
    oracles = {}
    for (kind, activation), (how, (adjust, auxiliary)) in product(ACTIVATIONS.items(), ADJUSTMENTS.items()):
        for memory, (write, own) in MEMORIES.items():
            gates = ("forget", *auxiliary, *own, "candidate", "output")
            step = partial(lstm, activation=activation, adjust=adjust, write=write)
            oracles[f"lstm-{memory}-{how}-{kind}"] = Oracle(gates, {"h": "H", "c": "H"}, blocks(*gates), step)
        gates = ("reset", "update", *auxiliary, "candidate")
        step = partial(gru, activation=activation, adjust=adjust)
        oracles[f"gru-{how}-{kind}"] = Oracle(gates, {"h": "H"}, blocks(*gates), step)
    return oracles


def with_mirrored_bias(step, gates, states):
    """An oracle without b_refine."""
    parameters = blocks(*gates)
    del parameters["b_refine"]
    return Oracle(gates, states, parameters, step)


FAMILY = family()
MIRRORED = {
    "ur-lstm-mirrored": with_mirrored_bias(
        partial(lstm, activation=sigmoid, adjust=mirrored, write=tied),
        ("forget", "refine", "candidate", "output"),
        {"h": "H", "c": "H"},
    ),
    "ur-gru-mirrored": with_mirrored_bias(
        partial(gru, activation=sigmoid, adjust=mirrored), ("reset", "update", "refine", "candidate"), {"h": "H"}
    ),
}
ORACLES = FAMILY | MIRRORED
