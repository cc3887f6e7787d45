"""The states of a layer at chosen steps, other ones for each sequence, at the speed of its kernels.

A layer gives its whole state only where it stops. So it walks over a grid of steps that all sequences share, and from
the nearest point of the grid each place is reached by a short run of its own, all of them in one batch:

    steps     0 . . . g . . . 2g . . . 3g . . .        all sequences, from grid point to grid point
    places                    ---->x                   one row a place: a run of less than g steps

The walk ends at the last grid point that a place needs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from holdfast.layers.sequence import parts, within

States = tuple[Tensor, ...]
"""Each part of a layer's state, (layers, rows, width)."""


PIECE = 256
"""Steps for which outputs are held at once where they are not needed."""


class Layer(Protocol):
    """Any module under the contract of `Recurrent`; time first, in one direction."""

    def __call__(self, input: Any, state: Any = None, *, lengths: Any = None) -> Any:
        """Outputs, and the state at the end of each sequence."""

    def initial_state(self, batch_size: int) -> Any:
        """What it starts from."""


@dataclass(frozen=True, eq=False)
class Stop:
    """Places at which a layer's state is wanted, and how far a gradient may go back from there.

    Args:
        places: (B, n) int64 in 0..T: after so many steps of each sequence; 0 is before the first.
        window: the gradient passes through so many steps before each place, and no further: a whole number of at
            least 0, or one for each place, (B, n). None for all of them.
    """

    places: Tensor
    window: int | Tensor | None = None

    @property
    def begins(self) -> Tensor:
        """(B, n): where the gradient ends."""
        assert self.window is not None
        return (self.places - self.window).clamp(min=0)


def visit(layer: Layer, inputs: Tensor, stops: Sequence[Stop]) -> list[States]:
    """The state of a layer at every stop, in one walk for the stops with a window and one for those without.

    What lies before a window is run without a graph and keeps nothing for the backward pass, so the memory and the time
    of that pass depend on the windows and not on the length of the sequences.

    Args:
        layer: a recurrent layer, or a module like one; time first, in one direction.
        inputs: (T, B, I), or symbols (T, B) if the layer embeds them; what lies behind the last place of a sequence has
            no influence.
        stops: where; n places each.

    Returns:
        for each stop the parts of the state, (layers, B * n, width), place i of sequence b in row b * n + i.

    Raises:
        ValueError: the layer is bidirectional or `batch_first`, or a place lies outside of the sequences.
    """
    check_layer(layer)
    for stop in stops:
        _check_places(stop.places, inputs)
    found: list[States] = [()] * len(stops)
    cut = [k for k, stop in enumerate(stops) if stop.window is not None]
    whole = [k for k, stop in enumerate(stops) if stop.window is None]
    if cut:
        with torch.no_grad():
            starts = _walk_to(layer, inputs, [stops[k].begins for k in cut])
        for k, start in zip(cut, starts, strict=True):
            found[k] = _approach(layer, inputs, start, stops[k].begins, stops[k].places)
    if whole:
        for k, state in zip(whole, _walk_to(layer, inputs, [stops[k].places for k in whole]), strict=True):
            found[k] = state
    return found


def advance(layer: Layer, x: Tensor, state: States, counts: Tensor) -> tuple[Tensor, States]:
    """Runs each row over its own number of steps, which may be none.

    Args:
        layer: as for `visit`.
        x: (S, R, I).
        state: what each row starts from.
        counts: (R,) int64 in 0..S.

    Returns:
        output (S, R, O), zero beyond a row's count; and the states after it, of rows without a step as they were.
    """
    if int(counts.min()) == len(x):
        output, end = layer(x, state)
        return output, parts(end)
    output, end = layer(x, state, lengths=counts.clamp(min=1))
    moved = counts > 0
    end = tuple(
        torch.where(moved.unsqueeze(-1), new, old.to(new.dtype)) for new, old in zip(parts(end), state, strict=True)
    )
    return output * moved.unsqueeze(-1), end


def stretch(inputs: Tensor, begins: Tensor, steps: int) -> Tensor:
    """The `steps` inputs that follow each place: (T, B, ...) and begins (B, n) to (steps, B * n, ...).

    Beyond the last step the last one is repeated; whoever asks for more knows how much there is.
    """
    rows = torch.arange(inputs.shape[1], device=inputs.device).repeat_interleave(begins.shape[1])
    times = begins.flatten() + torch.arange(steps, device=inputs.device).unsqueeze(1)
    return inputs[times.clamp(max=len(inputs) - 1), rows]


