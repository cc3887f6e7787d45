"""Stage 1: from a cell's `step` to a graph of core aten operations, forward and backward.

The step and its vector-Jacobian product are run once on fake tensors, which have shapes but no values; what they do is
written down as an `fx` graph. A prime stands for the batch size, so that it can't be confused with any other size.
"""

import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._decomp import core_aten_decompositions, get_decompositions
from torch._subclasses import FakeTensorMode
from torch.func import functional_call, functionalize, vjp
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from holdfast.cells import Cell
from holdfast.compiler.apart import Apart
from holdfast.compiler.refusal import Refusal

BATCH = 9973
"""Stands for the batch size in a trace: a prime above all sizes that a cell has, or it is not unique."""

OTHER_BATCH = 9967
"""A second one: what differs between the traces depends on the number of rows."""

COMPILER = str(Path(__file__).parent)
aten = torch.ops.aten


@dataclass(frozen=True)
class Traced:
    """A step and its derivative as a graph.

    The graph's inputs are p (B, P) or x (B, I), the states (B, size), the parameters and buffers, and the cotangents of
    the new states; its outputs are the new states, then the gradients of the input, the states, and the parameters and
    buffers, where None stands for those of buffers, which nobody wants.

    Args:
        graph: the graph module, in core aten operations.
        state_sizes: widths of the states.
        parameters: names of the cell's parameters and buffers, in the graph's order.
        from_input: whether the graph begins at x, with the cell's projection, and not at p.
        width: features of p, or of x.
        alike: whether a batch of another size gave the same graph.
        lines: for each aten operation of the forward step, the line of the cell's source that called it first.
    """

    graph: fx.GraphModule
    state_sizes: tuple[int, ...]
    parameters: tuple[str, ...]
    from_input: bool
    width: int
    alike: bool
    lines: dict[str, str]


class Step(nn.Module):
    """`cell.step`, with or without `cell.project` before it, as a function of one flat list of tensors."""

    def __init__(self, cell: Cell, *, from_input: bool):
        super().__init__()
        self.cell, self.from_input = cell, from_input

    def forward(self, x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        p = self.cell.project(x) if self.from_input else x
        return tuple(part.clone() for part in self.cell.next_state(p, self.cell.make_state(state)))


def trace(cell: Cell, *, from_input: bool) -> Traced:
    """The graph of one step of `cell` and of its derivative.

    Args:
        from_input: begin at x and include the projection; otherwise begin at p.

    Raises:
        Refusal: the step depends on values or on tensors that are not the cell's own.
    """
    step = Step(cell, from_input=from_input)
    held = dict(step.named_parameters()) | dict(step.named_buffers())
    lines = Lines()
    try:
        graph, width = trace_with(step, held, BATCH, lines)
        other, _ = trace_with(step, held, OTHER_BATCH, Lines())
    except Exception as error:
        raise Refusal(explain_failure(error)) from error
    alike = graph.code.replace(str(BATCH), "B") == other.code.replace(str(OTHER_BATCH), "B")
    graph.graph.eliminate_dead_code()
    names = tuple(name.removeprefix("cell.") for name in held)
    return Traced(graph, tuple(cell.state_sizes.values()), names, from_input, width, alike, lines.of_operation)


def trace_with(step: Step, held: dict[str, Tensor], batch: int, lines: "Lines") -> tuple[fx.GraphModule, int]:
    """The graph for a batch of so many rows, and the width of its input; notes the lines of the forward step."""
    cell, sizes = step.cell, tuple(step.cell.state_sizes.values())
    buffers = len(list(cell.buffers()))

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(held, rest[len(sizes) :], strict=True))
        with Apart(batch):
            return functional_call(step, named, (x, *rest[: len(sizes)]))

    def run_and_differentiate(primals: tuple[Tensor, ...], cotangents: tuple[Tensor, ...]):
        fixed = primals[len(primals) - buffers :]
        new, pull_back = vjp(lambda *learnt: run(*learnt, *fixed), *primals[: len(primals) - buffers])[:2]
        return *new, *pull_back(cotangents), *(None for _ in fixed)

    with torch.autocast("cpu", enabled=False), FakeTensorMode():
        like = dtype_of(cell)
        parameters = [torch.empty(v.shape, dtype=like if v.is_floating_point() else v.dtype) for v in held.values()]
        x = torch.empty(batch, cell.input_size, dtype=like)
        if not step.from_input:
            x = functional_call(Projection(cell), dict(zip(held, parameters, strict=True)), x)
        state = [torch.empty(batch, size, dtype=like) for size in sizes]
        with lines:
            new = run(x, *state, *parameters)
        check_state(cell, new, batch)
        graph = make_fx(functionalize(run_and_differentiate, remove="mutations"), decompositions())(
            (x, *state, *parameters), tuple(torch.empty_like(part) for part in new)
        )
    return graph, x.shape[-1]


