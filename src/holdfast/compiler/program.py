"""The compiler from end to end: from a cell to the source of its kernel and all that is needed to call it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from holdfast.cells import Cell
from holdfast.compiler.emit import Layout, Step, emit
from holdfast.compiler.ir import LEAVES, Value, walk
from holdfast.compiler.keep import choose_kept
from holdfast.compiler.merge import merge
from holdfast.compiler.partition import Contraction, Parts, partition
from holdfast.compiler.recipe import Recipe
from holdfast.compiler.refusal import Refusal
from holdfast.compiler.schedule import base, schedule
from holdfast.compiler.trace import dtype_of, trace
from holdfast.compiler.verify import verify

C_NAMES = {torch.float32: "float", torch.float64: "double"}


@dataclass(frozen=True)
class Program:
    """A compiled step.

    Args:
        source: the C++ text.
        title: what it computes.
        dtype: of all arrays.
        parameters: names of the cell's parameters and buffers, as the prologue and the epilogue take them.
        prologue: from the parameters to the arrays of the kernel.
        matrices: which of these are read as weights of products alone: they may be strided.
        epilogue: from the parameters and the sums to the parameters' gradients.
        sums: shapes of what the kernel sums over rows and steps, one after the other.
        layout: sizes of what the kernel reads and writes.
        from_input: whether it takes x, and not p.
        input_gradient_is_optional: whether the kernel can leave out the gradient of its input.
    """

    source: str
    title: str
    dtype: torch.dtype
    parameters: tuple[str, ...]
    prologue: Recipe
    matrices: tuple[bool, ...]
    epilogue: Recipe
    sums: tuple[tuple[int, ...], ...]
    layout: Layout
    from_input: bool
    input_gradient_is_optional: bool


class Room:
    """Columns of a row, handed out one after the other; wide ones begin where a cache line does."""

    def __init__(self):
        self.size = 0

    def take(self, count: int) -> int:
        self.size = rounded(self.size) if count >= 16 else self.size
        self.size += count
        return self.size - count


def rounded(size: int) -> int:
    """The next multiple of 16."""
    return -(-size // 16) * 16


def spread(size: int) -> int:
    """The next odd multiple of 16: rows at a power of two from each other would push each other out of a cache."""
    return rounded(size) | 16


def compile_cell(cell: Cell, *, from_input: bool) -> Program:
    """The kernel of a cell's step.

    Args:
        from_input: whether the kernel includes the cell's projection.

    Raises:
        Refusal: the cell can't be compiled; the message says why.
    """
    dtype = dtype_of(cell)
    if dtype not in C_NAMES:
        raise Refusal(f"kernels compute in float32 or float64, not in {dtype}")
    traced = trace(cell, from_input=from_input)
    parts = owned(partition(traced, verify(traced)))
    return assemble(parts, traced, type(cell).__name__, dtype)


def owned(parts: Parts) -> Parts:
    """The parts with results that are the kernel's own to write, and factors that stay until many are multiplied.

    No result is an input, and none stands twice. No factor of a contraction lies where the gradients of the states are
    carried from step to step.
    """
    seen: set[Value] = set()

    def own(value: Value) -> Value:
        if value in seen or value.op in LEAVES:
            value = Value("copy", (value,), value.shape)
        seen.add(value)
        return value

    new, input_gradient = tuple(map(own, parts.new_states)), own(parts.input_gradient)
    seen |= {base(factor)[0] for factor in parts.factors}
    state_gradients = tuple(map(own, parts.state_gradients))
    lasting = {factor: Value("copy", (factor,), factor.shape) for factor in parts.factors if is_carried(factor)}
    contractions = tuple(
        Contraction(lasting.get(c.left, c.left), c.right and lasting.get(c.right, c.right), c.shape)
        for c in parts.contractions
    )
    return replace(
        parts,
        new_states=new,
        input_gradient=input_gradient,
        state_gradients=state_gradients,
        contractions=contractions,
    )


def is_carried(factor: Value) -> bool:
    """Whether it is a state's gradient as the step after this one left it, or a part of one."""
    source, _ = base(factor)
    return source.op == "input" and source.attributes["name"].startswith("carry")


def assemble(parts: Parts, traced: Any, title: str, dtype: torch.dtype) -> Program:
    """Give everything its place, and write the kernel."""
    inputs = {v.attributes["name"]: v for v in everything(parts) if v.op == "input"}
    parts, kept = merge(parts, choose_kept(parts))
    room, factor_room = Room(), Room()
    state_offsets = tuple(room.take(value.size) for value in parts.new_states[1:])
    pointers = {value: name for name, value in inputs.items()}
    pointers[parts.new_states[0]] = "output"
    pointers |= {v: f"saved + {o}" for v, o in zip(parts.new_states[1:], state_offsets, strict=True)}
    pointers |= {value: f"saved + {room.take(value.size)}" for value in kept}
    held = frozenset(pointers)
    ahead = schedule((*parts.new_states, *kept), frozenset(inputs.values()))

    results = {parts.input_gradient: "d_input"}
    results |= {value: f"next{k}" for k, value in enumerate(parts.state_gradients)}
    for value in dict.fromkeys(base(factor)[0] for factor in parts.factors):
        if value not in held and value not in results:
            results[value] = f"factors + {factor_room.take(value.size)}"
    back = schedule(tuple(results), held)
    optional = only_product(parts, results)
    places = pointers | results
    layout = Layout(
        C_NAMES[dtype],
        parts.arrays,
        traced.width,
        traced.state_sizes,
        state_offsets,
        max(1, rounded(room.size)),
        spread(factor_room.size),
        tuple(c.left.size * (1 if c.right is None else c.right.size) for c in parts.contractions),
    )
    forward = Step(ahead, pointers)
    backward = Step(back, places, optional, parts.contractions)
    strided = parameter_names(v for value in everything(parts) if value.op == "mm" for v in value.args)
    strided -= parameter_names(v for value in everything(parts) if value.op != "mm" for v in value.args)
    return Program(
        emit(title, layout, forward, backward),
        title,
        dtype,
        traced.parameters,
        parts.prologue,
        tuple(name in strided for name in parts.arrays),
        parts.epilogue,
        tuple(c.shape for c in parts.contractions),
        layout,
        traced.from_input,
        optional is not None,
    )


def parameter_names(values: Iterable[Value]) -> set[str]:
    """The arrays among some values."""
    return {value.attributes["name"] for value in values if value.op == "parameter"}


def everything(parts: Parts) -> list[Value]:
    """All values of a step, forward and backward."""
    return list(walk(*parts.new_states, parts.input_gradient, *parts.state_gradients, *parts.factors))


def only_product(parts: Parts, results: dict[Value, str]) -> Value | None:
    """The gradient of the input, if it is a matrix product that nothing else reads."""
    value = parts.input_gradient
    used = value in parts.factors or any(value in other.args for other in everything(parts))
    return value if value.op == "mm" and not used else None
