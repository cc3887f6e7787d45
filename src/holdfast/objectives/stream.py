"""Truncated backpropagation through a sequence that does not end."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from holdfast.layers.visits import States, check_layer, parts
from holdfast.objectives.auxiliary import detached


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read at a time: inputs, resets, and the state before them."""

    x: Tensor
    reset: Tensor | None
    before: States


class Stream:
    """A layer that reads on and on, whose gradient goes back over the last `window` steps.

        stream = Stream(layer, window=100)
        for x, targets in batches:                  # x (S, B, I): the next S steps, the stride
            loss(head(stream.read(x)), targets).backward()

    The state is carried from one reading to the next, and memory does not grow. With a window as long as the stride
    this is the usual scheme, pieces that do not look back: a loss sees between 1 and S steps. With a longer one every
    loss sees at least window - S + 1 steps: the steps before the new ones are run again, on a graph this time.

    Args:
        layer: any recurrent layer, or a module like one; in one direction, time first.
        window: k2, steps over which a gradient passes back, counted from the last new one. None for as many as are read
            at a time.

    Source: williams1990efficient

    Raises:
        ValueError: a window below 1, or a layer that can't be carried on.
    """

    def __init__(self, layer: Any, *, window: int | None = None):
        check_layer(layer)
        if window is not None and window < 1:
            raise ValueError(f"window must be at least 1 step, got {window}; None is for the steps read at a time")
        self.layer, self.window = layer, window
        self.forget()

    def forget(self) -> None:
        """Begins anew, with the first state."""
        self._read: list[Reading] = []
        self._end: States | None = None

    def standing(self) -> dict[str, Any]:
        """Where it stands, in tensors and tuples; `resume` takes it."""
        return {"read": [(each.x, each.reset, each.before) for each in self._read], "end": self._end}

    def resume(self, standing: dict[str, Any], device: torch.device) -> None:
        """Goes on where another stood."""

        def here(tensor: Tensor | None) -> Any:
            return None if tensor is None else tensor.to(device)

        self._read = [Reading(here(x), here(reset), tuple(map(here, before))) for x, reset, before in standing["read"]]
        self._end = None if standing["end"] is None else tuple(map(here, standing["end"]))

    def read(self, x: Tensor, *, reset: Tensor | None = None) -> Tensor:
        """The outputs (S, B, O) of the next S steps, on a graph that begins `window` steps before their end.

        Args:
            x: (S, B, I), or symbols (S, B) if the layer embeds them.
            reset: (S, B) bool: where a new sequence begins, so that nothing before it is seen.

        Raises:
            ValueError: another number of rows than before, or more steps than the window holds.
        """
        window = self.window or len(x)
        if len(x) > window:
            raise ValueError(f"the window of {window} steps is shorter than the {len(x)} that are read at a time")
        if self._end is None:
            self._end = parts(self.layer.initial_state(x.shape[1]))
        if self._end[0].shape[1] != x.shape[1]:
            raise ValueError(f"this stream has {self._end[0].shape[1]} rows, got {x.shape[1]}; forget() begins anew")
        again = self._latest(window - len(x))
        state = again[0].before if again else self._end
        self._read, output = [], x
        for reading in [*again, Reading(x, reset, state)]:
            self._read.append(replace(reading, before=detached(state)))
            output, end = self.layer(reading.x, state, reset=reading.reset)
            state = parts(end)
        self._end = detached(state)
        return output

    def _latest(self, steps: int) -> list[Reading]:
        """What was read in the last steps."""
        kept = []
        for reading in reversed(self._read):
            if steps <= 0:
                break
            kept.insert(0, reading if len(reading.x) <= steps else self._later(reading, len(reading.x) - steps))
            steps -= len(reading.x)
        return kept

    def _later(self, reading: Reading, first: int) -> Reading:
        """A reading without its first steps."""
        begins = reading.reset
        before, after = (None, None) if begins is None else (begins[:first], begins[first:])
        with torch.no_grad():
            _, state = self.layer(reading.x[:first], reading.before, reset=before)
        return Reading(reading.x[first:], after, parts(state))
