"""Stage 3: from aten operations on batches to values of one row.

One rule for each operation, in `RULES`: from a node's arguments, with rows already turned into values without their
batch axis, to the value of its result.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from holdfast.compiler import ir
from holdfast.compiler.ir import Value, constant, elementwise
from holdfast.compiler.refusal import Refusal

aten = torch.ops.aten
Rule = Callable[..., Value | tuple[Value, ...]]
RULES: dict[Any, Rule] = {operator.getitem: lambda node, values, k: values[k]}


def lower(node: fx.Node, value_of: Callable[[fx.Node], Any]) -> Value | tuple[Value, ...]:
    """The value of a node of kind rows; `value_of` gives those of its arguments."""
    args = fx.map_arg(node.args, value_of)
    keywords = {
        k: v
        for k, v in fx.map_arg(node.kwargs, value_of).items()
        if k in ("alpha", "dim", "correction", "keepdim", "min", "max", "rounding_mode")
    }
    return RULES[node.target](node, *args, **keywords)


def rule(*targets) -> Callable[[Any], Any]:
    """Register how `targets` are lowered. A rule takes the node, then the arguments of the operation."""

    def register(function):
        RULES.update(dict.fromkeys(targets, function))
        return function

    return register


def row_shape(node: fx.Node, output: int | None = None) -> tuple[int, ...]:
    """The shape of one row of a node's result."""
    value = node.meta["val"]
    return tuple((value if output is None else value[output]).shape)[1:]


def axis_of(axis: int, value: Value) -> int:
    """An axis of a batch as one of a row, which has one less."""
    return axis % (len(value.shape) + 1) - 1


def as_value(argument: Value | float) -> Value:
    """Numbers are constants."""
    return argument if isinstance(argument, Value) else constant(argument)


def align(node: fx.Node, value: Value) -> Value:
    """A parameter that is broadcast over the batch by a first axis of 1 loses that axis."""
    rank = len(row_shape(node))
    return ir.reshape(value, value.shape[1:]) if len(value.shape) > rank else value


def plain(op: str) -> Callable[..., Value]:
    """The rule of an elementwise operation."""

    def apply(node: fx.Node, *args: Value | float, **_: Any) -> Value:
        result = elementwise(op, *(align(node, as_value(arg)) for arg in args))
        return ir.expand(result, row_shape(node))

    return apply


for name in ("neg", "exp", "tanh", "sigmoid", "relu", "abs", "sqrt", "rsqrt", "reciprocal", "log", "log1p", "expm1",
             "erf", "erfc", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
             "exp2", "log2", "log10", "floor", "ceil", "trunc", "round", "sign"):  # fmt: skip
    rule(getattr(aten, name).default)(plain(name))
for name, op in {"mul": "mul", "div": "div"}.items():
    rule(getattr(aten, name).Tensor, getattr(aten, name).Scalar)(plain(op))
for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    rule(getattr(aten, name).Tensor, getattr(aten, name).Scalar)(plain(name))
rule(aten.maximum.default)(plain("max"))
rule(aten.minimum.default)(plain("min"))
rule(aten.where.self)(plain("where"))
rule(aten.logical_and.default, aten.bitwise_and.Tensor)(plain("and"))
rule(aten.logical_or.default, aten.bitwise_or.Tensor)(plain("or"))
rule(aten.logical_xor.default, aten.bitwise_xor.Tensor)(plain("ne"))
rule(aten.logical_not.default, aten.bitwise_not.default)(plain("not"))


@rule(aten.add.Tensor, aten.add.Scalar)
def add(node: fx.Node, a, b, alpha: float = 1) -> Value:
    return plain("add")(node, a, scaled(node, b, alpha))


@rule(aten.sub.Tensor, aten.sub.Scalar)
def subtract(node: fx.Node, a, b, alpha: float = 1) -> Value:
    return plain("sub")(node, a, scaled(node, b, alpha))


def scaled(node: fx.Node, value, alpha: float):
    """`alpha` times a value."""
    return value if alpha == 1 else elementwise("mul", align(node, as_value(value)), constant(alpha))


