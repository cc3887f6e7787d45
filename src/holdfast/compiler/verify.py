"""Stage 2: only a step whose rows of the batch do not meet may go on.

Every node of the graph is given its kind, by what it depends on and by where its batch axis lies:

    parameters   no batch axis, and parameters only: it runs once, before the time loop
    rows         the first axis is the batch, and every row is computed from that row alone
    columns      rows, transposed: it may only be contracted against rows
    sums         the batch is summed away, in the backward pass: gradients of parameters
"""

from typing import Any, Literal

import torch
from torch import fx

from holdfast.compiler.lower import RULES
from holdfast.compiler.refusal import Refusal
from holdfast.compiler.trace import BATCH, Traced, aten

Kind = Literal["parameters", "rows", "columns", "sums"]
ALONG_AN_AXIS = {
    aten.sum.dim_IntList: 1,
    aten.mean.dim: 1,
    aten.amax.default: 1,
    aten.amin.default: 1,
    aten.any.dim: 1,
    aten.any.dims: 1,
    aten.all.dim: 1,
    aten.all.dims: 1,
    aten.var_mean.correction: 1,
    aten.var.correction: 1,
    aten.cumsum.default: 1,
    aten.flip.default: 1,
    aten.cat.default: 1,
    aten.slice.Tensor: 1,
    aten.slice_scatter.default: 2,
    aten.select.int: 1,
    aten.select_scatter.default: 2,
    aten.split_with_sizes.default: 2,
    aten.unsqueeze.default: 1,
}
"""Operations that act along an axis, and which of their arguments says along which."""


SHAPES = (aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.permute.default, aten.expand.default)
ROWS_COUNTED = "the step depends on the number of rows in the batch"


def verify(traced: Traced) -> dict[fx.Node, Kind]:
    """The kind of every node of the graph that yields a tensor.

    Raises:
        Refusal: rows of the batch meet, or an operation is not known; the message names it and the line of the cell.
    """
    kinds: dict[fx.Node, Kind] = {}
    late = depends_on_cotangents(traced)
    for node in traced.graph.graph.nodes:
        if node.op == "placeholder":
            kinds[node] = "rows" if has_batch(node) else "parameters"
        elif node.op == "call_function":
            try:
                kinds[node] = kind(node, kinds, late)
            except Refusal as refusal:
                raise Refusal(f"{refusal}{line_of(node, traced)}") from None
        elif node.op == "get_attr":
            raise Refusal("the step uses a tensor that is neither a parameter nor a buffer of the cell")
    if not traced.alike:
        raise Refusal(ROWS_COUNTED)
    return kinds


def kind(node: fx.Node, kinds: dict[fx.Node, Kind], late: set[fx.Node]) -> Kind:
    """The kind of one node, from those of its arguments."""
    name = name_of(node)
    sources: list[Kind] = [kinds[arg] for arg in node.all_input_nodes]
    if "getitem" in name:
        return sources[0]
    if draws(node):
        raise Refusal(f"{name} draws at random; chance belongs in project")
    if "rows" not in sources and "columns" not in sources:
        if "sums" in sources:
            return "sums"
        if not has_batch(node):
            return "parameters"
    if node.target not in RULES:
        raise Refusal(f"{name} is not an operation that the compiler knows")
    if BATCH in node.args:
        raise Refusal(ROWS_COUNTED)
    if "sums" in sources:
        raise Refusal(f"{name} mixes rows of the batch")
    if node.target is aten.mm.default and sources == ["columns", "rows"] and node in late:
        return "sums"
    if node.target is aten.permute.default and len(shape_of(node)) == 2:
        return turned(node, sources[0], name)
    if "columns" in sources:
        raise Refusal(f"{name} mixes rows of the batch")
    axes = axes_of(node)
    if node.target is aten.sum.dim_IntList and axes == {0} and node in late:
        return "sums"
    if node.target in SHAPES and 0 not in axes and not has_batch(node):
        raise Refusal(f"{name} joins the batch with another axis or moves it, which the compiler does not follow")
    if 0 in axes or not all(has_batch(node, k) for k in range(outputs_of(node))):
        raise Refusal(f"{name} mixes rows of the batch")
    if node.target is aten.mm.default and sources != ["rows", "parameters"]:
        raise Refusal(f"{name} mixes rows of the batch")
    return "rows"


def draws(node: fx.Node) -> bool:
    """Whether an operation is chance: in a kernel, forward and backward pass would draw differently."""
    target = node.target
    return isinstance(target, torch._ops.OpOverload) and torch.Tag.nondeterministic_seeded in target.tags


def turned(node: fx.Node, source: Kind, name: str) -> Kind:
    """The kind of a transposed matrix."""
    order = [axis % 2 for axis in node.args[1]]  # pyright: ignore[reportGeneralTypeIssues, reportOptionalIterable]
    if order == [0, 1]:
        return source
    return "columns" if source == "rows" else "rows"


def axes_of(node: fx.Node) -> set[int]:
    """The axes along which an operation acts."""
    target: Any = node.target
    if target not in ALONG_AN_AXIS:
        return set()
    place = ALONG_AN_AXIS[target]
    first: Any = node.all_input_nodes[0]
    rank = len(shape_of(first)) + (node.target is aten.unsqueeze.default)
    given: Any = node.args[place] if len(node.args) > place else node.kwargs.get("dim", 0)
    if given is None or given == []:
        return set(range(rank))
    return {axis % rank for axis in ([given] if isinstance(given, int) else given)}


def depends_on_cotangents(traced: Traced) -> set[fx.Node]:
    """The backward pass: all nodes that the cotangents reach."""
    late: set[fx.Node] = set(cotangents_of(traced))
    for node in traced.graph.graph.nodes:
        if any(arg in late for arg in node.all_input_nodes):
            late.add(node)
    return late


def cotangents_of(traced: Traced) -> list[fx.Node]:
    """The graph's last inputs, one for each state."""
    inputs = [node for node in traced.graph.graph.nodes if node.op == "placeholder"]
    return inputs[-len(traced.state_sizes) :]


def has_batch(node: fx.Node, output: int = 0) -> bool:
    """Whether the first axis of a tensor is the batch, and no other holds it."""
    shape = shape_of(node, output)
    return bool(shape) and shape[0] == BATCH and not any(size and size % BATCH == 0 for size in shape[1:])


def outputs_of(node: fx.Node) -> int:
    """How many tensors a node yields."""
    value = node.meta["val"]
    return len(value) if isinstance(value, (tuple, list)) else 1


def shape_of(node: fx.Node, output: int = 0) -> tuple[int, ...]:
    """The shape of a tensor in the trace."""
    value = node.meta["val"]
    return tuple((value[output] if isinstance(value, (tuple, list)) else value).shape)


def name_of(node: fx.Node) -> str:
    """What a user calls the operation of a node."""
    target = node.target
    packet = target.overloadpacket.__name__ if isinstance(target, torch._ops.OpOverload) else str(target)
    return packet.strip("_")


def line_of(node: fx.Node, traced: Traced) -> str:
    """Where in the cell the operation stands, in brackets."""
    target = node.target
    packet = target.overloadpacket.__name__ if isinstance(target, torch._ops.OpOverload) else ""
    return f" ({traced.lines[packet]})" if packet in traced.lines else ""
