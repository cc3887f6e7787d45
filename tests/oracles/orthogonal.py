"""Orthogonal and unitary networks, with every factor of the recurrent matrix applied to the state in turn.

A complex state is [Re; Im], since the imaginary step takes the complex numbers.

Source: li2018independently, arjovsky2016unitary, jing2017tunable, jing2019gated, lezcano2019cheap.
"""

from functools import partial
from itertools import combinations

import numpy as np

from .analytic import absolute, exponential, relu, sigmoid, tanh
from .oracle import Oracle

PERMUTATION = (2, 0, 5, 1, 4, 3)
BOUND = 2 ** (1 / 3)


def clipped(u, bound):
    """u within [-bound, bound], by the real part."""
    return np.where(absolute(u).real > bound, bound * np.sign(u.real), u)


def indrnn(p, x, h, *, phi, bound):
    """h = phi(W x + b + u h), elementwise u within the bound."""
    return (phi(x @ p.W_candidate.mT + p.b_candidate + clipped(p.u, bound) * h),)


def modrelu(z, b):
    """sign(z) relu(|z| + b)."""
    return np.sign(z.real) * relu(absolute(z) + b)


def complex_modrelu(re, im, b):
    """z relu(|z| + b) / |z|, with |z|^2 + 1e-10 under the root."""
    size = np.sqrt(re * re + im * im + 1e-10)
    scale = relu(size + b) / size
    return re * scale, im * scale


def turned(re, im, angle):
    """e^(i angle) z."""
    return np.cos(angle) * re - np.sin(angle) * im, np.sin(angle) * re + np.cos(angle) * im


def fourier(re, im, sign):
    """The unitary discrete Fourier transform (sign -1) or its inverse (+1), as a sum over cosines and sines."""
    size = re.shape[-1]
    grid = 2 * np.pi * np.outer(np.arange(size), np.arange(size)) / size
    c, s = np.cos(grid) / np.sqrt(size), sign * np.sin(grid) / np.sqrt(size)
    return re @ c - im @ s, im @ c + re @ s


def reflected(re, im, a, b):
    """z - 2 v (v^* z) / ||v||^2 for v = a + i b."""
    norm = (a * a + b * b).sum(-1, keepdims=True)
    inner_re = (a * re + b * im).sum(-1, keepdims=True)
    inner_im = (a * im - b * re).sum(-1, keepdims=True)
    return re - 2 / norm * (a * inner_re - b * inner_im), im - 2 / norm * (a * inner_im + b * inner_re)


def urnn(p, x, h):
    """W = D3 R2 F^-1 D2 P R1 F D1, from right to left."""
    re, im = np.split(h, 2, -1)
    re, im = fourier(*turned(re, im, p.theta_1), -1)
    re, im = reflected(re, im, p.v_1_real, p.v_1_imaginary)
    re, im = turned(re[..., PERMUTATION], im[..., PERMUTATION], p.theta_2)
    re, im = reflected(*fourier(re, im, +1), p.v_2_real, p.v_2_imaginary)
    re, im = turned(re, im, p.theta_3)
    re, im = complex_modrelu(re + x @ p.W_real.mT, im + x @ p.W_imaginary.mT, p.b)
    return (np.concatenate([re, im], -1),)


def tunable(size, capacity):
    """Pairs of neighbours, layer by layer: even ones and odd ones in turn."""
    return [(i, i + 1) for layer in range(capacity) for i in range(layer % 2, size - 1, 2)]


def butterfly(size):
    """Partners 4, 2, 1 apart for up to eight units, layer by layer."""
    return [(i, i + s) for s in (4, 2, 1) for i in range(size) if not i & s and i + s < size]


def rotated(units, pairs, angles):
    """Each pair of a list of units turned by its angle, one pair after the other."""
    for k, (i, j) in enumerate(pairs):
        c, s = np.cos(angles[..., k]), np.sin(angles[..., k])
        units[i], units[j] = c * units[i] - s * units[j], s * units[i] + c * units[j]
    return units


def listed(h):
    """The units of h, one by one."""
    return [h[..., k] for k in range(h.shape[-1])]


