"""Stage 4: what runs where.

prologue    what depends on parameters alone: once, in torch, before the time loop
forward     one row, one step: the new states
backward    one row, one step: the gradients of the input and of the states
contract    sums over rows and steps of products of two factors; the kernel does many steps' at once
epilogue    gradients of parameters, which are linear in those sums: once, in torch, after the time loop
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from holdfast.compiler.ir import Value, elementwise
from holdfast.compiler.lower import lower
from holdfast.compiler.recipe import Recipe, from_graph
from holdfast.compiler.trace import Traced, aten
from holdfast.compiler.verify import Kind, cotangents_of


@dataclass(frozen=True)
class Contraction:
    """A sum over all rows and steps: of the products of every number of `left` with every one of `right`, or of `left`.

    Args:
        left, right: values of one row; `right` is None for a plain sum.
        shape: of the result.
    """

    left: Value
    right: Value | None
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Parts:
    """A step, taken apart.

    Args:
        new_states: the states after the step, as values of one row.
        input_gradient, state_gradients: what the backward step yields, as values of one row.
        prologue: from the parameters to the arrays that the kernel reads, in the order of `arrays`.
        arrays: names of the prologue's results, those of the values of op "parameter".
        contractions: what is summed over rows and steps.
        epilogue: from the parameters and those sums to the gradients of the parameters, None where it is zero.
    """

    new_states: tuple[Value, ...]
    input_gradient: Value
    state_gradients: tuple[Value, ...]
    prologue: Recipe
    arrays: tuple[str, ...]
    epilogue: Recipe
    contractions: tuple[Contraction, ...]

    @property
    def factors(self) -> tuple[Value, ...]:
        """What the contractions read, each once."""
        both = [value for c in self.contractions for value in (c.left, c.right) if value is not None]
        return tuple(dict.fromkeys(both))


def partition(traced: Traced, kinds: dict[fx.Node, Kind]) -> Parts:
    """Take a verified graph apart."""
    nodes = list(traced.graph.graph.nodes)
    inputs = [node for node in nodes if node.op == "placeholder"]
    states = len(traced.state_sizes)
    rows = Rows(kinds, input_names(traced, inputs))
    outputs: Any = nodes[-1].args[0]
    new, d_input, d_states = outputs[:states], outputs[states], outputs[states + 1 : 2 * states + 1]
    new_states, input_gradient, state_gradients = (
        tuple(map(rows.value, new)), rows.value(d_input), tuple(map(rows.value, d_states))
    )  # fmt: skip
    parameters = inputs[1 + states : -states]
    epilogue, summed = extract_epilogue(parameters, outputs[2 * states + 1 :], kinds)
    contractions = tuple(contraction(node, rows) for node in summed)
    arrays = list(rows.arrays)
    return Parts(
        new_states,
        input_gradient,
        state_gradients,
        extract_prologue(parameters, arrays, inputs[0].meta["val"].dtype),
        tuple(node.name for node in arrays),
        epilogue,
        contractions,
    )


def input_names(traced: Traced, inputs: list[fx.Node]) -> dict[fx.Node, str]:
    """What the kernel calls the graph's inputs that have rows: input, state0.., cotangent0.."""
    states = len(traced.state_sizes)
    names = {inputs[0]: "input"}
    names |= {node: f"state{k}" for k, node in enumerate(inputs[1 : 1 + states])}
    return names | {node: f"cotangent{k}" for k, node in enumerate(cotangents_of(traced))}


class Rows:
    """Lowers nodes of kind rows on demand, each once; notes the parameters that they read."""

    def __init__(self, kinds: dict[fx.Node, Kind], names: dict[fx.Node, str]):
        self.kinds, self.names = kinds, names
        self.made: dict[fx.Node, Any] = {}
        self.arrays: dict[fx.Node, Value] = {}

    def value(self, node: fx.Node) -> Any:
        if node not in self.made:
            for earlier in needed(node, lambda n: n not in self.made and self.kinds[n] in ("rows", "columns")):
                self.made[earlier] = self.make(earlier)
        return self.made[node]

    def make(self, node: fx.Node) -> Any:
        if node in self.names:
            return graph_input(self.names[node], tuple(node.meta["val"].shape)[1:])
        return lower(node, self.argument)

    def argument(self, node: fx.Node) -> Any:
        if self.kinds[node] != "parameters":
            return self.made[node]
        if "full" in str(node.target) or "scalar_tensor" in str(node.target):
            fill: Any = node.args[-1]
            return Value("constant", (), tuple(node.meta["val"].shape), {"value": float(fill)})
        if node not in self.arrays:
            shape = tuple(node.meta["val"].shape)
            self.arrays[node] = Value("parameter", (), shape, {"name": node.name})
        return self.arrays[node]


