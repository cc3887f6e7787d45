"""Functions that are analytic in each branch, so that an imaginary step passes through them unharmed.

Every choice (which side of a kink, which of two numbers is larger) is made by the real part alone; no conjugate,
no `abs`, no `max` of NumPy's own. For real arguments they are the usual functions.
"""

import numpy as np

tanh = np.tanh


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def softplus(x):
    """log(1 + exp(x))."""
    return np.log(1 + np.exp(x))


def identity(x):
    """x itself, where a cell may go without its ReLU."""
    return x


def relu(x):
    """x where Re x > 0, else 0."""
    return np.where(x.real > 0, x, 0.0)


def floor(x):
    """The whole number below Re x: a constant between its jumps."""
    return np.floor(x.real)


def absolute(x):
    """x times the sign of Re x."""
    return x * np.sign(x.real)


def at_least(x, floor):
    """The larger of x and the constant `floor`, by the real part."""
    return np.where(x.real > floor, x, floor)


def greater(x, y):
    """The larger of x and y, by the real part."""
    return np.where(x.real > y.real, x, y)


def cumax(z):
    """cumsum(softmax(z)) along the last axis: increasing, last entry 1. The subtracted maximum is a constant."""
    e = np.exp(z - z.real.max(-1, keepdims=True))
    return np.cumsum(e / e.sum(-1, keepdims=True), -1)


def l5_norm(x):
    """(sum |x|^5)^(1/5) along the last axis, which stays; 0, with derivative 0, where all of x is 0."""
    total = (absolute(x) ** 5).sum(-1, keepdims=True)
    some = total.real > 0
    return np.where(some, np.where(some, total, 1.0) ** 0.2, 0.0)


def layer_norm(x, gain, bias, epsilon=1e-5):
    """(x - mean) / sqrt(variance + epsilon) * gain + bias, over the last axis, with the biased variance."""
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred / np.sqrt(variance + epsilon) * gain + bias


def exponential(a, squarings=8, terms=16):
    """exp(a) of square matrices (..., H, H), as the power series of a / 2^8, squared eight times."""
    a = a / 2**squarings
    term = total = np.eye(a.shape[-1]) + 0 * a
    for k in range(1, terms):
        term = term @ a / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total