def real_eurnn(p, x, h, *, pairs):
    """h = modReLU(G_L ... G_1 h + V x)."""
    z = np.stack(rotated(listed(h), pairs, p.angles), -1)
    return (modrelu(z + x @ p.W_candidate.mT, p.b),)


def complex_eurnn(p, x, h, *, pairs):
    """h = modReLU(D G_L ... G_1 h + V x), where the second unit of a pair is first turned by e^(i phase)."""
    re, im = (listed(part) for part in np.split(h, 2, -1))
    for k, (i, j) in enumerate(pairs):
        re[j], im[j] = turned(re[j], im[j], p.phases[..., k])
        c, s = np.cos(p.angles[..., k]), np.sin(p.angles[..., k])
        re[i], re[j] = c * re[i] - s * re[j], s * re[i] + c * re[j]
        im[i], im[j] = c * im[i] - s * im[j], s * im[i] + c * im[j]
    re, im = turned(np.stack(re, -1), np.stack(im, -1), p.diagonal)
    re, im = complex_modrelu(re + x @ p.W_real.mT, im + x @ p.W_imaginary.mT, p.b)
    return (np.concatenate([re, im], -1),)


def goru(p, x, h, *, pairs):
    """c = modReLU(W x + r (Q h));  h = g h + (1 - g) c."""
    r = sigmoid(x @ p.W_reset.mT + h @ p.U_reset.mT + p.b_reset)
    g = sigmoid(x @ p.W_update.mT + h @ p.U_update.mT + p.b_update)
    q = np.stack(rotated(listed(h), pairs, p.angles), -1)
    return (g * h + (1 - g) * modrelu(x @ p.W_candidate.mT + r * q, p.b),)


def exprnn(p, x, h):
    """h = modReLU(exp(A) h + W x), A skew-symmetric with the given entries above the diagonal, row by row."""
    skew = p.skew[:, 0] if p.skew.ndim == 3 else p.skew  # a stack of vectors comes as rows
    size = h.shape[-1]
    a = np.zeros((*skew.shape[:-1], size, size), skew.dtype)
    for k, (i, j) in enumerate(combinations(range(size), 2)):
        a[..., i, j], a[..., j, i] = skew[..., k], -skew[..., k]
    return (modrelu(h @ exponential(a).mT + x @ p.W_candidate.mT, p.b),)


ONE = {"W_candidate": "HI", "b": "H"}
TWO = {"W_real": "HI", "W_imaginary": "HI", "b": "H"}
INDRNN = {"W_candidate": "HI", "b_candidate": "H", "u": "H"}
URNN = {f"theta_{k}": "H" for k in (1, 2, 3)} | {f"v_{k}_{part}": "H" for k in (1, 2) for part in ("real", "imaginary")}
GORU = {f"W_{gate}": "HI" for gate in ("reset", "update", "candidate")}
GORU |= {f"{kind}_{gate}": shape for gate in ("reset", "update") for kind, shape in (("U", "HH"), ("b", "H"))}
TUNABLE, BUTTERFLY = tunable(6, 2), butterfly(6)

ORACLES = {
    "indrnn": Oracle(("candidate",), {"h": "H"}, INDRNN, partial(indrnn, phi=relu, bound=1)),
    "indrnn-tanh": Oracle(("candidate",), {"h": "H"}, INDRNN, partial(indrnn, phi=tanh, bound=BOUND)),
    "urnn": Oracle((), {"h": "Z"}, TWO | URNN, urnn),
    "eurnn": Oracle(
        (),
        {"h": "Z"},
        TWO | {"angles": "R", "phases": "R", "diagonal": "H"},
        partial(complex_eurnn, pairs=TUNABLE),
    ),
    "eurnn-real": Oracle((), {"h": "H"}, ONE | {"angles": "R"}, partial(real_eurnn, pairs=TUNABLE)),
    "eurnn-fft": Oracle(
        (),
        {"h": "Z"},
        TWO | {"angles": "F", "phases": "F", "diagonal": "H"},
        partial(complex_eurnn, pairs=BUTTERFLY),
    ),
    "goru": Oracle((), {"h": "H"}, GORU | {"angles": "F", "b": "H"}, partial(goru, pairs=BUTTERFLY)),
    "exprnn": Oracle((), {"h": "H"}, ONE | {"skew": "E"}, exprnn),
}
