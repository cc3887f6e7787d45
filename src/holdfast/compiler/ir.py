"""The compiler's own small language: what one row of the batch computes in one step.

A value is an array of fixed shape that belongs to one row of the batch, or to none (parameters, constants). Views are
values too: they cost nothing, since they only change the index under which something else is read.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

UNARY = frozenset({"neg", "exp", "tanh", "sigmoid", "relu", "abs", "sqrt", "rsqrt", "reciprocal", "log", "log1p"}) | {
    "expm1", "erf", "erfc", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
    "exp2", "log2", "log10", "floor", "ceil", "trunc", "round", "sign", "not", "copy", "float"
}  # fmt: skip
BINARY = frozenset({"add", "sub", "mul", "div", "max", "min", "pow", "lt", "le", "gt", "ge", "eq", "ne", "and", "or"})
ELEMENTWISE = UNARY | BINARY | {"where"}
LEAVES = frozenset({"input", "parameter", "constant"})
VIEWS = frozenset({"affine", "reshape"})
REDUCTIONS = frozenset({"sum", "amax", "amin"})
EXPENSIVE = frozenset({
    "exp", "tanh", "sigmoid", "log", "log1p", "expm1", "erf", "erfc", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "asinh", "acosh", "atanh", "exp2", "log2", "log10", "pow", "sqrt", "rsqrt",
})  # fmt: skip
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
LOGIC = frozenset({"and", "or", "not"})
MASKS = COMPARISONS | LOGIC


@dataclass(eq=False)
class Value:
    """One operation and its result.

    Args:
        op: a name of the sets above, "cat", "cumsum" or "mm".
        args: what it reads.
        shape: its shape for one row of the batch.
        attributes: what the operation needs besides:
            input, parameter: `name`; constant: `value`;
            affine: `index`, for each axis of the argument (start, {axis of the result: step});
            cat, cumsum: `axis`; cumsum: `reverse`; reductions: `axes` of the argument, all kept out of the shape.

    The arguments of "mm" are pairs of a row and a weight, whose products are summed.
    """

    op: str
    args: tuple["Value", ...] = ()
    shape: tuple[int, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many numbers it holds for one row."""
        return prod(self.shape)

    def __repr__(self) -> str:
        return f"{self.op}{list(self.shape)}"


def constant(number: float, shape: tuple[int, ...] = ()) -> Value:
    """The same number everywhere."""
    return Value("constant", (), shape, {"value": float(number)})


def elementwise(op: str, *args: Value) -> Value:
    """`op` at every place of the arguments, which are broadcast against each other; trivial cases are simplified."""
    args = tuple(
        as_mask(arg) if op in LOGIC or (op, k) == ("where", 0) else as_number(arg) for k, arg in enumerate(args)
    )
    shape = broadcast_shape(*(arg.shape for arg in args))
    numbers = [arg.attributes["value"] if arg.op == "constant" else None for arg in args]
    for k, number in enumerate(numbers):
        other = args[1 - k] if len(args) == 2 else args[0]
        neutral = {"add": 0.0, "mul": 1.0, "sub": 0.0 if k == 1 else None, "div": 1.0 if k == 1 else None}.get(op)
        if len(args) == 2 and number is not None and number == neutral and other.shape == shape:
            return other
    if op in COMPARISONS and None not in numbers:
        return constant(getattr(operator, op)(*numbers), shape)
    if op == "where" and numbers[0] is not None:
        return expand(args[1 if numbers[0] else 2], shape)
    return Value(op, tuple(expand(arg, shape) for arg in args), shape)


def is_mask(value: Value) -> bool:
    """Whether a value is truth and not numbers: C++ has vectors of another type for it, and none is stored."""
    return value.op in MASKS or (value.op == "affine" and is_mask(value.args[0]))


def as_number(value: Value) -> Value:
    """1 where a mask is true, else 0; what is numbers already is left as it is."""
    return Value("float", (value,), value.shape) if is_mask(value) else value


