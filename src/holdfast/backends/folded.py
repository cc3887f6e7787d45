"""Dilated layers as batches: every s-th step of a sequence is a sequence of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from holdfast.backends.backend import Backend, Work
from holdfast.cells import Cell, Dilated

Chooser = Callable[[Cell, Work | None], Backend]


class Folded(Backend):
    """Runs a dilated network layer by layer, and a layer with dilation s as s B rows of T / s steps.

        row j B + b of the batch: steps j, j + s, j + 2 s, ... of sequence b

    Each row goes on from the layer's state of so many steps ago. The numbers are those of the definition; the way is
    1 / s as long, and by whatever runs the layer's cell best.

    Args:
        chooser: from a cell, and a work if there is one, to the backend that is best for it.
    """

    name = "folded"

    def __init__(self, chooser: Chooser):
        self.chooser = chooser

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        return None if isinstance(cell, Dilated) else f"{type(cell).__name__} has no dilated layers"

    def shown(self, cell: Cell) -> str:
        inner = dict.fromkeys(self.chooser(layer, None).name for layer in getattr(cell, "layers", ()))
        return f"{self.name}, its layers {' and '.join(inner)}"

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        assert isinstance(cell, Dilated)
        x, pasts = work.x, []
        for layer, dilation, past in zip(cell.layers, cell.dilations, cell.pasts(work.state), strict=True):
            fold = Fold(work, dilation)
            inner = fold.work_of(layer, x, past)
            output, ends = self.chooser(layer, inner).unroll(layer, inner)
            x = fold.undone(output)
            pasts.append(fold.past(past, ends))
        newest = pasts[-1][0][:, : cell.output_size]
        return x, cell.make_state([newest, *(part for past in pasts for part in past)])


@dataclass(frozen=True)
class Fold:
    """The ways into and out of the batch in which a layer of one dilation runs.

    Args:
        work: of the whole network; its input and state may be those of another layer.
        dilation: s.
    """

    work: Work
    dilation: int

    @property
    def steps(self) -> int:
        """T."""
        return len(self.work.x)

    @property
    def phases(self) -> int:
        """How many steps stand side by side: s, or T if there are fewer."""
        return min(self.dilation, self.steps)

    def work_of(self, cell: Cell, x: Tensor, past: Sequence[Tensor]) -> Work:
        """That of the layer's cell, from the layer's input x (T, B, I) and what it keeps."""
        state = cell.make_state([part[: self.phases].flatten(0, 1) for part in map(self.by_phase, past)])
        recompute = self.work.recompute
        segment = None if recompute is None else -(-recompute // self.dilation)
        return Work(self.folded(x), state, self.valid(), self.reset(), segment)

    def by_phase(self, past: Tensor) -> Tensor:
        """A past (B, s width), the newest first, as what each phase goes on from: (s, B, width)."""
        return past.unflatten(-1, (self.dilation, -1)).flip(1).transpose(0, 1)

    def folded(self, x: Tensor) -> Tensor:
        """x (T, B, ...) as (T / s, s B, ...), with zeros behind it if s does not divide T."""
        lacking = -self.steps % self.phases
        x = torch.cat([x, x.new_zeros(lacking, *x.shape[1:])]) if lacking else x
        return x.unflatten(0, (-1, self.phases)).flatten(1, 2)

    def undone(self, output: Tensor) -> Tensor:
        """The inverse of `folded`."""
        return output.unflatten(1, (self.phases, -1)).flatten(0, 1)[: self.steps]

    def valid(self) -> Tensor | None:
        """Where a row of the batch has not ended, nor come to the zeros; None if all have as many steps."""
        if self.work.valid is None and self.steps % self.phases == 0:
            return None
        return self.folded(self.all_valid())

    def all_valid(self) -> Tensor:
        """(T, B) bool: the steps before their sequence's end, also if there is no other."""
        valid = self.work.valid
        return self.work.x.new_ones(self.work.x.shape[:2], dtype=torch.bool) if valid is None else valid

    def reset(self) -> Tensor | None:
        """Where a row of the batch begins anew: one of the last s steps of its sequence did."""
        if self.work.reset is None:
            return None
        resets = self.resets()
        before = resets.new_zeros(self.phases, resets.shape[1])
        return self.folded(resets[1:] > torch.cat([before, resets[1:]])[: self.steps])

    def resets(self) -> Tensor:
        """(T + 1, B): how many resets there were before so many steps; none behind a sequence's end."""
        assert self.work.reset is not None
        counted = (self.work.reset & self.all_valid()).cumsum(0)
        return torch.cat([torch.zeros_like(counted[:1]), counted])

    def past(self, before: Sequence[Tensor], ends: Sequence[Tensor]) -> list[Tensor]:
        """What the layer keeps, (B, s width) each, from what it kept before and the last states of its cell's rows."""
        lengths = self.all_valid().sum(0)
        back = torch.arange(self.dilation, device=lengths.device).unsqueeze(1)
        phase = (lengths - 1 - back) % self.dilation  # of the step so far back, also of one before the first
        kept = None
        if self.work.reset is not None:
            resets = self.resets()
            kept = resets.gather(0, (lengths - back).clamp(min=0)) == resets[-1]
        found = []
        for start, end in zip(map(self.by_phase, before), ends, strict=True):
            last = torch.cat([end.unflatten(0, (self.phases, -1)), start[self.phases :]])
            part = last.gather(0, phase.unsqueeze(-1).expand_as(last))
            part = part if kept is None else torch.where(kept.unsqueeze(-1), part, 0)
            found.append(part.transpose(0, 1).flatten(1))
        return found
