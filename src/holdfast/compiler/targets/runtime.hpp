// What every generated kernel stands on: vectors, elementary functions, matrix products on packed weights, threads.
// It needs nothing but a C++17 compiler with vector extensions (g++ or clang++).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#define INLINE inline __attribute__((always_inline))

namespace holdfast {

// ---------------------------------------------------------------- vectors

#if defined(__AVX512F__)
constexpr int vector_bytes = 64, tile_rows = 8, tile_vectors = 3;
#elif defined(__AVX__)
constexpr int vector_bytes = 32, tile_rows = 6, tile_vectors = 2;
#elif defined(__aarch64__)
constexpr int vector_bytes = 16, tile_rows = 8, tile_vectors = 3;
#else
constexpr int vector_bytes = 16, tile_rows = 4, tile_vectors = 2;
#endif

template <class T, int N> struct vector_of { typedef T type __attribute__((vector_size(N * sizeof(T)))); };
template <class T> struct vector_of<T, 1> { using type = T; };
template <class T, int N> using vec = typename vector_of<T, N>::type;

template <class T> constexpr int most_lanes = vector_bytes / int(sizeof(T));

// The widest vector that a row of n numbers fills; rows that are no multiple of it overlap at their end.
template <class T> constexpr int lanes_for(long n) {
    int lanes = 1;
    while (lanes * 2 <= n && lanes * 2 <= most_lanes<T>) lanes *= 2;
    return lanes;
}

template <class V> struct element { using type = std::decay_t<decltype(V{}[0])>; };
template <> struct element<float> { using type = float; };
template <> struct element<double> { using type = double; };
template <class V> using element_of = typename element<V>::type;
template <class V> constexpr int lanes_of = int(sizeof(V) / sizeof(element_of<V>));
template <class V> using integer_of = std::conditional_t<sizeof(element_of<V>) == 4, int32_t, int64_t>;
template <class V> using integers = vec<integer_of<V>, lanes_of<V>>;

template <class V> INLINE V load(const element_of<V>* from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class V> INLINE void store(element_of<V>* to, V v) { std::memcpy(to, &v, sizeof v); }
template <class V> INLINE V splat(element_of<V> x) {
    if constexpr (lanes_of<V> == 1) return x;
    else return V{} + x;
}
template <class To, class From> INLINE To bits(From v) {
    To to;
    static_assert(sizeof to == sizeof v);
    std::memcpy(&to, &v, sizeof v);
    return to;
}
template <class M, class V> INLINE V select(M mask, V a, V b) { return mask ? a : b; }
template <class V> INLINE element_of<V> total(V v) {
    if constexpr (lanes_of<V> == 1) return v;
    else {
        element_of<V> sum = 0;
        for (int k = 0; k < lanes_of<V>; ++k) sum += v[k];
        return sum;
    }
}

// ---------------------------------------------------------------- elementary functions, without branches

template <class V> INLINE V maximum(V a, V b) { return select((a > b) | (a != a), a, b); }  // NaN wins, as in torch
template <class V> INLINE V minimum(V a, V b) { return select((a < b) | (a != a), a, b); }
template <class V> INLINE V relu(V x) { return select(x < V{}, V{}, x); }
template <class V> INLINE V absolute(V x) { return select(x < V{}, -x, x); }

template <class V> INLINE element_of<V> greatest(V v) {
    if constexpr (lanes_of<V> == 1) return v;
    else {
        element_of<V> most = v[0];
        for (int k = 1; k < lanes_of<V>; ++k) most = maximum<element_of<V>>(most, v[k]);
        return most;
    }
}
template <class V> INLINE element_of<V> least(V v) { return -greatest(V(-v)); }

// c[0] x^(N-1) + ... + c[N-1], in pairs: no result has to wait for all that come before it. N is even.
template <class V, size_t N> INLINE V polynomial(V x, const double (&c)[N]) {
    using T = element_of<V>;
    const V square = x * x;
    V p = x * T(c[0]) + T(c[1]);
#pragma GCC unroll 16
    for (size_t k = 2; k < N; k += 2) p = p * square + (x * T(c[k]) + T(c[k + 1]));
    return p;
}

// x = n ln 2 + r, |r| <= ln 2 / 2. Gives e^r - 1, and n as an integer. |x| must be below 2^20.
template <class V> INLINE V reduced_expm1(V x, integers<V>& n) {
    using T = element_of<V>;
    using I = integers<V>;
    constexpr bool single = sizeof(T) == 4;
    const V magic = splat<V>(T(single ? 0x1.8p23 : 0x1.8p52));  // adding it rounds to a whole number
    const V shifted = x * T(1.4426950408889634074) + magic;
    n = bits<I>(shifted) - bits<I>(magic);
    const V whole = shifted - magic;
    V r = x - whole * T(single ? 0.693359375 : 6.93145751953125e-1);
    r = r - whole * T(single ? -2.12194440e-4 : 1.42860682030941723212e-6);
    if constexpr (single) {
        constexpr double c[] = {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
                                4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1};
        return polynomial(r, c) * (r * r) + r;
    } else {
        constexpr double inverse_factorials[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                                                 1.0 / 362880.0,     1.0 / 40320.0,     1.0 / 5040.0,     1.0 / 720.0,
                                                 1.0 / 120.0,        1.0 / 24.0,        1.0 / 6.0,        0.5};
        return polynomial(r, inverse_factorials) * (r * r) + r;
    }
}

// 2^n for n within the range of normal numbers.
template <class V> INLINE V power_of_two(integers<V> n) {
    if constexpr (sizeof(element_of<V>) == 4) return bits<V>(integers<V>((n + 127) << 23));
    else return bits<V>(integers<V>((n + 1023) << 52));
}

template <class V> INLINE V clamped(V x, double low, double high) {
    using T = element_of<V>;
    x = select(x < splat<V>(T(low)), splat<V>(T(low)), x);
    return select(x > splat<V>(T(high)), splat<V>(T(high)), x);
}

template <class V> INLINE V exponential(V x) {
    constexpr bool single = sizeof(element_of<V>) == 4;
    integers<V> n;
    const V p = reduced_expm1(clamped(x, single ? -104.0 : -746.0, single ? 89.0 : 710.0), n);
    const integers<V> half = n >> 1;  // in two steps, for results near the ends of the range
    return (p + element_of<V>(1)) * power_of_two<V>(half) * power_of_two<V>(n - half);
}

// |x|, but at most this much: as whole numbers, bits of positive numbers are in their order. Of NaN too it is the most.
template <class V> INLINE V magnitude(V x, double most) {
    using I = integers<V>;
    const I size = bits<I>(x) & std::numeric_limits<integer_of<V>>::max();
    const I end = bits<I>(splat<V>(element_of<V>(most)));
    return bits<V>(I(size < end ? size : end));
}
template <class V> INLINE V with_sign_of(V x, V size) {
    using I = integers<V>;
    return bits<V>(I(bits<I>(size) | (bits<I>(x) & std::numeric_limits<integer_of<V>>::min())));
}

template <class V> INLINE V sigmoid(V x) {
    using T = element_of<V>;
    integers<V> n;
    const V p = reduced_expm1(V(-magnitude(x, sizeof(T) == 4 ? 87.336544 : 708.396)), n);
    const V scale = power_of_two<V>(n);
    const V e = p * scale + scale;  // e^-|x|
    const V y = select(x < V{}, e, splat<V>(1)) / (e + T(1));
    return select(x != x, x, y);
}

template <class V> INLINE V hyperbolic_tangent(V x) {
    using T = element_of<V>;
    integers<V> n;
    const V p = reduced_expm1(V(magnitude(x, 22.0) * T(2)), n);
    const V scale = power_of_two<V>(n);
    const V e = p * scale + (scale - T(1));  // e^|2x| - 1
    return select(x != x, x, with_sign_of(x, V(e / (e + T(2)))));
}

// x = m 2^n with m from sqrt(1/2) to sqrt(2); the polynomial in ((m - 1) / (m + 1))^2 is that of FreeBSD's msun.
template <class V> INLINE V logarithm(V x) {
    using T = element_of<V>;
    using I = integers<V>;
    constexpr bool single = sizeof(T) == 4;
    constexpr int shift = single ? 23 : 52;
    const auto subnormal = x < splat<V>(std::numeric_limits<T>::min());
    const I whole = bits<I>(V(select(subnormal, x * T(single ? 0x1p25 : 0x1p54), x)));
    const I n = (whole - (single ? int64_t(0x3f3504f3) : int64_t(0x3fe6a09e667f3bcd))) >> shift;
    const V magic = splat<V>(T(single ? 0x1.8p23 : 0x1.8p52));  // adding to its bits adds to the number
    const V power = bits<V>(I(n + bits<I>(magic))) - magic - V(select(subnormal, splat<V>(T(single ? 25 : 54)), V{}));
    const V f = bits<V>(I(whole - (n << shift))) - T(1);
    const V s = f / (f + T(2)), z = s * s;
    V p = V{};
    if constexpr (single)
        for (double c : {0x1.f13c4cp-3, 0x1.23d3dcp-2, 0x1.999c26p-2, 0x1.555554p-1}) p = p * z + T(c);
    else
        for (double c : {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                         2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                         6.666666666666735130e-01})
            p = p * z + T(c);
    const V half = f * f * T(0.5);
    const V low = s * (half + p * z) + power * T(single ? 9.0580006145e-06 : 1.90821492927058770002e-10);
    const V log = power * T(single ? 6.9313812256e-01 : 6.93147180369123816490e-01) - ((half - low) - f);
    const T infinity = std::numeric_limits<T>::infinity();
    const V above = select(x > splat<V>(std::numeric_limits<T>::max()), x, log);
    const V zero = select(x == V{}, splat<V>(-infinity), above);
    return select((x < V{}) | (x != x), splat<V>(std::numeric_limits<T>::quiet_NaN()), zero);
}

template <class V> INLINE V logarithm_of_one_plus(V x) {
    using T = element_of<V>;
    const V u = x + T(1), lost = x - (u - T(1));
    const auto ends = (u == V{}) | (u > splat<V>(std::numeric_limits<T>::max()));
    return logarithm(u) + V(select(ends, V{}, lost / u));
}

// Functions without a form of our own, lane by lane.
template <class V, class F> INLINE V each(V x, F f) {
    if constexpr (lanes_of<V> == 1) return f(x);
    else {
        V y;
        for (int k = 0; k < lanes_of<V>; ++k) y[k] = f(x[k]);
        return y;
    }
}
template <class V> INLINE V square_root(V x) { return each(x, [](auto u) { return std::sqrt(u); }); }
template <class V> INLINE V power(V x, V y) {
    if constexpr (lanes_of<V> == 1) return std::pow(x, y);
    else {
        V z;
        for (int k = 0; k < lanes_of<V>; ++k) z[k] = std::pow(x[k], y[k]);
        return z;
    }
}
template <class M> INLINE M inverted(M mask) {
    if constexpr (std::is_same_v<M, bool>) return !mask;
    else return ~mask;
}
template <class V> INLINE V signum(V x) {
    return select(x > V{}, splat<V>(1), select(x < V{}, splat<V>(-1), x));
}

// ---------------------------------------------------------------- memory

// Scratch that a thread keeps between calls: new pages are dear.
template <class T> struct Scratch {
    std::vector<char> memory;
    size_t used = 0;
    void need(size_t bytes) {
        used = 0;
        if (memory.size() < bytes + 64) memory.resize(bytes + 64);
    }
    void poison() { std::memset(memory.data(), 0xff, memory.size()); }  // NaN
    T* take(size_t count) {
        auto at = (reinterpret_cast<uintptr_t>(memory.data()) + used + 63) & ~uintptr_t(63);
        used = at + count * sizeof(T) - reinterpret_cast<uintptr_t>(memory.data());
        return reinterpret_cast<T*>(at);
    }
};
constexpr size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64 + 64; }

// ---------------------------------------------------------------- threads

using Parallel = void (*)(void (*)(void*), void*, unsigned, unsigned);  // that of the OpenMP runtime in the process

// work(k) for each k below count, on as many threads; none waits for another.
template <class F> void run(long count, void* parallel, F work) {
    if (count == 1) return work(0);
    struct Shared {
        F& work;
        long count;
        std::atomic<long> next{0};
        static void loop(void* shared) {
            auto& self = *static_cast<Shared*>(shared);
            for (long k; (k = self.next++) < self.count;) self.work(k);
        }
    } shared{work, count};
    if (parallel) return reinterpret_cast<Parallel>(parallel)(Shared::loop, &shared, unsigned(count), 0);
    std::vector<std::thread> threads;
    for (long k = 1; k < count; ++k) threads.emplace_back(Shared::loop, &shared);
    Shared::loop(&shared);
    for (auto& thread : threads) thread.join();
}

// Threads without rows of their own help one that has some: they take blocks of the columns of its matrix products.
// Whoever is free takes the next block, so that nobody waits for a thread that has not come.
class Team {
    std::atomic<uint64_t> ticket{0};  // the number of the job (32 bits), how many blocks it has (16), how many are taken (16)
    std::atomic<long> finished{0};
    std::atomic<bool> over{false};
    void (*work)(const void*, long) = nullptr;
    const void* context = nullptr;
    uint64_t job = 0;

