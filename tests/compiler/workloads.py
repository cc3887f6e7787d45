"""Every cell of the catalogue that has a kernel of its own, and work for it."""

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor

import holdfast
from holdfast.backends import Backend, Work
from holdfast.cells import Cell
from holdfast.layers import CATALOGUE, Recurrent
from holdfast.layers.catalogue import distinct

FEWER = {
    "nru": {"memory_size": 16, "heads": 4},
    "dilated-rnn": {"layers": 3},
    "dilated-gru": {"layers": 2},
    "rhn": {"depth": 2},
    "hm-lstm": {"layers": 2},
}
"""Options by which a cell is smaller."""


def build(name: str, input_size: int, hidden_size: int, **options) -> Recurrent:
    """A layer of the catalogue, with its options filled in."""
    if "t_max" in CATALOGUE[name].required():
        options["t_max"] = 20
    options |= FEWER.get(name, {})
    return holdfast.make(name, input_size, hidden_size, **options)


def twins(name: str, *sizes: int, **options) -> tuple[Recurrent, Recurrent]:
    """The same layer twice: on kernels and on the reference."""
    fast, slow = (build(name, *sizes, backend=backend, **options) for backend in ("auto", "reference"))
    slow.load_state_dict(fast.state_dict())
    return fast, slow


NAMES = distinct()
"""A layer for each step; those that differ only in how they start have one kernel."""


@dataclass(frozen=True)
class Size:
    """T, B, I, H."""

    steps: int
    batch: int
    input: int
    hidden: int

    def __str__(self) -> str:
        return f"T{self.steps}-B{self.batch}-I{self.input}-H{self.hidden}"


SMALLEST, ODD, LONG = Size(1, 1, 1, 1), Size(7, 3, 5, 33), Size(64, 5, 3, 100)


def work_for(cell: Cell, size: Size, *, ragged: bool = False, resets: bool = False, segment: int | None = None) -> Work:
    """Random input and states, all of which want gradients."""
    dtype = next(cell.parameters()).dtype
    x = torch.randn(size.steps, size.batch, size.input, dtype=dtype, requires_grad=True)
    state = [torch.randn(size.batch, n, dtype=dtype).mul(0.5).requires_grad_() for n in cell.state_sizes.values()]
    steps = torch.arange(size.steps).unsqueeze(1)
    lengths = torch.randint(1, size.steps + 1, (size.batch,))
    reset = torch.rand(size.steps, size.batch) < 0.3
    return Work(x, cell.make_state(state), steps < lengths if ragged else None, reset if resets else None, segment)


def doubled(cell: Cell, work: Work) -> tuple[Cell, Work]:
    """The same in float64."""
    x, *state = [part.detach().double().requires_grad_() for part in (work.x, *work.state)]
    exact = copy.deepcopy(cell).double()
    return exact, replace(work, x=x, state=exact.make_state(state))


def results(backend: Backend, cell: Cell, work: Work) -> dict[str, Tensor]:
    """All that a backend yields: outputs, last states, and the gradients of a random function of them.

    Cells that train with chance draw the same masks and noise for every backend.
    """
    torch.manual_seed(0)
    output, last = backend.unroll(cell, work)
    values = {"output": output} | {f"last {k}": part for k, part in enumerate(last)}
    generator = torch.Generator().manual_seed(1)
    cotangents = [torch.randn(v.shape, generator=generator).to(v.dtype) for v in values.values()]
    wanted = {"input": work.x} | {f"state {k}": part for k, part in enumerate(work.state)}
    wanted |= dict(cell.named_parameters())
    found = torch.autograd.grad(list(values.values()), list(wanted.values()), cotangents, allow_unused=True)
    gradients = {f"gradient of {name}": g for name, g in zip(wanted, found, strict=True) if g is not None}
    return {name: value.detach() for name, value in (values | gradients).items()}


def worst(found: dict[str, Tensor], expected: dict[str, Tensor]) -> tuple[float, str]:
    """The greatest difference, relative to the greatest value of each tensor, and where it is.

    A tensor may be empty: one unit alone has no angle to turn by.
    """
    nonzero = {name for name, value in expected.items() if value.any()}
    assert nonzero <= set(found)
    differences = {
        name: ((found[name] - value).abs().max() / (1 + value.abs().max())).item() if name in found else 0.0
        for name, value in expected.items()
        if value.numel()
    }
    assert not any(value != value for value in differences.values()), differences
    return max((value, name) for name, value in differences.items())
