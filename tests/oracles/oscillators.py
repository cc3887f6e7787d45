"""Networks from differential equations: coRNN, UnICORNN, LEM, LMU.

Source: rusch2021coupled, rusch2021unicornn, rusch2022long, voelker2019legendre.
"""

from functools import partial

import numpy as np

from .analytic import exponential, sigmoid, tanh
from .oracle import Oracle, blocks

WINDOW = 7.0


def cornn(p, x, y, z, *, dt, gamma, epsilon):
    """y'' = tanh(W x + b + U y + V y') - gamma y - epsilon y', one step of length dt: first z = y', then y."""
    force = tanh(x @ p.W_candidate.mT + p.b_candidate + y @ p.U_candidate.mT + z @ p.V.mT)
    z = z + dt * (force - gamma * y - epsilon * z)
    return y + dt * z, z


def unicornn(p, x, y, z, *, dt, alpha):
    """y'' = -(tanh(w y + W x + b) + alpha y) in each unit's own time, by symplectic Euler."""
    s = dt * sigmoid(p.c)
    z = z - s * (tanh(p.w * y + x @ p.W.mT + p.b) + alpha * y)
    return y + s * z, z


def lem(p, x, y, z, *, dt):
    """Two leaky states with time steps of their own; U_output sees the new z."""
    s_y = dt * sigmoid(x @ p.W_output_step.mT + y @ p.U_output_step.mT + p.b_output_step)
    s_z = dt * sigmoid(x @ p.W_memory_step.mT + y @ p.U_memory_step.mT + p.b_memory_step)
    z = (1 - s_z) * z + s_z * tanh(x @ p.W_memory.mT + y @ p.U_memory.mT + p.b_memory)
    y = (1 - s_y) * y + s_y * tanh(x @ p.W_output.mT + z @ p.U_output.mT + p.b_output)
    return y, z


def held(order, window):
    """A and B of the memory for an input that is constant over a step: A = exp(A'/theta), B = A'^-1 (A - 1) B'."""
    a, b = np.zeros((order, order)), np.zeros(order)
    for i in range(order):
        b[i] = (2 * i + 1) * (-1.0) ** i
        for j in range(order):
            a[i, j] = (2 * i + 1) * (-1.0 if i < j else (-1.0) ** (i - j + 1))
    discrete = exponential(a / window)
    return discrete, np.linalg.solve(a, (discrete - np.eye(order)) @ b)


def lmu(p, x, h, m, *, feedback):
    """u = e_x x (+ e_h h + e_m m);  m = A m + B u;  h = tanh(W_x x + b + W_h h + W_m m)."""
    a, b = held(m.shape[-1], WINDOW)
    u = x @ p.e_x.mT
    if feedback:
        u = u + h @ p.e_h.mT + m @ p.e_m.mT
    m = m @ a.T + u * b
    return tanh(x @ p.W_x.mT + p.b + h @ p.W_h.mT + m @ p.W_m.mT), m


STATES = {"y": "H", "z": "H"}
CORNN = blocks("candidate") | {"V": "HH"}
LEM_BLOCKS = ("output_step", "memory_step", "memory", "output")
LMU = {"W_x": "HI", "W_h": "HH", "W_m": "HM", "b": "H", "e_x": "1I"}

ORACLES = {
    "cornn": Oracle(("candidate",), STATES, CORNN, partial(cornn, dt=0.3, gamma=2.7, epsilon=1.7)),
    "unicornn": Oracle((), STATES, {"W": "HI", "b": "H", "w": "H", "c": "H"}, partial(unicornn, dt=0.5, alpha=3.0)),
    "lem": Oracle(LEM_BLOCKS, STATES, blocks(*LEM_BLOCKS), partial(lem, dt=0.7)),
    "lmu": Oracle((), {"h": "H", "m": "M"}, LMU | {"e_h": "1H", "e_m": "1M"}, partial(lmu, feedback=True)),
    "lmu-feed-forward": Oracle((), {"h": "H", "m": "M"}, LMU, partial(lmu, feedback=False)),
}
