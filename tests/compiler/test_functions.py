"""The elementary functions of the runtime, against a wider type."""

import ctypes

import numpy as np
import pytest

from holdfast.backends.build import FLAGS, load
from holdfast.compiler.targets.cpp import runtime

SOURCE = """
template <class V> V function(V x, int which) {
    using namespace holdfast;
    switch (which) {
        case 0: return logarithm(x);
        case 1: return logarithm_of_one_plus(x);
        case 2: return exponential(x);
        case 3: return sigmoid(x);
        default: return hyperbolic_tangent(x);
    }
}
template <class T> void apply(const T* x, T* y, long n, int which) {
    using namespace holdfast;
    using V = vec<T, most_lanes<T>>;
    for (long i = 0; i < n; i += lanes_of<V>) {
        store(y + i, function(load<V>(x + i), which));
    }
    for (long i = 0; i < n; i += 97) {  // one lane gives what many do
        const T one = function(x[i], which);
        if (one != y[i] && !(one != one && y[i] != y[i])) y[i] = 12345;
    }
}
extern "C" void apply_float32(const float* x, float* y, long n, int which) { apply(x, y, n, which); }
extern "C" void apply_float64(const double* x, double* y, long n, int which) { apply(x, y, n, which); }
"""
TRUTH = {
    "log": np.log,
    "log1p": np.log1p,
    "exp": np.exp,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
ULPS = {"log": 2.0, "log1p": 2.0, "exp": 1.5, "sigmoid": 2.5, "tanh": 2.5}


@pytest.fixture(scope="module")
def library():
    return load(runtime() + SOURCE, name="functions", flags=(*FLAGS, "-O1"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", TRUTH)
def test_functions_are_right_to_a_few_units_in_the_last_place(library, function, dtype):
    generator, kind = np.random.default_rng(0), np.finfo(dtype)
    spread = np.exp(generator.uniform(np.log(float(kind.tiny)), np.log(float(kind.max)), 20_000))
    near = 1 + generator.uniform(-0.5, 0.5, 20_000)
    special = np.array([0, 1, np.inf, np.nan, -1, -2, kind.smallest_subnormal, kind.tiny / 8, kind.max, -0.0] * 8)
    below = -np.exp(generator.uniform(-40, 7, 20_000))
    x = np.concatenate([spread, near, near - 1, below, special]).astype(dtype)
    y = np.empty_like(x)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, y)]
    getattr(library, f"apply_{dtype}")(*pointers, ctypes.c_long(len(x)), ctypes.c_int(list(TRUTH).index(function)))
    with np.errstate(all="ignore"):
        expected = TRUTH[function](x.astype(np.longdouble))
        rounded = expected.astype(dtype)
    special = ~np.isfinite(rounded)
    np.testing.assert_array_equal(y[special], rounded[special])
    ordinary = ~special & ((np.abs(rounded) >= kind.tiny) | (expected == 0))
    off = np.abs(y[ordinary] - expected[ordinary]) / np.spacing(np.abs(rounded[ordinary]))
    assert off.max() <= ULPS[function]
    subnormal = ~special & ~ordinary
    assert np.all(np.abs(y[subnormal] - expected[subnormal]) <= 1.001 * kind.tiny)
