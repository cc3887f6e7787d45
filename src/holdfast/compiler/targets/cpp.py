"""The C++ of expressions and loops, in the words of `runtime.hpp`."""

import math
from dataclasses import dataclass, field
from importlib.resources import files

from holdfast.compiler.index import Index, follow, variable
from holdfast.compiler.ir import ELEMENTWISE, REDUCTIONS, Value
from holdfast.compiler.schedule import Loop, Store, arguments

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
         "ne": "!=", "and": "&", "or": "|"}  # fmt: skip
FUNCTION = {"exp": "exponential", "tanh": "hyperbolic_tangent", "sigmoid": "sigmoid", "relu": "relu", "abs": "absolute",
            "log": "logarithm", "log1p": "logarithm_of_one_plus",
            "sqrt": "square_root", "sign": "signum", "max": "maximum", "min": "minimum", "pow": "power",
            "where": "select", "not": "inverted"}  # fmt: skip
BY_LANE = {name: f"std::{name}(u)" for name in (
    "expm1", "erf", "erfc", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
    "exp2", "log2", "log10", "floor", "ceil", "trunc")} | {"round": "std::nearbyint(u)"}  # fmt: skip
START = {"sum": "T(0)", "amax": "-std::numeric_limits<T>::infinity()", "amin": "std::numeric_limits<T>::infinity()"}
ACROSS = {"sum": "total", "amax": "greatest", "amin": "least"}
TOGETHER = {"sum": "{} + {}", "amax": "maximum({}, {})", "amin": "minimum({}, {})"}


def runtime() -> str:
    """The header that every kernel begins with."""
    return files("holdfast.compiler.targets").joinpath("runtime.hpp").read_text()


def number(value: float) -> str:
    """A literal of type T."""
    if math.isnan(value):
        return "std::numeric_limits<T>::quiet_NaN()"
    if math.isinf(value):
        return ("-" if value < 0 else "") + "std::numeric_limits<T>::infinity()"
    return f"T({value!r})"


def place(index: Index) -> str:
    """An index as an expression in the loop variables j0, j1, ..."""
    terms = [f"{step} * j{v}" if step != 1 else f"j{v}" for v, step in index.steps]
    if index.start or not terms:
        terms.append(str(index.start))
    return " + ".join(terms)


@dataclass
class Body:
    """The statements inside of a loop nest, each computed value once.

    Args:
        pointers: for each stored value the expression of its first element in this row.
        shape: the extents of the loops.
        lanes_along: the loop variable that runs over the lanes of a vector, None if there is none.
    """

    pointers: dict[Value, str]
    shape: tuple[int, ...]
    lanes_along: int | None
    statements: list[str] = field(default_factory=list)
    names: dict[tuple[Value, Index], str] = field(default_factory=dict)
    constants: dict[float, str] = field(default_factory=dict)

    def compute(self, value: Value, index: tuple[Index, ...]) -> str:
        """The name of what an operation yields at an index."""
        return self.declare(expression(value, [self.read(arg, where) for arg, where in arguments(value, index)]))

    def read(self, value: Value, index: tuple[Index, ...]) -> str:
        """The name of a value at an index, from memory or computed on the spot."""
        found, within, where = follow(value, index, self.pointers.__contains__, self.shape)
        if found.op == "constant":
            return self.literal(found.attributes["value"])
        key = (found, where)
        if key not in self.names:
            stored = found in self.pointers
            self.names[key] = self.declare(self.load(found, where)) if stored else self.compute(found, within)
        return self.names[key]

    def load(self, value: Value, where: Index) -> str:
        along = self.lanes_along is not None and where.step(self.lanes_along)
        pointer = self.pointers[value]
        return f"load<V>({pointer} + {place(where)})" if along else f"splat<V>(({pointer})[{place(where)}])"

    def literal(self, value: float) -> str:
        if value not in self.constants:
            self.constants[value] = self.declare(f"splat<V>({number(value)})")
        return self.constants[value]

    def declare(self, what: str) -> str:
        name = f"x{len(self.statements)}"
        self.statements.append(f"const auto {name} = {what};")
        return name

    def write(self, store: Store) -> None:
        """Compute part of a value and write it to memory."""
        index = tuple(variable(k) + Index(start) for k, start in enumerate(store.offset))
        if store.value.op in ELEMENTWISE:
            name = self.compute(store.value, index)
        else:
            pointers, self.pointers = self.pointers, {v: p for v, p in self.pointers.items() if v is not store.value}
            name = self.read(store.value, index)
            self.pointers = pointers
        self.names[store.value, store.place] = name
        self.statements.append(f"store<V>({self.pointers[store.value]} + {place(store.place)}, {name});")


def expression(value: Value, names: list[str]) -> str:
    """An operation on named values."""
    if value.op in INFIX:
        return f"{names[0]} {INFIX[value.op]} {names[1]}"
    if value.op in BY_LANE:
        return f"each({names[0]}, [](T u) {{ return {BY_LANE[value.op]}; }})"
    if value.op in FUNCTION:
        return f"{FUNCTION[value.op]}({', '.join(names)})"
    others = {
        "neg": "-{0}",
        "copy": "{0}",
        "reciprocal": "T(1) / {0}",
        "rsqrt": "T(1) / square_root({0})",
        "float": "select({0}, splat<V>(1), splat<V>(0))",
    }
    return others[value.op].format(*names)


