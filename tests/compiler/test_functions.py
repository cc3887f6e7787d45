"""The elementary functions of the runtime, against a wider type."""

import ctypes

import numpy as np
import pytest

from holdfast.backends.build import FLAGS, load
from holdfast.compiler.targets.cpp import runtime

SOURCE = """
template <class T> void apply(const T* x, T* y, long n, int which) {
    using namespace holdfast;
    using V = vec<T, most_lanes<T>>;
    for (long i = 0; i < n; i += lanes_of<V>) {
        const V v = load<V>(x + i);
        store(y + i, which == 0 ? logarithm(v) : logarithm_of_one_plus(v));
    }
    for (long i = 0; i < n; i += 97) {  // one lane gives what many do
        const T one = which == 0 ? logarithm(x[i]) : logarithm_of_one_plus(x[i]);
        if (one != y[i] && !(one != one && y[i] != y[i])) y[i] = 12345;
    }
}
extern "C" void apply_float32(const float* x, float* y, long n, int which) { apply(x, y, n, which); }
extern "C" void apply_float64(const double* x, double* y, long n, int which) { apply(x, y, n, which); }
"""
TRUTH = {"log": np.log, "log1p": np.log1p}
ULPS = 2.0


@pytest.fixture(scope="module")
def library():
    return load(runtime() + SOURCE, name="functions", flags=(*FLAGS, "-O1"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", TRUTH)
def test_logarithms_are_right_to_two_units_in_the_last_place(library, function, dtype):
    generator, kind = np.random.default_rng(0), np.finfo(dtype)
    spread = np.exp(generator.uniform(np.log(float(kind.tiny)), np.log(float(kind.max)), 20_000))
    near = 1 + generator.uniform(-0.5, 0.5, 20_000)
    special = np.array([0, 1, np.inf, np.nan, -1, -2, kind.smallest_subnormal, kind.tiny / 8, kind.max, -0.0] * 8)
    x = np.concatenate([spread, near, near - 1, -np.exp(-generator.uniform(0, 40, 20_000)), special]).astype(dtype)
    y = np.empty_like(x)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, y)]
    getattr(library, f"apply_{dtype}")(*pointers, ctypes.c_long(len(x)), ctypes.c_int(list(TRUTH).index(function)))
    with np.errstate(all="ignore"):
        expected = TRUTH[function](x.astype(np.longdouble))
    rounded = expected.astype(dtype)
    ordinary = np.isfinite(rounded)
    np.testing.assert_array_equal(y[~ordinary], rounded[~ordinary])
    off = np.abs(y[ordinary] - expected[ordinary]) / np.spacing(np.abs(rounded[ordinary]))
    assert off.max() <= ULPS
