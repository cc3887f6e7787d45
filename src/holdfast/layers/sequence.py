"""What a layer may be given, brought to one form: time first, batched, padded; and back again."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


@dataclass(frozen=True)
class Padded:
    """Sequences (T, B, I) with an end each.

    Args:
        x: input (T, B, I); what lies beyond a sequence's end is not read.
        lengths: (B,) int64 on the device of x, or None if all have T steps.
        reset: (T, B) bool, or None.
    """

    x: Tensor
    lengths: Tensor | None = None
    reset: Tensor | None = None

    @property
    def valid(self) -> Tensor | None:
        """(T, B) bool: which steps lie before their row's end."""
        return None if self.lengths is None else within(self.lengths, self.x.shape[0])

    def reversed(self) -> "Padded":
        """Every sequence backwards, in its own length; a state is then reset after what used to be a first step."""
        x, order = self.x, self.backwards()
        reset = None
        if self.reset is not None:
            before_next = torch.cat([self.reset[1:], torch.zeros_like(self.reset[:1])])
            reset = before_next.flip(0) if order is None else before_next.gather(0, order)
        return Padded(gather_time(x, order), self.lengths, reset)

    def backwards(self) -> Tensor | None:
        """(T, B): the step that stands at each place once every row is reversed; None if all have full length."""
        if self.lengths is None:
            return None
        steps = torch.arange(self.x.shape[0], device=self.x.device).unsqueeze(1)
        return torch.where(steps < self.lengths, self.lengths - 1 - steps, steps)


def within(lengths: Tensor, steps: int) -> Tensor:
    """(T, B) bool: which of `steps` steps lie before the ends `lengths` (B,)."""
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths


def gather_time(x: Tensor, order: Tensor | None) -> Tensor:
    """x (T, B, I) with the steps of each row in `order` (T, B); None reverses them all."""
    return x.flip(0) if order is None else x.gather(0, order.unsqueeze(-1).expand_as(x))


def parts(state) -> tuple[Tensor, ...]:
    """A state as the user holds it, in its parts, also where it is a single one that stands alone."""
    return tuple(state) if isinstance(state, (tuple, list)) else (state,)


def unpack(packed: PackedSequence) -> Padded:
    """A packed sequence, in the order in which its rows were given before they were sorted."""
    x, lengths = pad_packed_sequence(packed)
    return Padded(x, lengths.to(x.device))


def repack(output: Tensor, like: PackedSequence, lengths: Tensor) -> PackedSequence:
    """Outputs (T, B, H) packed in the way of `like`."""
    ends = lengths
    if like.sorted_indices is not None:
        output, ends = output.index_select(1, like.sorted_indices), lengths[like.sorted_indices]
    return PackedSequence(
        output[within(ends, len(output))], like.batch_sizes, like.sorted_indices, like.unsorted_indices
    )


def check_lengths(lengths: Tensor | Sequence[int], steps: int, batch: int, device: torch.device) -> Tensor:
    """`lengths` as a tensor (B,) of whole numbers in 1..T."""
    given = torch.as_tensor(lengths, device=device)
    if given.shape != (batch,) or given.is_floating_point() or given.dtype == torch.bool:
        raise ValueError(
            f"lengths must hold one whole number for each of the {batch} sequences, "
            f"got shape {tuple(given.shape)}, dtype {given.dtype}"
        )
    if given.is_meta:
        return given.long()
    if torch.compiler.is_compiling():  # then the values are not known yet
        return lengths_within(given.long(), steps)
    check_within(given, steps)
    return given.long()


def check_within(lengths: Tensor, steps: int) -> None:
    """Raise a ValueError unless all lengths are in 1..T."""
    outside = ((lengths < 1) | (lengths > steps)).nonzero().flatten().tolist()
    if outside:
        raise ValueError(
            f"lengths must lie between 1 and the number of steps, {steps}; got {int(lengths[outside[0]])} "
            f"for sequence {outside[0]}; leave out sequences without steps"
        )


@torch.library.custom_op("holdfast::lengths_within", mutates_args=())
def lengths_within(lengths: Tensor, steps: int) -> Tensor:
    """`lengths`, checked when a compiled or exported model runs."""
    check_within(lengths, steps)
    return lengths.clone()


@lengths_within.register_fake
def _(lengths, steps):
    return torch.empty_like(lengths)


def check_reset(reset: Tensor, steps: int, batch: int, device: torch.device) -> Tensor:
    """`reset` as a mask (T, B)."""
    reset = torch.as_tensor(reset)
    if reset.shape != (steps, batch) or reset.dtype != torch.bool:
        raise ValueError(
            f"reset must be a bool tensor (time, batch) = ({steps}, {batch}), "
            f"got shape {tuple(reset.shape)}, dtype {reset.dtype}"
        )
    return reset.to(device)