def check_layer(layer: Any) -> None:
    """The layer goes forward only, and takes time first.

    Raises:
        ValueError: it does not.
    """
    if getattr(layer, "bidirectional", False):
        raise ValueError(
            "a bidirectional layer has no state at a step: it reads from the end too; use bidirectional=False"
        )
    if getattr(layer, "batch_first", False):
        raise ValueError("states at chosen steps are for layers that take time first; use batch_first=False")


def _check_places(places: Tensor, inputs: Tensor) -> None:
    steps, batch = inputs.shape[:2]
    if places.dim() != 2 or places.shape[0] != batch or places.dtype != torch.int64:
        raise ValueError(
            f"places must be int64 of shape (batch, places) with batch {batch}, got {places.dtype} of shape "
            f"{tuple(places.shape)}"
        )
    if places.numel() and (int(places.min()) < 0 or int(places.max()) > steps):
        raise ValueError(
            f"places must lie between 0 and the number of steps, {steps}; got {int(places.min())} to "
            f"{int(places.max())}"
        )


def _walk_to(layer: Layer, inputs: Tensor, wanted: Sequence[Tensor]) -> list[States]:
    """The states at several sets of places (B, n), in one walk."""
    places = torch.cat(list(wanted), 1)
    states = _walk(layer, inputs, places)
    rows = torch.arange(places.numel(), device=places.device).view(places.shape)
    widths = [each.shape[1] for each in wanted]
    return [tuple(part[:, own.flatten()] for part in states) for own in rows.split(widths, 1)]


def _walk(layer: Layer, inputs: Tensor, places: Tensor) -> States:
    """The states at places (B, n): over a grid, and from there on to each place."""
    grid = _grid(places)
    flat = places.flatten()
    rows = torch.arange(inputs.shape[1], device=inputs.device).repeat_interleave(places.shape[1])
    nearest = torch.bucketize(flat, grid, right=True) - 1
    state = parts(layer.initial_state(inputs.shape[1]))
    found = tuple(part.new_zeros(part.shape[0], len(flat), part.shape[2]) for part in state)
    marks = grid.tolist()
    for k, mark in enumerate(marks):
        if k:
            state = _pass(layer, inputs[marks[k - 1] : mark], state)
        here = (nearest == k).nonzero().flatten()
        if len(here):
            for into, part in zip(found, state, strict=True):
                into.index_copy_(1, here, part[:, rows[here]].to(into.dtype))
    return _approach(layer, inputs, found, grid[nearest].view(places.shape), places)


def _pass(layer: Layer, x: Tensor, state: States) -> States:
    """The state after x; without a graph in pieces, since a layer gives outputs too, and nobody needs them."""
    for piece in [x] if torch.is_grad_enabled() else x.split(PIECE):
        _, end = layer(piece, state)
        state = parts(end)
    return state


def _grid(places: Tensor) -> Tensor:
    """The steps at which the walk stops: where all sequences stop, if they agree, otherwise evenly.

    A finer grid costs calls, about two steps' worth each; a coarser one longer ways from it: in the mean half a spacing
    for each of the n places. Their sum is least at a spacing of about sqrt(4 T / n).
    """
    last = int(places.max())
    if bool((places == places[:1]).all()):
        return torch.unique(torch.cat([places.new_zeros(1), places[0]]))
    spacing = max(1, math.ceil(math.sqrt(4 * last / places.shape[1])))
    return torch.arange(0, last + 1, spacing, device=places.device)


def _approach(layer: Layer, inputs: Tensor, state: States, begins: Tensor, places: Tensor) -> States:
    """From the states at `begins` (B, n) to those at `places` (B, n), all rows in one batch."""
    counts = (places - begins).flatten()
    steps = int(counts.max())
    if steps == 0:
        return state
    return advance(layer, stretch(inputs, begins, steps), state, counts)[1]


def clear_padding(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """Inputs (T, B, I), or symbols (T, B), whose padding is zero, so that not even a NaN in it is read."""
    if lengths is None:
        return inputs
    beyond = ~within(lengths, len(inputs))
    return inputs.masked_fill(beyond.unsqueeze(-1) if inputs.dim() == 3 else beyond, 0)