class Projection(nn.Module):
    """`cell.project` under the name by which `Step` knows the cell."""

    def __init__(self, cell: Cell):
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Tensor:
        return self.cell.project(x)


class Lines(TorchDispatchMode):
    """Notes, for each operation that runs, the line of code outside torch that called it first."""

    def __init__(self):
        super().__init__()
        self.of_operation: dict[str, str] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.of_operation.setdefault(func.overloadpacket.__name__, users_line(traceback.extract_stack()))
        kwargs = kwargs or {}
        if func in decompositions():
            with self:
                result = decompositions()[func](*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs)


def users_line(stack) -> str:
    """The innermost line of `stack` that is neither torch's nor the compiler's, as `line 12 of file.py: code`."""
    ours = [
        f
        for f in stack
        if not f.filename.startswith(COMPILER) and "/torch/" not in f.filename and "<" not in f.filename
    ]
    if not ours:
        return "an unknown line"
    code = linecache.getline(ours[-1].filename, ours[-1].lineno or 0).strip()
    return f"line {ours[-1].lineno} of {ours[-1].filename.rsplit('/', 1)[-1]}: {code}"


def explain_failure(error: Exception) -> str:
    """What stopped the trace, in words."""
    if isinstance(error, Refusal):
        return str(error)
    where = users_line(traceback.extract_tb(error.__traceback__))
    if "DataDependent" in type(error).__name__ or "data-dependent" in str(error):
        return f"the step depends on a value, not only on shapes ({where})"
    if "custom_function_call" in str(error) or "autograd.Function" in str(error):
        return f"the step calls an autograd.Function, into whose derivative the compiler can't see ({where})"
    if "non-Fake" in str(error) or "FakeTensor" in str(error):
        return f"the step uses a tensor that is neither a parameter nor a buffer of the cell ({where})"
    return f"the step can't be traced: {type(error).__name__}: {str(error).splitlines()[0]} ({where})"


def check_state(cell: Cell, new: tuple[Tensor, ...], batch: int) -> None:
    """Refuse new states of other shapes than `state_sizes` says."""
    found, expected = [tuple(part.shape) for part in new], [(batch, size) for size in cell.state_sizes.values()]
    if found != expected:
        shown = [str(shape).replace(str(batch), "B") for shape in found]
        raise Refusal(f"{type(cell).__name__}.step returns states {', '.join(shown)}, not those of state_sizes")


def dtype_of(cell: Cell) -> torch.dtype:
    """The dtype in which a cell is computed: that of its first parameter, or float32 where that has fewer bits."""
    floating = (v.dtype for v in (*cell.parameters(), *cell.buffers()) if v.is_floating_point())
    dtype = next(floating, torch.get_default_dtype())
    return torch.float32 if dtype.itemsize < 4 else dtype


def batch_last(x: Tensor, dims=None, keepdim: bool = False, *, dtype=None) -> Tensor:
    """A sum over the batch and more, as it is for a parameter that several places of a row share, in two."""
    others = [dim for dim in dims or range(x.dim()) if dim % x.dim()]
    if (
        x.dim() < 2
        or x.shape[0] not in (BATCH, OTHER_BATCH)
        or len(others) in (0, len(dims or range(x.dim())))
        or dtype
    ):
        return NotImplemented
    total = x.sum(others, keepdim=True).sum([0], keepdim=True)
    return (
        total
        if keepdim
        else total.reshape([n for k, n in enumerate(x.shape) if k and k - x.dim() not in others and k not in others])
    )


@cache
def decompositions() -> dict[Any, Callable]:
    """Rules that write composite operations, such as layer normalisation, in terms of elementary ones."""
    composite = (
        aten.native_layer_norm,
        aten.native_layer_norm_backward,
        aten._softmax,
        aten._softmax_backward_data,
        aten._log_softmax,
        aten._log_softmax_backward_data,
        aten.linalg_vector_norm,
        aten.addmm,
        aten.gelu,
        aten.silu,
        aten.elu,
        aten.leaky_relu,
        aten.hardtanh,
        aten.softplus,
        aten.softplus_backward,
        aten.sigmoid_backward,
        aten.tanh_backward,
        aten.stack,
    )
    rules = {**core_aten_decompositions(), **get_decompositions(composite), aten.sum.dim_IntList: batch_last}
    for whole in (aten.eye.default, aten.eye.m):  # its rule counts from 256 on in uint16, which torch has no kernel for
        rules.pop(whole, None)
    return rules
