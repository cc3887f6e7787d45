"""The loop over time as one operation of torch's own graphs, for models that leave this library."""

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan_op
from torch.func import functional_call

from holdfast.backends.backend import Backend, Work, zero_beyond
from holdfast.backends.reference import select
from holdfast.cells import Cell, DerivedCell


class Loop(Backend):
    """Keeps the cell's step as the body of a loop that runs as often as the input has steps.

    What `torch.export` makes of it needs neither kernels nor this library, takes any length, and turns into ONNX's
    operator Scan. It is taken by name only: `holdfast.export` does so.
    """

    name = "loop"

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        if not torch.compiler.is_exporting():
            return "the loop is for torch.export, which keeps it for any number of steps; it does not run by itself"
        return None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        derived = cell.derive() if isinstance(cell, DerivedCell) else ()
        tensors = {**dict(cell.named_parameters()), **dict(cell.named_buffers())}
        held = {name: held for name, held in tensors.items() if not any(held is value for value in derived)}
        step, states = Step(cell), len(work.state)
        masks = [mask for mask in (work.reset, work.valid) if mask is not None]

        def advance(*tensors: Tensor) -> list[Tensor]:
            before, (p, *rest) = cell.make_state(tensors[:states]), tensors[states:]
            rows, rest = iter(rest[: len(masks)]), rest[len(masks) :]
            reset = next(rows) if work.reset is not None else None
            valid = next(rows) if work.valid is not None else None
            if reset is not None:
                reset = reset if valid is None else reset & valid
                before = select(cell, reset, cell.initial_state(len(p), like=before[0]), before)
            named = {f"cell.{name}": value for name, value in zip(held, rest, strict=False)}
            new = functional_call(step, named, (p, before, *rest[len(held) :]))
            output = new[0] if valid is None else zero_beyond(new[0], valid)
            after = new if valid is None else select(cell, valid, new, before)
            return [part.clone() for part in (*after, output)]  # what a loop returns must not alias

        found = scan_op(advance, list(work.state), [cell.project(work.filled), *masks], (*held.values(), *derived))
        return found[states], cell.make_state(found[:states])


class Step(nn.Module):
    """A cell's step as a call of a module, so that its parameters can be given to it."""

    def __init__(self, cell: Cell):
        super().__init__()
        self.cell = cell

    def forward(self, p: Tensor, state: tuple[Tensor, ...], *derived: Tensor) -> tuple[Tensor, ...]:
        if isinstance(self.cell, DerivedCell):
            return self.cell.make_state(self.cell.step_with(p, state, *derived))
        return self.cell.next_state(p, state)