def loop_text(loop: Loop, pointers: dict[Value, str]) -> list[str]:
    """The lines of a loop nest."""
    if loop.kind in REDUCTIONS:
        return reduction_text(loop.stores[0], pointers)
    if loop.kind == "cumsum":
        return cumsum_text(loop.stores[0], pointers)
    inner = len(loop.shape) - 1
    lanes = inner if inner >= 0 and all(runs_along(store, inner) for store in loop.stores) else None
    body = Body(pointers, loop.shape, lanes)
    for store in loop.stores:
        body.write(store)
    return nest(loop.shape, range(inner), vector_loop(inner, loop.shape[-1], body.statements) if lanes is not None
                else scalar_loops(loop.shape, range(max(0, inner), inner + 1), body.statements))  # fmt: skip


def runs_along(store: Store, var: int, *, written: bool = True) -> bool:
    """Whether a loop variable moves through memory one by one, or not at all where something is only read."""
    return (not written or store.place.step(var) == 1) and all(where.step(var) in (0, 1) for _, where in store.reads)


def nest(shape: tuple[int, ...], variables, inside: list[str]) -> list[str]:
    """Loops over `variables` around `inside`."""
    for var in reversed(variables):
        inside = [f"for (long j{var} = 0; j{var} < {shape[var]}; ++j{var}) {{", *indented(inside), "}"]
    return inside


def scalar_loops(shape: tuple[int, ...], variables, statements: list[str]) -> list[str]:
    """Loops in which a vector has one lane."""
    return nest(shape, variables, ["using V = T;", *statements])


def vector_loop(var: int, extent: int, statements: list[str]) -> list[str]:
    """A loop over vectors, the last of which overlaps the one before it if the extent is no multiple."""
    return [
        "{",
        f"    constexpr int lanes = lanes_for<T>({extent});",
        "    using V = vec<T, lanes>;",
        f"    for (long u = 0; u < {extent}; u += lanes) {{",
        f"        const long j{var} = std::min<long>(u, {extent} - lanes);",
        *indented(statements, 8),
        "    }",
        "}",
    ]


def reduction_text(store: Store, pointers: dict[Value, str]) -> list[str]:
    """A sum or extremum: over the lanes if the innermost axis is reduced, else one for each lane."""
    op, own = store.value.op, len(store.value.shape)
    inner, outer = len(store.shape) - 1, own - 1
    reduced = range(own, inner + 1)
    target = f"{pointers[store.value]} + {place(store.place)}"
    if runs_along(store, inner, written=False) and store.shape[inner] > 1:
        lines = [
            "{",
            f"    constexpr int lanes = lanes_for<T>({store.shape[inner]});",
            "    using W = vec<T, lanes>;",
            f"    W sum = splat<W>({START[op]});",
            f"    T rest = {START[op]};",
            *indented(nest(store.shape, reduced[:-1], over_lanes(store, pointers))),
            f"    *({target}) = {TOGETHER[op].format(f'{ACROSS[op]}(sum)', 'rest')};",
            "}",
        ]
        return nest(store.shape, range(own), lines)
    vector = own > 0 and runs_along(store, outer)
    body = Body(pointers, store.shape, outer if vector else None)
    (name,) = [body.read(arg, where) for arg, where in arguments(store.value, own_index(store))]
    lines = [f"V sum = splat<V>({START[op]});"]
    lines += nest(store.shape, reduced, [*body.statements, f"sum = {TOGETHER[op].format('sum', name)};"])
    lines += [f"store<V>({target}, sum);"]
    if vector:
        return nest(store.shape, range(outer), vector_loop(outer, store.shape[outer], lines))
    return nest(store.shape, range(own), ["{", "    using V = T;", *indented(lines), "}"])


def own_index(store: Store) -> tuple[Index, ...]:
    """Where on the value's own axes the loops are."""
    return tuple(variable(k) + Index(start) for k, start in enumerate(store.offset))


def over_lanes(store: Store, pointers: dict[Value, str]) -> list[str]:
    """The innermost loop of a reduction: whole vectors, then what is left, number by number."""
    op, inner = store.value.op, len(store.shape) - 1
    body = Body(pointers, store.shape, inner)
    (name,) = [body.read(arg, where) for arg, where in arguments(store.value, own_index(store))]
    extent = store.shape[inner]
    return [
        f"auto term = [&](auto like, long j{inner}) __attribute__((always_inline)) {{",
        "    using V = decltype(like);",
        *indented(body.statements),
        f"    return {name};",
        "};",
        "long u = 0;",
        f"for (; u + lanes <= {extent}; u += lanes)",
        f"    sum = {TOGETHER[op].format('sum', 'term(W{}, u)')};",
        f"for (; u < {extent}; ++u)",
        f"    rest = {TOGETHER[op].format('rest', 'term(T{}, u)')};",
    ]


def cumsum_text(store: Store, pointers: dict[Value, str]) -> list[str]:
    """A running sum, number by number."""
    value, axis = store.value, store.value.attributes["axis"]
    body = Body(pointers, store.shape, None)
    name = body.read(value.args[0], own_index(store))
    extent = store.shape[axis]
    direction = (
        f"for (long j{axis} = {extent} - 1; j{axis} >= 0; --j{axis}) {{"
        if value.attributes["reverse"]
        else f"for (long j{axis} = 0; j{axis} < {extent}; ++j{axis}) {{"
    )
    lines = ["using V = T;", "T sum = 0;", direction]
    write = f"({pointers[value]})[{place(store.place)}] = sum;"
    lines += [*indented([*body.statements, f"sum += {name};", write]), "}"]
    return nest(store.shape, [k for k in range(len(store.shape)) if k != axis], ["{", *indented(lines), "}"])


def indented(lines: list[str], by: int = 4) -> list[str]:
    """Lines further to the right."""
    return [" " * by + line for line in lines]