@rule(aten.clamp.default, aten.clamp.Tensor)
def clamp(node: fx.Node, a, min=None, max=None) -> Value:
    a = a if min is None else plain("max")(node, a, min)
    return a if max is None else plain("min")(node, a, max)


@rule(aten.div.Tensor_mode)
def divide_to_whole(node: fx.Node, a, b, rounding_mode: str | None = None) -> Value:
    ratio = plain("div")(node, a, b)
    return ratio if rounding_mode is None else elementwise(rounding_mode, ratio)


@rule(aten.remainder.Tensor, aten.remainder.Scalar, aten.fmod.Tensor, aten.fmod.Scalar)
def remainder(node: fx.Node, a, b) -> Value:
    """What is left of a when b is taken away a whole number of times, rounded down or, for `fmod`, towards zero."""
    whole = elementwise("trunc" if "fmod" in str(node.target) else "floor", plain("div")(node, a, b))
    return plain("sub")(node, a, plain("mul")(node, whole, b))


@rule(aten.hypot.default)
def hypotenuse(node: fx.Node, a, b) -> Value:
    a, b = (ir.expand(align(node, as_value(part)), row_shape(node)) for part in (a, b))
    return elementwise("sqrt", elementwise("add", elementwise("mul", a, a), elementwise("mul", b, b)))


@rule(aten.atan2.default)
def angle(node: fx.Node, y, x) -> Value:
    """Of the point (x, y), in -pi..pi."""
    y, x = (ir.expand(align(node, as_value(part)), row_shape(node)) for part in (y, x))
    half = elementwise("atan", elementwise("div", y, x))  # pi / 2 where x is 0
    turn = elementwise("where", elementwise("lt", y, constant(0)), constant(-math.pi), constant(math.pi))
    whole = elementwise("where", elementwise("lt", x, constant(0)), elementwise("add", half, turn), half)
    return elementwise(
        "where",
        elementwise("eq", y, constant(0)),
        elementwise("where", elementwise("lt", x, constant(0)), constant(math.pi), constant(0)),
        whole,
    )


@rule(aten.pow.Tensor_Scalar)
def power(node: fx.Node, a: Value, exponent: float) -> Value:
    """Small whole powers by repeated multiplication."""
    if exponent == 0.5:
        return elementwise("sqrt", a)
    if exponent != int(exponent) or not 1 <= abs(exponent) <= 8:
        return elementwise("pow", a, constant(exponent))
    result, square, left = None, a, int(abs(exponent))
    while left:
        if left & 1:
            result = square if result is None else elementwise("mul", result, square)
        left >>= 1
        square = elementwise("mul", square, square) if left else square
    assert result is not None
    return result if exponent > 0 else elementwise("reciprocal", result)


@rule(aten.pow.Tensor_Tensor)
def power_of_values(node: fx.Node, a, b) -> Value:
    return plain("pow")(node, a, b)


@rule(aten.hardshrink_backward.default, aten.softshrink_backward.default)
def shrink_backward(node: fx.Node, gradient: Value, a: Value, width: float) -> Value:
    inside = elementwise("le", elementwise("abs", a), constant(width))
    return elementwise("where", inside, constant(0), gradient)


@rule(aten.pow.Scalar)
def power_of_number(node: fx.Node, base: float, exponent: Value) -> Value:
    return elementwise("pow", constant(base), exponent)


@rule(aten.isnan.default)
def is_nan(node: fx.Node, a: Value) -> Value:
    return elementwise("ne", a, a)


@rule(aten.isinf.default)
def is_infinite(node: fx.Node, a: Value) -> Value:
    return elementwise("eq", elementwise("abs", a), constant(math.inf))


@rule(aten.clone.default, aten.alias.default, aten.detach.default, aten.expand.default, aten._to_copy.default)
def same(node: fx.Node, a: Value, *_, **__) -> Value:
    dtype = node.meta["val"].dtype
    source: Any = node.all_input_nodes[0]
    if dtype != source.meta["val"].dtype:
        if source.meta["val"].dtype.is_floating_point or not dtype.is_floating_point:
            raise Refusal(f"a conversion from {source.meta['val'].dtype} to {dtype} is not compiled")
        a = ir.as_number(a)
    return ir.expand(align(node, a), row_shape(node))


