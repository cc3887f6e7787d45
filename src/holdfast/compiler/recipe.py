"""Work on whole tensors as data: a short list of operations by name, and the loop that carries it out.

What a kernel needs done in torch before and after it (its prologue and epilogue) is kept in this form, so that it can
be written to a file and read again without running anything that the file says beyond operations of one list.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, fx

from holdfast.compiler.refusal import Refusal

GETITEM = "getitem"
UNARY = (
    "abs acos asin atan clone cos cosh detach erf exp expm1 floor log log1p neg reciprocal relu round rsqrt sigmoid "
    "sign sin sinh sqrt square t tan tanh"
)
SHAPES = (
    "cat.default cumsum.default diag_embed.default diagonal.default expand.default flip.default permute.default "
    "repeat.default reshape.default roll.default select.int slice.Tensor split.Tensor split_with_sizes.default "
    "squeeze.default squeeze.dim squeeze.dims tril.default triu.default unsqueeze.default view.default "
    "_unsafe_view.default alias.default transpose.int stack.default slice_scatter.default select_scatter.default"
)
ARITHMETIC = (
    "add.Tensor add.Scalar sub.Tensor sub.Scalar mul.Tensor mul.Scalar div.Tensor div.Scalar rsub.Scalar "
    "pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar maximum.default minimum.default clamp.default where.self "
    "eq.Tensor eq.Scalar ne.Tensor ne.Scalar lt.Tensor lt.Scalar le.Tensor le.Scalar gt.Tensor gt.Scalar ge.Tensor "
    "ge.Scalar logical_and.default logical_or.default logical_not.default _to_copy.default full.default "
    "full_like.default scalar_tensor.default arange.default arange.start arange.start_step eye.default eye.m"
)
COMPLEX = "complex.default _conj.default _fft_c2c.default view_as_real.default view_as_complex.default"
PLACES = "index.Tensor index_put.default constant_pad_nd.default triu_indices.default"
SUMS = (
    "sum.default sum.dim_IntList mean.default mean.dim amax.default amin.default var.correction var_mean.correction "
    "mm.default bmm.default addmm.default linalg_vector_norm.default linalg_matrix_exp.default"
)
ALLOWED = frozenset(
    [GETITEM] + [f"aten.{name}.default" for name in UNARY.split()]
    + [f"aten.{name}" for names in (SHAPES, ARITHMETIC, COMPLEX, PLACES, SUMS) for name in names.split()]
)  # fmt: skip
"""What a recipe that comes from a file may do: all are pure, and none touches anything but tensors."""

OBJECTS = {
    "dtype": {str(kind): kind for kind in vars(torch).values() if isinstance(kind, torch.dtype)},
    "layout": {str(kind): kind for kind in (torch.strided,)},
    "memory_format": {str(kind): kind for kind in (torch.contiguous_format, torch.preserve_format)},
    "device": {"cpu": torch.device("cpu")},
}
"""Arguments that JSON has no word for."""


@dataclass(frozen=True)
class At:
    """An argument that is an earlier value: an input of the recipe, or the result of an operation, in that order."""

    place: int


@dataclass(frozen=True)
class Operation:
    """One call.

    Args:
        name: as torch writes it, `aten.mul.Tensor`, or `getitem`.
        arguments, keywords: numbers, lists, other plain things, and `At`.
    """

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A function of tensors to a tuple of tensors.

    Args:
        inputs: how many tensors it takes.
        operations: what it does, one after the other.
        results: places of what it yields; None for what there is none of.
    """

    inputs: int
    operations: tuple[Operation, ...]
    results: tuple[int | None, ...]

    def __call__(self, *tensors: Tensor) -> tuple[Any, ...]:
        assert len(tensors) == self.inputs
        values: list[Any] = list(tensors)
        for operation in self.operations:
            arguments = [filled(argument, values) for argument in operation.arguments]
            keywords = {name: filled(argument, values) for name, argument in operation.keywords.items()}
            values.append(function_named(operation.name)(*arguments, **keywords))
        return tuple(None if place is None else values[place] for place in self.results)

    def without_the_unused(self) -> "Recipe":
        """The same without operations whose results nothing reads."""
        used = {place for place in self.results if place is not None}
        for place, operation in reversed([*enumerate(self.operations, self.inputs)]):
            if place in used:
                used |= places_in((operation.arguments, *operation.keywords.values()))
        kept = [place for place in range(self.inputs + len(self.operations)) if place in used or place < self.inputs]
        new = {place: k for k, place in enumerate(kept)}
        operations = [
            Operation(o.name, moved(o.arguments, new), {key: moved(value, new) for key, value in o.keywords.items()})
            for place, o in enumerate(self.operations, self.inputs)
            if place in new
        ]
        return Recipe(self.inputs, tuple(operations), tuple(None if p is None else new[p] for p in self.results))