    bool take_one() {
        uint64_t now = ticket.load(std::memory_order_acquire);
        while ((now & 0xffff) < (now >> 16 & 0xffff))
            if (ticket.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
                work(context, long(now & 0xffff));
                finished.fetch_add(1, std::memory_order_release);
                return true;
            }
        return false;
    }
    static void wait_a_little(long turn) {
        if (turn % 4096 == 4095) std::this_thread::yield();
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }

  public:
    bool helped = false, disturbed = false;

    // do_block(k) for each k below count.
    template <class F> void each(long count, const F& do_block) {
        if (!helped || count == 1 || count > 0xffff) {
            for (long k = 0; k < count; ++k) do_block(k);
            return;
        }
        work = [](const void* block, long k) { (*static_cast<const F*>(block))(k); };
        context = &do_block;
        finished.store(0, std::memory_order_relaxed);
        ticket.store(++job << 32 | uint64_t(count) << 16, std::memory_order_release);
        while (take_one()) {}
        long turn = 0;
        for (; finished.load(std::memory_order_acquire) < count; ++turn) wait_a_little(turn);
        if (turn > 4096) disturbed = true, helped = false;  // somebody else needs the helpers' cores: go on alone
    }
    void help() {
        for (long turn = 0; !over.load(std::memory_order_acquire); ++turn)
            if (!take_one()) wait_a_little(turn);
    }
    void end() { over.store(true, std::memory_order_release); }
};

constexpr size_t heavy_weights = 1 << 17;  // bytes of weights from which help is worth its while

// work(share, shares, team) for as many shares as there are threads with a row; the other threads help them.
template <class F> void run_shares(long threads, long batch, bool heavy, void* parallel, F work) {
    static thread_local long calls_without_help = 0;  // on a machine where helpers were late
    if (calls_without_help > 0) --calls_without_help, heavy = false;
    const long shares = std::max<long>(1, std::min(threads, batch));
    const auto teams = std::make_unique<Team[]>(size_t(shares));
    run(heavy ? std::max(threads, shares) : shares, parallel, [&](long k) {
        if (k >= shares) return teams[size_t(k % shares)].help();
        teams[size_t(k)].helped = heavy && k < threads - shares;
        work(k, shares, teams[size_t(k)]);
        teams[size_t(k)].end();
    });
    for (long k = 0; k < shares; ++k)
        if (teams[size_t(k)].disturbed) calls_without_help = 100;
}

// ---------------------------------------------------------------- matrix products

// A row cut into blocks of at most tile_vectors vectors; what would leave a single one behind is halved.
template <class T> struct Blocks {
    long vectors;
    static long width_of(long left) { return left == 4 ? 2 : std::min<long>(left, tile_vectors); }
    long count() const { return (vectors + tile_vectors - 1) / tile_vectors; }
    long first(long k) const {  // where a block begins
        const long even = k * tile_vectors;
        return k > 0 && width_of(vectors - even + tile_vectors) < tile_vectors ? even - 1 : even;
    }
    long width(long k) const { return width_of(vectors - first(k)); }
};

// Weights (K, N) cut into blocks of a few vectors' width, each block row after row.
template <class T> struct Packed {
    static constexpr int lanes = most_lanes<T>;
    long K = 0, N = 0, vectors = 0;
    T* data = nullptr;
    static size_t size(long K, long N) { return size_t((N + lanes - 1) / lanes * lanes) * size_t(K); }
    void place(long K_, long N_, T* at) { K = K_, N = N_, vectors = (N + lanes - 1) / lanes, data = at; }
    void pack(const T* w, long stride_k, long stride_n) {
        const Blocks<T> blocks{vectors};
        T* to = data;
        for (long block = 0; block < blocks.count(); ++block) {
            const long columns = blocks.width(block) * lanes, start = blocks.first(block) * lanes;
            const long end = std::min(columns, N - start);
            if (stride_n == 1) {
                for (long k = 0; k < K; ++k, to += columns) {
                    std::memcpy(to, w + k * stride_k + start, size_t(end) * sizeof(T));
                    std::fill(to + end, to + columns, T(0));
                }
            } else {
                for (long k0 = 0; k0 < K; k0 += 16)  // a block at a time: the source is read along its rows
                    for (long n = 0; n < columns; ++n)
                        for (long k = k0; k < std::min(K, k0 + 16); ++k)
                            to[k * columns + n] = n < end ? w[k * stride_k + (start + n) * stride_n] : T(0);
                to += K * columns;
            }
        }
    }
};

// One term of a product: rows (K) and the packed weights that they are multiplied with.
template <class T> struct Factor {
    const T* const* rows;
    const Packed<T>* weights;
};

// Memory that will be read in the next step: it is fetched little by little while a product is computed.
struct Ahead {
    static constexpr size_t most = 1 << 18;  // more would push the weights out of the cache
    const char* line = nullptr;
    const char* end = nullptr;
    Ahead part(long k, long count) const {
        const long lines = (end - line + 63) / 64;
        return {line + lines * k / count * 64, line + lines * (k + 1) / count * 64};
    }
    INLINE void fetch(long lines) {
        for (; lines > 0 && line < end; --lines, line += 64) __builtin_prefetch(line, 0, 2);
    }
};

// A row, and the one that is read after it, so far from it, is fetched.
template <class T> INLINE const T* then(const T* row, long away, long size) {
    for (long k = 0; k < size; k += 64 / long(sizeof(T))) __builtin_prefetch(row + away + k, 0, 2);
    return row;
}

// The lanes that still belong to a row of which `left` numbers are to come.
template <class V> INLINE V load_some(const element_of<V>* from, long left) {
    if (left >= lanes_of<V>) return load<V>(from);
    V v = {};
    if (left > 0) std::memcpy(&v, from, size_t(left) * sizeof(element_of<V>));
    return v;
}
template <class T, class V> INLINE void store_some(T* to, V v, long left) {
    if (left >= lanes_of<V>) store<V>(to, v);
    else if (left > 0) std::memcpy(to, &v, size_t(left) * sizeof(T));
}

// R rows of the product, NV vectors of each: all sums stay in registers.
template <class T, int R, int NV>
INLINE void tile(std::initializer_list<Factor<T>> factors, long from, T* const* c, long first, long N, Ahead ahead) {
    constexpr int lanes = most_lanes<T>;
    using V = vec<T, lanes>;
    V sum[R][NV] = {};
    for (const Factor<T>& factor : factors) {
        const long K = factor.weights->K;
        const T* w = factor.weights->data + first * lanes * K;
        const T* rows[R];
        for (int r = 0; r < R; ++r) rows[r] = factor.rows[from + r];
        for (long k = 0; k < K;) {
            ahead.fetch(R * NV);
            for (const long end = std::min<long>(K, k + 32); k < end; ++k, w += NV * lanes) {
                V b[NV];
#pragma GCC unroll 8
                for (int v = 0; v < NV; ++v) b[v] = load<V>(w + v * lanes);
#pragma GCC unroll 8
                for (int r = 0; r < R; ++r) {
                    const V x = splat<V>(rows[r][k]);
#pragma GCC unroll 8
                    for (int v = 0; v < NV; ++v) sum[r][v] += x * b[v];
                }
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) store_some(c[from + r] + (first + v) * lanes, sum[r][v], N - (first + v) * lanes);
}

template <int N> using number = std::integral_constant<int, N>;

// work(number<R>) for R rows, at most tile_rows.
template <class F> INLINE void for_rows(long rows, F work) {
    switch (rows) {
        case 1: return work(number<1>());
        case 2: return work(number<2>());
        case 3: return work(number<3>());
        case 4: return work(number<4>());
        case 5: if constexpr (tile_rows > 4) return work(number<5>()); [[fallthrough]];
        case 6: if constexpr (tile_rows > 5) return work(number<6>()); [[fallthrough]];
        case 7: if constexpr (tile_rows > 6) return work(number<7>()); [[fallthrough]];
        default: if constexpr (tile_rows > 7) return work(number<8>());
    }
}

// work(number<NV>) for NV vectors, at most tile_vectors.
template <class F> INLINE void for_vectors(long vectors, F work) {
    if (vectors == 1) work(number<1>());
    else if (vectors == 2) work(number<2>());
    else work(number<tile_vectors>());
}

// c[i] (N) = the sum over the factors of row i times the packed weights, for every row i.
template <class T>
__attribute__((noinline)) void product(Team& team, long rows, std::initializer_list<Factor<T>> factors, T* const* c,
                                       Ahead ahead = {}) {
    const long parts = (rows + tile_rows - 1) / tile_rows, N = factors.begin()->weights->N;
    const Blocks<T> blocks{factors.begin()->weights->vectors};
    team.each(blocks.count(), [&](long k) {
        const long first = blocks.first(k);
        const Ahead here = ahead.part(k, blocks.count());
        for_vectors(blocks.width(k), [&](auto vectors) __attribute__((always_inline)) {
            constexpr int NV = decltype(vectors)::value;
            for (long part = 0; part < parts; ++part) {
                const long from = rows * part / parts, count = rows * (part + 1) / parts - from;
                for_rows(count, [&](auto height) __attribute__((always_inline)) {
                    tile<T, decltype(height)::value, NV>(factors, from, c, first, N, here.part(part, parts));
                });
            }
        });
    });
}

// ---------------------------------------------------------------- sums of outer products over many rows

constexpr long gathered_rows = 128;  // how many are gathered before they are multiplied

// One of the left sides that share a right side: rows (size), and where the sums (size, N) are.
template <class T> struct Left {
    const T* const* rows;
    long size;
    T* to;
};

template <class T, int R, int NV>
INLINE void add_tile(long rows, const T* const* left, long m, const T* right, T* to, long column, long N) {
    constexpr int lanes = most_lanes<T>;
    using V = vec<T, lanes>;
    V sum[R][NV] = {};
    for (int r = 0; r < R; ++r)  // where the sums are added in the end: large gradients are far away
        for (int v = 0; v < NV; ++v) __builtin_prefetch(to + (m + r) * N + column + v * lanes, 1, 2);
    for (long k = 0; k < rows; ++k, right += NV * lanes) {
        const T* x = left[k] + m;
        V b[NV];
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) b[v] = load<V>(right + v * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < NV; ++v) sum[r][v] += splat<V>(x[r]) * b[v];
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
            T* const c = to + (m + r) * N + column + v * lanes;
            const long left_over = N - column - v * lanes;
            store_some(c, V(load_some<V>(c, left_over) + sum[r][v]), left_over);
        }
}

// For each left side, to (M, N) += the sum over rows of left (M) times right (N). A panel holds a few columns of the
// right side, so that they are close together.
template <class T>
__attribute__((noinline)) void add_products(Team& team, long rows, std::initializer_list<Left<T>> lefts,
                                            const T* const* right, long N) {
    constexpr int lanes = most_lanes<T>;
    const Blocks<T> blocks{(N + lanes - 1) / lanes};
    team.each(blocks.count(), [&](long k) {
        static thread_local Scratch<T> memory;
        const long size = blocks.width(k) * lanes, column = blocks.first(k) * lanes, end = std::min(size, N - column);
        memory.need(padded(sizeof(T) * size_t(rows * size)));
        T* const panel = memory.take(size_t(rows * size));
        for (long n = 0; n < rows; ++n) {
            std::memcpy(panel + n * size, right[n] + column, size_t(end) * sizeof(T));
            std::fill(panel + n * size + end, panel + (n + 1) * size, T(0));
        }
        for_vectors(blocks.width(k), [&](auto vectors) __attribute__((always_inline)) {
            constexpr int NV = decltype(vectors)::value;
            for (const Left<T>& left : lefts) {
                long m = 0;
                for (; m + tile_rows <= left.size; m += tile_rows)
                    add_tile<T, tile_rows, NV>(rows, left.rows, m, panel, left.to, column, N);
                for (; m + 2 <= left.size; m += 2) add_tile<T, 2, NV>(rows, left.rows, m, panel, left.to, column, N);
                if (m < left.size) add_tile<T, 1, NV>(rows, left.rows, m, panel, left.to, column, N);
            }
        });
    });
}

// to (M) += the sum over rows of left (M).
template <class T> __attribute__((noinline)) void add_rows(long rows, const T* const* left, long M, T* to) {
    constexpr int lanes = most_lanes<T>;
    using V = vec<T, lanes>;
    const long whole = M / lanes * lanes;
    for (long m = 0; m < whole; m += lanes) {
        V sum = {};
        for (long k = 0; k < rows; ++k) sum += load<V>(left[k] + m);
        store<V>(to + m, V(load<V>(to + m) + sum));
    }
    for (long m = whole; m < M; ++m) {
        T sum = 0;
        for (long k = 0; k < rows; ++k) sum += left[k][m];
        to[m] += sum;
    }
}

// ---------------------------------------------------------------- what a kernel is given

struct Array {
    const void* data;
    int64_t stride0, stride1;  // of a matrix; other arrays are dense
};

struct Arguments {
    int64_t steps, batch, threads;
    void* parallel;
    const Array* arrays;      // what the prologue made of the parameters
    const void* input;        // (T, B, width)
    void* const* state;       // (B, size) each
    void* output;             // (T, B, size of the first state)
    void* const* last;        // (B, size) each
    void* saved;              // (slots, B, all that the backward pass reads)
    int64_t slots;            // T, or 2 where nothing is to be kept
    const int64_t* lengths;   // (B,) or null
    const int64_t* order;     // (B,) the rows, longest first, or null
    const uint8_t* reset;     // (T, B) or null
    void* packed;             // room for the packed weights of this kernel, or null for the thread's own
    int64_t pack;             // whether they must be packed; 0 only if `packed` holds them already
    int64_t poison;           // fill scratch memory with NaN
    const void* d_output;     // (T, B, size of the first state)
    int64_t d_output_stride;  // from one row to the next; 0 if all are the same zeros
    void* const* d_last;      // (B, size) each
    void* d_input;            // (T, B, width), or null if it is not wanted
    void* const* d_state;     // (B, size) each
    void* sums;               // (threads, all sums over rows and steps), to be added to
};

// The rows of one thread: without lengths a run of neighbours, with lengths every so-manieth of the sorted rows.
struct Share {
    std::vector<long> row;
    Share(const Arguments& a, long thread, long threads) {
        if (a.order)
            for (long k = thread; k < a.batch; k += threads) row.push_back(a.order[k]);
        else
            for (long k = a.batch * thread / threads; k < a.batch * (thread + 1) / threads; ++k) row.push_back(k);
    }
    long count() const { return long(row.size()); }
    // How many rows, from the first, have a step t.
    long active(const Arguments& a, long t) const {
        long n = count();
        if (a.lengths)
            while (n > 0 && a.lengths[row[size_t(n - 1)]] <= t) --n;
        return n;
    }
    // The rows' numbers in such an array (batch, size), if they lie together.
    template <class T> Ahead ahead(const Arguments& a, const T* from, long size) const {
        if (a.order || row.empty() || sizeof(T) * size_t(count() * size) > Ahead::most) return {};
        const T* const begin = from + row[0] * size;
        return {reinterpret_cast<const char*>(begin), reinterpret_cast<const char*>(begin + count() * size)};
    }
};

}  // namespace holdfast