@rule(aten.full.default, aten.full_like.default, aten.scalar_tensor.default)
def full(node: fx.Node, _like, fill=None, **__) -> Value:
    number = _like if fill is None else fill
    return constant(number, row_shape(node) if node.meta["val"].ndim else ())


@rule(aten.empty_permuted.default, aten.empty.memory_format, aten.empty_like.default, aten.new_empty.default)
def empty(node: fx.Node, *_, **__) -> Value:
    return constant(0.0, row_shape(node))


@rule(aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.squeeze.dims, aten.squeeze.dim)
@rule(aten.unsqueeze.default, aten.squeeze.default)
def reshape(node: fx.Node, a: Value, *_) -> Value:
    return ir.reshape(a, row_shape(node))


@rule(aten.permute.default)
def permute(node: fx.Node, a: Value, order) -> Value:
    order = [axis % (len(a.shape) + 1) for axis in order]
    if order[0] != 0:
        raise Refusal("permute moves the batch axis")
    return ir.permute(a, tuple(axis - 1 for axis in order[1:]))


@rule(aten.slice.Tensor)
def slice_(node: fx.Node, a: Value, dim: int = 0, start=None, end=None, step: int = 1) -> Value:
    axis = axis_of(dim, a)
    first, last, _ = slice(start, end).indices(a.shape[axis])
    return ir.part(a, axis, first, max(0, math.ceil((last - first) / step)), step)


@rule(aten.select.int)
def select(node: fx.Node, a: Value, dim: int, place: int) -> Value:
    axis = axis_of(dim, a)
    return ir.reshape(ir.part(a, axis, place % a.shape[axis], 1), row_shape(node))


@rule(aten.split_with_sizes.default)
def split(node: fx.Node, a: Value, sizes, dim: int = 0) -> tuple[Value, ...]:
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    return tuple(ir.part(a, axis_of(dim, a), start, size) for start, size in zip(starts, sizes, strict=True))


@rule(aten.cat.default)
def cat(node: fx.Node, pieces, dim: int = 0) -> Value:
    return joined(pieces, axis_of(dim, pieces[0]))


def joined(pieces, axis: int) -> Value:
    """Pieces one after the other along an axis."""
    kept = tuple(ir.as_number(piece) for piece in pieces if piece.shape[axis])
    if len(kept) == 1:
        return kept[0]
    size = sum(piece.shape[axis] for piece in kept)
    shape = (*kept[0].shape[:axis], size, *kept[0].shape[axis + 1 :])
    return Value("cat", kept, shape, {"axis": axis})


@rule(aten.slice_scatter.default)
def slice_scatter(node: fx.Node, base, piece, dim: int = 0, start=None, end=None, step: int = 1) -> Value:
    axis = axis_of(dim, base)
    first, last, _ = slice(start, end).indices(base.shape[axis])
    if step != 1:
        piece = woven(base, piece, axis, first, step)
        last = first + piece.shape[axis]
    before, after = ir.part(base, axis, 0, first), ir.part(base, axis, last, base.shape[axis] - last)
    return joined((before, piece, after), axis)


def woven(base: Value, piece: Value, axis: int, first: int, step: int) -> Value:
    """`piece` at every step-th place of an axis of `base`, from `first` on; what lies between is that of `base`."""
    count, end = piece.shape[axis], base.shape[axis]
    shape = (*piece.shape[:axis], count, 1, *piece.shape[axis + 1 :])
    threads = [ir.reshape(piece, shape)]
    for offset in range(1, step):
        held = min(count, math.ceil((end - first - offset) / step))  # the last place may lie beyond the end
        thread = [ir.part(base, axis, first + offset, held, step)] if held > 0 else []
        missing = (*piece.shape[:axis], count - max(0, held), *piece.shape[axis + 1 :])
        threads.append(ir.reshape(joined([*thread, constant(0, missing)], axis), shape))
    whole = (*piece.shape[:axis], count * step, *piece.shape[axis + 1 :])
    return ir.part(ir.reshape(joined(threads, axis + 1), whole), axis, 0, min(count * step, end - first))