def places_in(argument: Any) -> set[int]:
    """The earlier values that an argument names."""
    if type(argument) is At:
        return {argument.place}
    return set().union(*map(places_in, argument)) if type(argument) is tuple else set()


def moved(argument: Any, new: Mapping[int, int]) -> Any:
    """An argument with new places for the old."""
    if type(argument) is At:
        return At(new[argument.place])
    return tuple(moved(part, new) for part in argument) if type(argument) is tuple else argument


def filled(argument: Any, values: list[Any]) -> Any:
    """An argument with earlier values in their places."""
    if type(argument) is At:
        return values[argument.place]
    if type(argument) is tuple:
        return [filled(part, values) for part in argument]
    return argument


@cache
def function_named(name: str) -> Callable[..., Any]:
    """The operation of torch's of that name."""
    if name == GETITEM:
        return operator.getitem
    found: Any = torch.ops
    for part in name.split("."):
        found = getattr(found, part)
    return found


def from_graph(graph: fx.Graph) -> Recipe:
    """A graph of operations as a recipe."""
    operations = []
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    calls = [node for node in graph.nodes if node.op == "call_function"]
    places = {node: place for place, node in enumerate([*inputs, *calls])}
    for node in calls:
        name = GETITEM if node.target is operator.getitem else str(node.target)
        keywords = {key: plain(value, places) for key, value in node.kwargs.items()}
        operations.append(Operation(name, tuple(plain(value, places) for value in node.args), keywords))
    results: Any = next(node for node in graph.nodes if node.op == "output").args[0]
    return Recipe(len(inputs), tuple(operations), tuple(None if node is None else places[node] for node in results))


def plain(argument: Any, places: Mapping[fx.Node, int]) -> Any:
    """An argument of a graph's node, as a recipe has it."""
    if isinstance(argument, fx.Node):
        return At(places[argument])
    if isinstance(argument, (list, tuple)):
        return tuple(plain(part, places) for part in argument)
    return argument


def to_data(recipe: Recipe) -> dict[str, Any]:
    """A recipe as JSON can hold it.

    Raises:
        Refusal: it uses an operation or an argument that a file must not name.
    """
    operations = [
        [allowed(o.name), encoded(o.arguments), {key: encoded(value) for key, value in o.keywords.items()}]
        for o in recipe.operations
    ]
    return {"inputs": recipe.inputs, "operations": operations, "results": list(recipe.results)}


def from_data(data: dict[str, Any]) -> Recipe:
    """The inverse of `to_data`.

    Raises:
        Refusal: the data name an operation that is not on the list.
    """
    operations = tuple(
        Operation(allowed(name), decoded(arguments), {key: decoded(value) for key, value in keywords.items()})
        for name, arguments, keywords in data["operations"]
    )
    return Recipe(data["inputs"], operations, tuple(data["results"]))


def allowed(name: str) -> str:
    """`name` itself, if it is on the list."""
    if name not in ALLOWED:
        raise Refusal(f"{name} is not an operation that a stored program may use")
    return name


def encoded(argument: Any) -> Any:
    """An argument as JSON can hold it."""
    if type(argument) is At:
        return {"at": argument.place}
    if type(argument) is tuple:
        return [encoded(part) for part in argument]
    if argument is None or type(argument) in (bool, int, float):
        return argument
    for kind, known in OBJECTS.items():
        for name, thing in known.items():
            if type(argument) is type(thing) and argument == thing:
                return {kind: name}
    raise Refusal(f"{argument!r} is not an argument that a stored program may have")


def decoded(data: Any) -> Any:
    """The inverse of `encoded`."""
    if isinstance(data, list):
        return tuple(decoded(part) for part in data)
    if isinstance(data, dict):
        ((kind, name),) = data.items()
        return At(name) if kind == "at" else OBJECTS[kind][name]
    return data
