"""The most that this machine computes: multiply-adds on registers alone, in as many threads as the contenders have."""

from collections.abc import Callable

from holdfast.backends.build import BuildError, load

# As many independent sums as registers allow: each waits for its own last result only.
SOURCE = r"""
#include <thread>
#include <utility>
#include <vector>

#if defined(__AVX512F__)
constexpr int bytes = 64, sums = 24;
#elif defined(__AVX__)
constexpr int bytes = 32, sums = 12;
#else
constexpr int bytes = 16, sums = 12;
#endif
typedef float lanes __attribute__((vector_size(bytes)));

template <size_t... k>
static float work(long rounds, std::index_sequence<k...>) {
    lanes sum[sums], factor, addend;
    for (int i = 0; i < bytes / 4; i++) factor[i] = 0.999f, addend[i] = 0.001f;
    ((sum[k] = addend * (float)k), ...);
    for (long r = 0; r < rounds; r++) ((sum[k] = sum[k] * factor + addend), ...);
    lanes total = (sum[k] + ...);
    return total[0];
}

// Floating-point operations done.
extern "C" double burst(int threads, long rounds) {
    std::vector<float> results(threads * 16);
    std::vector<std::thread> others;
    auto job = [&](int t) { results[t * 16] = work(rounds, std::make_index_sequence<sums>()); };
    for (int t = 1; t < threads; t++) others.emplace_back(job, t);
    job(0);
    for (auto& thread : others) thread.join();
    return 2.0 * (bytes / 4) * sums * rounds * threads;
}
"""
ROUNDS = 2_000_000  # some ten milliseconds


def burst(threads: int) -> tuple[Callable[[], float], float] | None:
    """A run that keeps all units busy, and the number of its operations; None without a compiler."""
    import ctypes

    try:
        function = load(SOURCE, name="peak").burst
    except BuildError:
        return None
    function.argtypes, function.restype = (ctypes.c_int, ctypes.c_long), ctypes.c_double
    return lambda: function(threads, ROUNDS), function(threads, ROUNDS)
