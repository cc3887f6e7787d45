"""Cells around a cell: what regularises a recurrence, whichever it is."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from holdfast.cells.cell import Cell


class Modifier(Cell):
    """A cell that changes how another one runs, and has its states, its blocks and its parameters,
    and may have others of its own.

        Recurrent(partial(Zoneout, cell=GRU), 3, 64)

    Chance is drawn in `project` from torch's global generator, as dropout is, and only while training; in evaluation
    mode the cell is a plain function.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        cell: makes the inner cell when called as cell(input_size, hidden_size, device=..., dtype=...).
        own_states: names and widths of states that it adds behind those of the inner cell; they begin at zero, and are
            bookkeeping.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell],
        own_states: Mapping[str, int] | None = None,
        device=None,
        dtype=None,
    ):
        inner = cell(input_size, hidden_size, device=device, dtype=dtype)
        states = inner.state_sizes | dict(own_states or {})
        super().__init__(input_size, hidden_size, state_sizes=states, blocks=inner.block_sizes)
        self.inner = inner
        self.shared_features, self.reads_output = inner.shared_features, inner.reads_output
        self.bookkeeping, self.counters = (*inner.bookkeeping, *(own_states or {})), inner.counters

    @property
    def unmodified(self) -> Cell:
        return self.inner.unmodified

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the inner cell does."""
        redraw(self.inner, generator)

    def initial_state(self, batch_size: int, *, like: Tensor) -> tuple[Tensor, ...]:
        inner = self.inner.initial_state(batch_size, like=like)
        own = list(self.state_sizes.values())[len(inner) :]
        return self.make_state([*inner, *(like.new_zeros(batch_size, size) for size in own)])

    def calls(self, module: nn.Module) -> bool:
        """Whether a step, tried once, calls a module of the inner cell."""
        seen: list[object] = []
        handle = module.register_forward_hook(lambda *of_a_call: seen.append(of_a_call))
        x = next(self.parameters(), torch.empty(0)).new_zeros(1, self.input_size)
        with torch.no_grad():
            self.eval().next_state(self.project(x), self.initial_state(1, like=x))
        handle.remove()
        self.train()
        return bool(seen)

    def settle(self) -> None:
        self.inner.settle()

    def take_place(self, layer: int, layers: int) -> None:
        self.inner.take_place(layer, layers)


def redraw(cell: Cell, generator: torch.Generator | None) -> None:
    """Draw the parameters of a cell within another one.

    Raises:
        ValueError: it does not say how.
    """
    reset = getattr(cell, "reset_parameters", None)
    if reset is None:
        raise ValueError(f"{type(cell).__name__} can't be drawn anew: give it reset_parameters(generator)")
    reset(generator)


def probability(name: str, value: float) -> float:
    """`value` itself if it is a probability below 1."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be a probability in [0, 1), got {value}")
    return float(value)


def kept_mask(shape: tuple[int, ...], rate: float, *, like: Tensor) -> Tensor:
    """Dropout's mask: 0 with probability `rate`, else 1 / (1 - rate), with the dtype and device of `like`."""
    return (torch.rand(shape, device=like.device) >= rate).to(like.dtype) / (1 - rate)
