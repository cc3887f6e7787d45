// An LSTM of whose units only those are computed whose time gate is open. Stands on runtime.hpp.

namespace holdfast {

template <class T> struct OpenUnits {
    int64_t steps, batch, inputs, hidden, threads;
    void* parallel;       // as in Arguments
    const T* x;           // (T, B, I)
    const T* openness;    // (T, H), 0 where a gate is closed
    const T* weight_ih;   // (4H, I)
    const T* weight_hh;   // (4H, H)
    const T* bias;        // (4H,), or null
    const T* peepholes;   // (3, H), or null
    T* h;                 // (B, H), from the first state to the last
    T* c;                 // (B, H), likewise
    T* output;            // (T, B, H)
};

constexpr long gates = 4;
constexpr int chains = 4;  // sums that do not wait for each other
template <class T> constexpr int whole_lanes = most_lanes<T> < gates ? int(gates) : most_lanes<T>;  // whole fours of gates

// The units whose gate is open, and how many they are.
template <class T> INLINE long find_open(const T* openness, long hidden, std::vector<long>& open) {
    open.clear();
    for (long u = 0; u < hidden; ++u)
        if (openness[u] > 0) open.push_back(u);
    return long(open.size());
}

// take(row, k, x) for each number of a step's input, the rows counted from `first`.
template <class T, class F> INLINE void each_input(const OpenUnits<T>& a, long t, long first, long last, F take) {
    const T* x = a.x + (t * a.batch + first) * a.inputs;
    for (long b = 0; b < last - first; ++b)
        for (long k = 0; k < a.inputs; ++k) take(b, k, *x++);
}

// From the pre-activations i, f, g, o, the peepholes and the gate k to the new h and c, which are written over the old.
template <class V> INLINE void gated_step(const V (&pre)[gates], const V (&peephole)[3], V k, V& h, V& c) {
    const V shut = splat<V>(1) - k;
    const V in = sigmoid(V(pre[0] + peephole[0] * c)), keep = sigmoid(V(pre[1] + peephole[1] * c));
    const V memory = keep * c + in * hyperbolic_tangent(pre[2]);
    const V said = sigmoid(V(pre[3] + peephole[2] * memory)) * hyperbolic_tangent(memory);
    c = k * memory + shut * c;
    h = k * said + shut * h;
}

// For each of R rows the pre-activations of one unit. Weights and rows lie as k, gate: the rows hold each number 4 times.
template <class T, int R> INLINE void pre_activations(const T* weights, const T* const* rows, long vectors, T (*found)[gates]) {
    constexpr int lanes = whole_lanes<T>;
    using V = vec<T, lanes>;
    V sum[R][chains] = {};
    for (long k = 0; k < vectors; k += chains)
#pragma GCC unroll 4
        for (int chain = 0; chain < chains; ++chain) {
            const V w = load<V>(weights + (k + chain) * lanes);
#pragma GCC unroll 2
            for (int r = 0; r < R; ++r) sum[r][chain] += w * load<V>(rows[r] + (k + chain) * lanes);
        }
    for (int r = 0; r < R; ++r) {
        const V all = (sum[r][0] + sum[r][1]) + (sum[r][2] + sum[r][3]);
        for (long gate = 0; gate < gates; ++gate) {
            T value = 0;
            for (long k = gate; k < lanes; k += gates) value += all[k];
            found[r][gate] = value;
        }
    }
}

// W_ih, W_hh and b of each unit, and for each row h_{t-1}, x_t and 1, in that order, up to a whole number of vectors.
template <class T> struct OpenUnitsLayout {
    static constexpr long lanes = whole_lanes<T>, step = lanes * chains;
    long hidden, inputs, size;
    OpenUnitsLayout(long hidden, long inputs)
        : hidden(hidden), inputs(inputs), size((gates * (hidden + inputs + 1) + step - 1) / step * step) {}
    long vectors() const { return size / lanes; }
    static void put(T* row, long k, T value) {
        for (long gate = 0; gate < gates; ++gate) row[gates * k + gate] = value;
    }
    void pack(const OpenUnits<T>& a, T* to) const {
        for (long unit = 0; unit < hidden; ++unit, to += size) {
            std::fill(to, to + size, T(0));
            for (long gate = 0; gate < gates; ++gate) {
                const long row = gate * hidden + unit;
                for (long k = 0; k < hidden; ++k) to[gates * k + gate] = a.weight_hh[row * hidden + k];
                for (long k = 0; k < inputs; ++k) to[gates * (hidden + k) + gate] = a.weight_ih[row * inputs + k];
                to[gates * (hidden + inputs) + gate] = a.bias ? a.bias[row] : T(0);
            }
        }
    }
};

// All steps of the rows from `first` to before `last`, each by itself: for few rows.
template <class T> void run_one_by_one(const OpenUnits<T>& a, const T* weights, long first, long last) {
    constexpr int lanes = most_lanes<T>;
    using V = vec<T, lanes>;
    static thread_local Scratch<T> memory;
    const OpenUnitsLayout<T> layout(a.hidden, a.inputs);
    const long H = a.hidden, rows = last - first, wide = (H + lanes - 1) / lanes * lanes;
    memory.need(padded(sizeof(T) * size_t(rows * layout.size)) + 6 * padded(sizeof(T) * size_t(rows * wide)) +
                padded(sizeof(T) * size_t(4 * wide)));
    T* const seen = memory.take(size_t(rows * layout.size));  // h, x and 1 of each row
    T* part[6];                                               // of each row and open unit: the four gates, c and h
    for (T*& at : part) at = memory.take(size_t(rows * wide)), std::fill(at, at + rows * wide, T(0));
    T* const own = memory.take(size_t(4 * wide));  // of each open unit: its gate and its peepholes
    std::fill(own, own + 4 * wide, T(0));
    std::vector<long> open;
    std::fill(seen, seen + rows * layout.size, T(0));
    for (long b = 0; b < rows; ++b) {
        for (long u = 0; u < H; ++u) layout.put(seen + b * layout.size, u, a.h[(first + b) * H + u]);
        layout.put(seen + b * layout.size, H + a.inputs, T(1));
    }
    for (long t = 0; t < a.steps; ++t) {
        const T* const openness = a.openness + t * H;
        const long count = find_open(openness, H, open);
        if (count) each_input(a, t, first, last, [&](long b, long k, T x) { layout.put(seen + b * layout.size, H + k, x); });
        for (long j = 0; j < count; ++j) {
            const long u = open[size_t(j)];
            const T* const w = weights + u * layout.size;
            own[j] = openness[u];
            for (long p = 0; a.peepholes && p < 3; ++p) own[(1 + p) * wide + j] = a.peepholes[p * H + u];
            T found[2][gates];
            for (long b = 0; b < rows; b += 2) {
                const T* const pair[] = {seen + b * layout.size, seen + (b + 1) * layout.size};
                const long of_pair = std::min<long>(2, rows - b);
                if (of_pair == 2) pre_activations<T, 2>(w, pair, layout.vectors(), found);
                else pre_activations<T, 1>(w, pair, layout.vectors(), found);
                for (long r = 0; r < of_pair; ++r) {
                    for (long gate = 0; gate < gates; ++gate) part[gate][(b + r) * wide + j] = found[r][gate];
                    part[4][(b + r) * wide + j] = a.c[(first + b + r) * H + u];
                    part[5][(b + r) * wide + j] = seen[(b + r) * layout.size + gates * u];
                }
            }
        }
        for (long b = 0; b < rows; ++b) {
            for (long j = 0; j < count; j += lanes) {
                V pre[gates], peepholes[3], c = load<V>(part[4] + b * wide + j), h = load<V>(part[5] + b * wide + j);
                for (long gate = 0; gate < gates; ++gate) pre[gate] = load<V>(part[gate] + b * wide + j);
                for (long p = 0; p < 3; ++p) peepholes[p] = load<V>(own + (1 + p) * wide + j);
                gated_step(pre, peepholes, load<V>(own + j), h, c);
                store<V>(part[4] + b * wide + j, c);
                store<V>(part[5] + b * wide + j, h);
            }
            T *const row = seen + b * layout.size, *const c = a.c + (first + b) * H, *const h = a.h + (first + b) * H;
            for (long j = 0; j < count; ++j) {
                const long u = open[size_t(j)];
                c[u] = part[4][b * wide + j];
                h[u] = part[5][b * wide + j];
                layout.put(row, u, h[u]);
            }
            std::memcpy(a.output + (t * a.batch + first + b) * H, h, sizeof(T) * size_t(H));
        }
    }
}

// The pre-activations of U units, of all rows side by side: `seen` holds h_{t-1} and x_t, (H + I, lanes NV).
template <class V, int U, int NV, class T>
INLINE void pre_activations_side_by_side(const OpenUnits<T>& a, const T* seen, const long* units, V (&sum)[U][NV][gates]) {
    constexpr int lanes = lanes_of<V>;
    for (int u = 0; u < U; ++u)
        for (long gate = 0; gate < gates; ++gate)
            for (int v = 0; v < NV; ++v) sum[u][v][gate] = splat<V>(a.bias ? a.bias[gate * a.hidden + units[u]] : T(0));
    const auto add = [&](const T* weights, long size, const T* rows) __attribute__((always_inline)) {
        const T* w[U][gates];
        for (int u = 0; u < U; ++u)
            for (long gate = 0; gate < gates; ++gate) w[u][gate] = weights + (gate * a.hidden + units[u]) * size;
        for (long k = 0; k < size; ++k, rows += NV * lanes)
#pragma GCC unroll 2
            for (int u = 0; u < U; ++u)
#pragma GCC unroll 4
                for (long gate = 0; gate < gates; ++gate)
#pragma GCC unroll 2
                    for (int v = 0; v < NV; ++v) sum[u][v][gate] += splat<V>(w[u][gate][k]) * load<V>(rows + v * lanes);
    };
    add(a.weight_hh, a.hidden, seen);
    add(a.weight_ih, a.inputs, seen + a.hidden * NV * lanes);
}

// All steps of the rows from `first` to before `last`, at most lanes NV, side by side in vectors.
template <class T, int NV> void run_side_by_side(const OpenUnits<T>& a, long first, long last) {
    constexpr int lanes = most_lanes<T>, wide = lanes * NV, together = 2 / NV;  // units
    using V = vec<T, lanes>;
    static thread_local Scratch<T> memory;
    const long H = a.hidden, rows = last - first;
    memory.need(padded(sizeof(T) * size_t((H + a.inputs) * wide)) + 3 * padded(sizeof(T) * size_t(H * wide)));
    T* const seen = memory.take(size_t((H + a.inputs) * wide));
    T* const c = memory.take(size_t(H * wide));
    T *const new_h = memory.take(size_t(H * wide)), *const new_c = memory.take(size_t(H * wide));
    std::fill(seen, seen + (H + a.inputs) * wide, T(0));
    std::fill(c, c + H * wide, T(0));
    for (long b = 0; b < rows; ++b)
        for (long u = 0; u < H; ++u)
            seen[u * wide + b] = a.h[(first + b) * H + u], c[u * wide + b] = a.c[(first + b) * H + u];
    std::vector<long> open;
    for (long t = 0; t < a.steps; ++t) {
        const T* const openness = a.openness + t * H;
        const long count = find_open(openness, H, open);
        if (count) each_input(a, t, first, last, [&](long b, long k, T x) { seen[(H + k) * wide + b] = x; });
        const auto update = [&](auto units, long j) __attribute__((always_inline)) {
            constexpr int U = decltype(units)::value;
            V pre[U][NV][gates];
            pre_activations_side_by_side<V, U, NV>(a, seen, open.data() + j, pre);
            for (int i = 0; i < U; ++i) {
                const long u = open[size_t(j + i)];
                V peepholes[3];
                for (long p = 0; p < 3; ++p) peepholes[p] = splat<V>(a.peepholes ? a.peepholes[p * H + u] : T(0));
                for (int v = 0; v < NV; ++v) {
                    V own_h = load<V>(seen + u * wide + v * lanes), own_c = load<V>(c + u * wide + v * lanes);
                    gated_step(pre[i][v], peepholes, splat<V>(openness[u]), own_h, own_c);
                    store<V>(new_c + (j + i) * wide + v * lanes, own_c);
                    store<V>(new_h + (j + i) * wide + v * lanes, own_h);
                }
            }
        };
        long j = 0;
        for (; j + together <= count; j += together) update(number<together>(), j);
        for (; j < count; ++j) update(number<1>(), j);
        for (long b = 0; b < rows; ++b) {
            const T* const before = t ? a.output + ((t - 1) * a.batch + first + b) * H : a.h + (first + b) * H;
            T* const output = a.output + (t * a.batch + first + b) * H;
            std::memcpy(output, before, sizeof(T) * size_t(H));
            for (j = 0; j < count; ++j) output[open[size_t(j)]] = new_h[j * wide + b];
        }
        for (j = 0; j < count; ++j) {
            std::memcpy(seen + open[size_t(j)] * wide, new_h + j * wide, sizeof(T) * wide);
            std::memcpy(c + open[size_t(j)] * wide, new_c + j * wide, sizeof(T) * wide);
        }
    }
    for (long b = 0; b < rows; ++b)
        for (long u = 0; u < H; ++u)
            a.h[(first + b) * H + u] = seen[u * wide + b], a.c[(first + b) * H + u] = c[u * wide + b];
}

template <class T> void run_open(const OpenUnits<T>& a) {
    static thread_local Scratch<T> memory;
    constexpr long lanes = most_lanes<T>, few = 8;
    const long shares = std::max<long>(1, std::min<long>(a.threads, a.batch));
    const auto first_of = [&](long k) { return a.batch * k / shares; };
    const auto side_by_side = [&](long rows) {  // how many of them; the others are too few for vectors
        const long left = rows % (2 * lanes);
        return left < few ? rows - left : rows;
    };
    bool all = true;
    for (long k = 0; k < shares; ++k) {
        const long rows = first_of(k + 1) - first_of(k);
        all = all && side_by_side(rows) == rows;
    }
    const OpenUnitsLayout<T> layout(a.hidden, a.inputs);
    T* packed = nullptr;
    if (!all) {
        memory.need(padded(sizeof(T) * size_t(a.hidden * layout.size)));
        layout.pack(a, packed = memory.take(size_t(a.hidden * layout.size)));
    }
    run(shares, a.parallel, [&](long k) {
        const long last = first_of(k + 1), end = first_of(k) + side_by_side(last - first_of(k));
        for (long first = first_of(k); first < end; first += 2 * lanes) {
            const long to = std::min(end, first + 2 * lanes);
            if (to - first > lanes) run_side_by_side<T, 2>(a, first, to);
            else run_side_by_side<T, 1>(a, first, to);
        }
        if (end < last) run_one_by_one(a, packed, end, last);
    });
}

}  // namespace holdfast

extern "C" void holdfast_open_units_float32(const holdfast::OpenUnits<float>* a) { holdfast::run_open(*a); }
extern "C" void holdfast_open_units_float64(const holdfast::OpenUnits<double>* a) { holdfast::run_open(*a); }
