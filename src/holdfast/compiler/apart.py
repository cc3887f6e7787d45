"""Functions of torch that join the batch with another axis, or look values up, in terms that keep rows apart.

A product of (B, n, k) with a matrix, for one, is computed by torch as one of (B n, k): true, but the rows of the batch
can't be told from others after that. A trace runs under `Apart`, which puts the rules below in the place of such
functions. Each has its function's numbers and gradients; one that does not fit answers NotImplemented.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

MOST_PRODUCTS = 16
"""Products with one matrix, beyond which they are one sum of products."""
MOST_TERMS = 1 << 16
"""Numbers of a sum of products, for each row."""

Rule = Callable[..., Any]
RULES: dict[Any, Rule] = {}


def rule(*functions) -> Callable[[Rule], Rule]:
    """Register what stands for `functions`."""

    def register(own: Rule) -> Rule:
        RULES.update(dict.fromkeys(functions, own))
        return own

    return register


class Apart(TorchFunctionMode):
    """Within it the functions of `RULES` are done by their rules where they are called for a batch of so many rows."""

    def __init__(self, batch: int):
        super().__init__()
        self.batch = batch

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in RULES and any(self.has_rows(arg) for arg in args):
            result = RULES[func](*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs)

    def has_rows(self, argument) -> bool:
        if isinstance(argument, (list, tuple)):
            return any(map(self.has_rows, argument))
        return isinstance(argument, Tensor) and argument.dim() > 0 and argument.shape[0] == self.batch


# ---------------------------------------------------------------- products


@rule(torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.mv, Tensor.mv)
def matmul(a: Tensor, b: Tensor) -> Tensor:
    if b.dim() == 1:
        return (a * b).sum(-1)
    if a.dim() == 1:
        return (a.unsqueeze(-1) * b).sum(-2)
    if a.dim() > 2 and b.dim() == 2:
        return rows_times(a, b)
    if a.dim() == 2 and b.dim() > 2:
        return rows_times(b.transpose(-1, -2), a.T).transpose(-1, -2)
    if a.dim() > 2 and b.dim() > 2 and a.shape[0] != b.shape[0]:
        return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)
    return NotImplemented


@rule(F.linear)
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if x.dim() == 2:
        return NotImplemented
    y = rows_times(x, weight.T)
    return y if bias is None else y + bias


def rows_times(a: Tensor, matrix: Tensor) -> Tensor:
    """a (B, ..., k) times (k, m)."""
    between = a.shape[1:-1]
    if math.prod(between) > MOST_PRODUCTS:
        return (a.unsqueeze(-1) * matrix).sum(-2)
    products = [part @ matrix for part in a.flatten(1, -2).unbind(1)]
    return torch.stack(products, 1).unflatten(1, between)


@rule(torch.einsum)
def einsum(equation: str, *operands: Any) -> Tensor:
    operands = tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if "." in equation or not arrow or any(len(set(term)) < len(term) for term in terms):
        return NotImplemented
    for rows, weights in ((0, 1), (1, 0)) if len(terms) == 2 else ():
        y = row_times_matrix(terms[rows], operands[rows], terms[weights], operands[weights], out)
        if y is not None:
            return y
    return sum_of_products(terms, operands, out)


def row_times_matrix(rows: str, x: Tensor, weights: str, matrix: Tensor, out: str) -> Tensor | None:
    """The sum over the axis that x shares with a matrix, if that is what an equation says; rows are not summed."""
    summed, made = "".join(c for c in weights if c in rows), "".join(c for c in weights if c not in rows)
    if len(weights) != 2 or len(summed) != 1 or summed in out or summed == rows[0] or rows[0] != out[0]:
        return None
    kept = rows.replace(summed, "")
    if set(out) != set(kept + made):
        return None
    x = x.permute([rows.index(axis) for axis in kept + summed])
    matrix = matrix if weights == summed + made else matrix.T
    y = x @ matrix if x.dim() == 2 else rows_times(x, matrix)
    return y.permute([(kept + made).index(axis) for axis in out])


def sum_of_products(terms: list[str], operands: tuple[Tensor, ...], out: str) -> Tensor:
    """Any equation, with all products side by side before they are summed."""
    sizes = {axis: n for term, x in zip(terms, operands, strict=True) for axis, n in zip(term, x.shape, strict=True)}
    summed = [axis for axis in sizes if axis not in out]
    batch = next(term[0] for term in terms if term)
    if not out or out[0] != batch or math.prod(n for axis, n in sizes.items() if axis != batch) > MOST_TERMS:
        return NotImplemented
    product: Any = 1
    for term, x in zip(terms, operands, strict=True):
        x = x.permute([term.index(axis) for axis in [*out, *summed] if axis in term])
        product = product * x.reshape([sizes[axis] if axis in term else 1 for axis in [*out, *summed]])
    return product.sum(list(range(len(out), len(out) + len(summed)))) if summed else product


@rule(torch.prod, Tensor.prod)
def prod(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """By halves: as many steps as the logarithm of what is multiplied."""
    if dim is None or dim % x.dim() == 0:
        return NotImplemented
    while (n := x.shape[dim]) > 1:
        odd = x.narrow(dim, n - 1, n % 2)
        x = torch.cat([x.narrow(dim, 0, n // 2) * x.narrow(dim, n // 2, n // 2), odd], dim)
    return x if keepdim else x.squeeze(dim)


@rule(torch.cumprod, Tensor.cumprod)
def cumprod(x: Tensor, dim: int) -> Tensor:
    """Each time twice as many factors."""
    if dim % x.dim() == 0:
        return NotImplemented
    n, reach = x.shape[dim], 1
    while reach < n:
        late = x.narrow(dim, reach, n - reach) * x.narrow(dim, 0, n - reach)
        x, reach = torch.cat([x.narrow(dim, 0, reach), late], dim), 2 * reach
    return x


# ---------------------------------------------------------------- places


@rule(torch.max, Tensor.max)
def maximum(x: Tensor, dim: Any = None, keepdim: bool = False):
    return extremum(x, dim, keepdim, torch.amax, torch.return_types.max)


@rule(torch.min, Tensor.min)
def minimum(x: Tensor, dim: Any = None, keepdim: bool = False):
    return extremum(x, dim, keepdim, torch.amin, torch.return_types.min)


def extremum(x: Tensor, dim: Any, keepdim: bool, of: Callable, kind: Callable):
    """The first of the greatest or least, to which the gradient goes; where it is stays unknown."""
    if not isinstance(dim, int) or dim % x.dim() == 0:
        return NotImplemented
    found = x.detach() == of(x.detach(), dim, keepdim=True)
    first = found & (found.to(x.dtype).cumsum(dim) == 1)
    places = torch.arange(x.shape[dim], dtype=x.dtype).reshape([-1] + [1] * (x.dim() - 1 - dim % x.dim()))
    return kind((torch.where(first, x, 0).sum(dim, keepdim), torch.where(first, places, 0).sum(dim, keepdim).long()))


@rule(torch.roll, Tensor.roll)
def roll(x: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    shifts, dims = ((given,) if isinstance(given, int) else given for given in (shifts, dims))
    if not dims or any(dim % x.dim() == 0 for dim in dims):
        return NotImplemented
    for shift, dim in zip(shifts, dims, strict=True):
        n = x.shape[dim]
        x = torch.cat([x.narrow(dim, n - shift % n, shift % n), x.narrow(dim, 0, n - shift % n)], dim)
    return x


@rule(Tensor.repeat)
def repeat(x: Tensor, *counts: Any) -> Tensor:
    counts = tuple(counts[0]) if len(counts) == 1 and not isinstance(counts[0], int) else counts
    if len(counts) != x.dim() or counts[0] != 1:
        return NotImplemented
    for dim, count in enumerate(counts):
        x = x if count == 1 else torch.cat([x] * count, dim)
    return x


@rule(torch.repeat_interleave, Tensor.repeat_interleave)
def repeat_interleave(x: Tensor, repeats: Any, dim: int | None = None) -> Tensor:
    if dim is None or dim % x.dim() == 0 or not isinstance(repeats, int):
        return NotImplemented
    return torch.stack([x] * repeats, dim % x.dim() + 1).flatten(dim % x.dim(), dim % x.dim() + 1)


@rule(Tensor.__getitem__)
def item(x: Tensor, index: Any) -> Tensor:
    """A list of places along one axis."""
    index = index if isinstance(index, tuple) else (index,)
    dim, places = len(index) - 1, index[-1]
    whole = all(isinstance(other, slice) and other == slice(None) for other in index[:-1])
    if not isinstance(places, list) or not dim or not whole or not all(type(place) is int for place in places):
        return NotImplemented
    return torch.cat([x.narrow(dim, place % x.shape[dim], 1) for place in places], dim)


@rule(F.pad)
def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    x, filling = input, value or 0.0
    if mode != "constant" or len(pad) // 2 >= x.dim():
        return NotImplemented
    for k in range(len(pad) // 2):
        dim, ends = x.dim() - 1 - k, (pad[2 * k], pad[2 * k + 1])
        cut = [max(0, -end) for end in ends]
        x = x.narrow(dim, cut[0], x.shape[dim] - sum(cut))
        shapes = [[*x.shape[:dim], max(0, end), *x.shape[dim + 1 :]] for end in ends]
        x = torch.cat([x.new_full(shapes[0], filling), x, x.new_full(shapes[1], filling)], dim)
    return x


# ---------------------------------------------------------------- channels


@rule(torch.prelu, F.prelu)
def prelu(x: Tensor, weight: Tensor) -> Tensor:
    slope = weight.reshape([-1] + [1] * (x.dim() - 2)) if weight.numel() > 1 else weight.reshape(())
    return torch.where(x > 0, x, slope * x)


@rule(F.group_norm)
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    groups = input.unflatten(1, (num_groups, -1)).flatten(2)
    variance, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    x = ((groups - mean) * torch.rsqrt(variance + eps)).reshape(input.shape)
    for parameter, join in ((weight, torch.mul), (bias, torch.add)):
        x = x if parameter is None else join(x, parameter.reshape([-1] + [1] * (x.dim() - 2)))
    return x