def as_mask(value: Value) -> Value:
    """Where numbers are not 0."""
    if value.op == "float":
        return value.args[0]
    return value if is_mask(value) or value.op == "constant" else elementwise("ne", value, constant(0))


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all broadcast to."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded, strict=True))


def expand(value: Value, shape: tuple[int, ...]) -> Value:
    """`value` repeated along axes of size 1, and along new ones in front."""
    if value.shape == shape:
        return value
    if value.op == "constant":
        return constant(value.attributes["value"], shape)
    new = len(shape) - len(value.shape)
    index = [(0, {} if size == 1 else {new + k: 1}) for k, size in enumerate(value.shape)]
    return Value("affine", (value,), shape, {"index": index})


def reshape(value: Value, shape: tuple[int, ...]) -> Value:
    """The same numbers in row-major order; where only axes of size 1 come or go, that is known to be a plain view."""
    if value.shape == shape:
        return value
    if value.op == "constant":
        return constant(value.attributes["value"], shape)
    if [size for size in shape if size != 1] != [size for size in value.shape if size != 1]:
        return Value("reshape", (as_number(value),), shape)
    places = iter([k for k, size in enumerate(shape) if size != 1])
    index = [(0, {} if size == 1 else {next(places): 1}) for size in value.shape]
    return Value("affine", (value,), shape, {"index": index})


def part(value: Value, axis: int, start: int, size: int, step: int = 1) -> Value:
    """`size` places of one axis, from `start` on, `step` apart (which may be negative)."""
    if (start, size, step) == (0, value.shape[axis], 1):
        return value
    shape = (*value.shape[:axis], size, *value.shape[axis + 1 :])
    index = [(start if k == axis else 0, {k: step if k == axis else 1}) for k in range(len(shape))]
    return Value("affine", (value,), shape, {"index": index})


def permute(value: Value, order: tuple[int, ...]) -> Value:
    """Axis k of the result is axis order[k] of the argument."""
    index = [(0, {order.index(k): 1}) for k in range(len(order))]
    return Value("affine", (value,), tuple(value.shape[k] for k in order), {"index": index})


def reduce(op: str, value: Value, axes: tuple[int, ...], *, keep: bool) -> Value:
    """Sum or extremum over `axes`."""
    value = as_number(value)
    left = tuple(size for k, size in enumerate(value.shape) if k not in axes)
    reduced = Value(op, (value,), left, {"axes": axes})
    return reshape(reduced, tuple(1 if k in axes else n for k, n in enumerate(value.shape))) if keep else reduced


def cumsum(value: Value, axis: int) -> Value:
    """Running sum; that of a flipped value is kept as the flip of one that runs backwards."""
    value = as_number(value)
    if value.op == "affine" and value.attributes["index"] == flipped(value.shape, axis):
        running = Value("cumsum", value.args, value.shape, {"axis": axis, "reverse": True})
        return flip(running, axis)
    return Value("cumsum", (value,), value.shape, {"axis": axis, "reverse": False})


def flip(value: Value, axis: int) -> Value:
    """One axis in reverse; flipped twice it is what it was."""
    if value.op == "affine" and value.attributes["index"] == flipped(value.shape, axis):
        return value.args[0]
    return Value("affine", (value,), value.shape, {"index": flipped(value.shape, axis)})


def flipped(shape: tuple[int, ...], axis: int) -> list:
    """The index of a view that reverses one axis."""
    return [(size - 1, {k: -1}) if k == axis else (0, {k: 1}) for k, size in enumerate(shape)]


def walk(*values: Value) -> Iterator[Value]:
    """Every value that these need, and they themselves, each once, what is read before what reads it."""
    seen: set[Value] = set()
    stack = [(value, False) for value in reversed(values)]
    while stack:
        value, ready = stack.pop()
        if ready:
            yield value
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack.extend((arg, False) for arg in reversed(value.args) if arg not in seen)