def graph_input(name: str, shape: tuple[int, ...]) -> Value:
    """An input of the graph. The first state's gradient is carried from the next step and comes from the output."""
    if not name.startswith("cotangent"):
        return Value("input", (), shape, {"name": name})
    carry = Value("input", (), shape, {"name": name.replace("cotangent", "carry")})
    if name != "cotangent0":
        return carry
    return elementwise("add", carry, Value("input", (), shape, {"name": "d_output"}))


def needed(node: fx.Node, wanted) -> list[fx.Node]:
    """The nodes that `node` reads, directly or not, while `wanted` says so; then itself."""
    order: dict[fx.Node, None] = {}
    stack = [(node, False)]
    while stack:
        current, ready = stack.pop()
        if ready:
            order[current] = None
        elif current not in order and wanted(current):
            stack.append((current, True))
            stack.extend((arg, False) for arg in current.all_input_nodes)
    return list(order)


def extract_prologue(parameters: list[fx.Node], results: list[fx.Node], dtype: torch.dtype) -> Recipe:
    """The part of the graph from the parameters to `results`, which a kernel reads as numbers of one dtype."""
    graph, made = fx.Graph(), {}
    for node in parameters:
        made[node] = graph.placeholder(node.name)
    copy_into(graph, results, made)
    for node in results:
        if not node.meta["val"].is_floating_point():
            made[node] = graph.call_function(aten._to_copy.default, (made[node],), {"dtype": dtype})
    graph.output(tuple(made[node] for node in results))
    return from_graph(graph)


def extract_epilogue(parameters: list[fx.Node], gradients, kinds: dict[fx.Node, Kind]):
    """The part of the graph behind the contractions of the batch, and the contractions."""
    wanted = [node if node is not None and kinds[node] == "sums" else None for node in gradients]
    graph, made = fx.Graph(), {}
    for node in parameters:
        made[node] = graph.placeholder(node.name)
    contractions: dict[fx.Node, None] = {}
    for node in wanted:
        if node is not None:
            contractions |= {n: None for n in needed(node, lambda n: True) if contracts(n, kinds)}
    for node in contractions:
        made[node] = graph.placeholder(node.name)
    for node in filter(is_turned, contractions):
        made[node] = graph.call_function(aten.permute.default, (made[node], [1, 0]))
    copy_into(graph, [node for node in wanted if node is not None], made)
    graph.output(tuple(None if node is None else made[node] for node in wanted))
    return from_graph(graph), list(contractions)


def contracts(node: fx.Node, kinds: dict[fx.Node, Kind]) -> bool:
    """Whether a node sums over the batch."""
    return kinds.get(node) == "sums" and any(kinds[arg] in ("rows", "columns") for arg in node.all_input_nodes)


def contraction(node: fx.Node, rows: Rows) -> Contraction:
    """What a node that sums over the batch multiplies."""
    left: Any = node.args[0]
    while rows.kinds[left] == "columns":
        left = left.args[0]
    right: Any = node.args[1] if node.target is aten.mm.default else None
    shape = tuple(node.meta["val"].shape)
    if is_turned(node):
        return Contraction(rows.value(right), rows.value(left), shape[::-1])
    return Contraction(rows.value(left), None if right is None else rows.value(right), shape)


def is_turned(node: fx.Node) -> bool:
    """Whether a product is summed as its transpose, with the wider factor on the right, as the kernel likes it."""
    shape = node.meta["val"].shape
    return node.target is aten.mm.default and shape[0] > shape[1]


def copy_into(graph: fx.Graph, results: list[fx.Node], made: dict[fx.Node, fx.Node]) -> None:
    """Copy what leads to `results` from what is made already."""
    for result in results:
        for node in needed(result, lambda n: n not in made):
            made[node] = graph.node_copy(node, made.__getitem__)
