"""Dilated recurrent networks: layers whose cells look further and further back."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from holdfast.cells.cell import Cell, positive
from holdfast.cells.gru import GRU
from holdfast.cells.modifier import redraw


class Dilated(Cell):
    """Layers of any cell, each of which goes on from its state of s steps ago: the k-th layer has s = base^(k-1).

        s^k_t = cell^k(y^{k-1}_t, s^k_{t-s_k}),   s_k = base^(k-1),   y^0_t = x_t
        h_t = y of the last layer,   y^k_t the output part of s^k_t

    A path over n steps is n / s_k long in layer k, so the last layer alone reaches a thousand steps back in a few.
    What a layer keeps is its last s_k states, the newest first: the first of `h_2` is its state of the step before.

    The layers of a network with dilations s_k are s_k networks side by side, each of which sees every s_k-th step. So
    the backend `folded` runs a layer as one batch of s_k times the rows, in 1 / s_k of the steps, by whatever is
    fastest for the cell; the others take the definition as it stands here.

    Args:
        input_size: features of x_t.
        hidden_size: units of each layer; 20 in the paper.
        cell: makes a layer's cell when called as cell(input_size, hidden_size, device=..., dtype=...).
        layers: how many; 9 in the paper on MNIST, which are dilations up to 256.
        base: by how much the dilation grows from layer to layer.

    Initialisation: that of the cell.

    Source: chang2017dilated. The first layer has dilation 1; the paper also starts at larger ones and then joins the
    outputs of neighbouring steps.

    Raises:
        ValueError: a count below 1, or a cell that does not begin from zeros or reads time stamps.
    """

    entangled = "its states are the last ones of each layer, moved on as a whole; give its layers cells with zoneout"
    reads_output = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: Callable[..., Cell] = GRU,
        layers: int = 9,
        base: int = 2,
        device=None,
        dtype=None,
    ):
        dilations = [positive("base", base) ** k for k in range(positive("layers", layers))]
        made = [cell(positive("input_size", input_size), hidden_size, device=device, dtype=dtype)]
        first, width = made[0], made[0].output_size
        made += [cell(width, hidden_size, device=device, dtype=dtype) for _ in dilations[1:]]
        if not first.begins_from_zeros or first.shared_features:
            raise ValueError(
                f"Dilated takes cells that begin from zeros and read no time stamps, got {type(first).__name__}"
            )
        sizes = {f"{part}_{k + 1}": s * n for k, s in enumerate(dilations) for part, n in first.state_sizes.items()}
        super().__init__(input_size, hidden_size, state_sizes={"h": width} | sizes)
        self.counters = tuple(f"{part}_{k + 1}" for k in range(layers) for part in first.counters)
        self.dilations = dilations
        for k, one in enumerate(made):
            one.take_place(k, layers)
        self.layers: Any = nn.ModuleList(made)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Layer by layer, as the cell does."""
        for cell in self.layers:
            redraw(cell, generator)

    def project(self, x: Tensor) -> Tensor:
        return self.layers[0].project(x)

    def step(self, p: Tensor, state):
        y, new = p, []
        for k, (cell, past) in enumerate(zip(self.layers, self.pasts(state), strict=True)):
            before = [part[..., -width:] for part, width in zip(past, cell.state_sizes.values(), strict=True)]
            now = cell.next_state(cell.project(y) if k else p, cell.make_state(before))
            new += [shifted_in(value, part) for value, part in zip(now, past, strict=True)]
            y = now[0]
        return y, *new

    def pasts(self, state: Sequence[Tensor]) -> list[Sequence[Tensor]]:
        """What each layer keeps, part by part: (B, s_k width) each."""
        parts = len(self.layers[0].state_sizes)
        return [state[k : k + parts] for k in range(1, len(state), parts)]

    def settle(self) -> None:
        for cell in self.layers:
            cell.settle()

    def choices(self) -> dict[str, object]:
        return {"dilations": self.dilations}


def shifted_in(new: Tensor, past: Tensor) -> Tensor:
    """A past (B, s width), the newest first, with a new value (B, width) before it and the oldest one gone."""
    return new if past.shape == new.shape else torch.cat([new, past[..., : -new.shape[-1]]], -1)