@rule(aten.select_scatter.default)
def select_scatter(node: fx.Node, base, piece, dim: int, place: int) -> Value:
    axis = axis_of(dim, base)
    shape = (*base.shape[:axis], 1, *base.shape[axis + 1 :])
    return slice_scatter(
        node, base, ir.reshape(piece, shape), dim, place % base.shape[axis], place % base.shape[axis] + 1
    )


@rule(aten.flip.default)
def flip(node: fx.Node, a: Value, dims) -> Value:
    for dim in dims:
        a = ir.flip(a, axis_of(dim, a))
    return a


@rule(aten.cumsum.default)
def cumsum(node: fx.Node, a: Value, dim: int, **_) -> Value:
    return ir.cumsum(a, axis_of(dim, a))


def reduction(op: str) -> Rule:
    """The rule of a sum or extremum along axes."""

    def apply(node: fx.Node, a: Value, dims, keepdim: bool = False, **_: Any) -> Value:
        dims = [dims] if isinstance(dims, int) else dims
        return ir.reduce(op, a, tuple(axis_of(dim, a) for dim in dims), keep=keepdim)

    return apply


rule(aten.sum.dim_IntList)(reduction("sum"))
rule(aten.amax.default)(reduction("amax"))
rule(aten.amin.default)(reduction("amin"))
rule(aten.any.dim, aten.any.dims)(reduction("amax"))
rule(aten.all.dim, aten.all.dims)(reduction("amin"))


def mean_over(a: Value, dims, keep: bool) -> Value:
    """The mean along axes of a batch."""
    axes = tuple(axis_of(dim, a) for dim in dims)
    count = math.prod(a.shape[axis] for axis in axes)
    return elementwise("mul", ir.reduce("sum", a, axes, keep=keep), constant(1 / count))


@rule(aten.mean.dim)
def mean(node: fx.Node, a: Value, dims, keepdim: bool = False, **_) -> Value:
    return mean_over(a, dims, keepdim)


def moments(a: Value, dims, correction: float, keepdim: bool) -> tuple[Value, Value]:
    """Variance and mean along axes, in two passes."""
    count = math.prod(a.shape[axis_of(dim, a)] for dim in dims)
    centred = elementwise("sub", a, mean_over(a, dims, True))
    squares = mean_over(elementwise("mul", centred, centred), dims, keepdim)
    bessel = constant(count / (count - correction) if count > correction else math.nan)
    return elementwise("mul", squares, bessel), mean_over(a, dims, keepdim)


@rule(aten.var_mean.correction)
def var_mean(node: fx.Node, a: Value, dim=None, correction=1, keepdim: bool = False) -> tuple[Value, Value]:
    return moments(a, dim, 1 if correction is None else correction, keepdim)


@rule(aten.var.correction)
def var(node: fx.Node, a: Value, dim=None, correction=1, keepdim: bool = False) -> Value:
    return moments(a, dim, 1 if correction is None else correction, keepdim)[0]


@rule(aten.mm.default)
def matrix_product(node: fx.Node, a: Value, weight: Value) -> Value:
    return Value("mm", (a, weight), row_shape(node))


@rule(aten.bmm.default)
def product_of_rows(node: fx.Node, a: Value, b: Value) -> Value:
    """Each row has two matrices of its own: (n, k) times (k, m)."""
    (n, k), m = a.shape, b.shape[1]
    left = Value("affine", (a,), (n, k, m), {"index": [(0, {0: 1}), (0, {1: 1})]})
    right = Value("affine", (b,), (n, k, m), {"index": [(0, {1: 1}), (0, {2: 1})]})
    return ir.reduce("sum", elementwise("mul", left, right), (1,), keep=False)
