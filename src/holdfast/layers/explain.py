"""What a layer will do, in words."""

from dataclasses import dataclass

from holdfast.backends import Choice
from holdfast.layers.memory import Memory


@dataclass(frozen=True)
class Explanation:
    """Which backend runs each cell of a layer, why not a faster one, and what memory it takes; `print` shows it.

    Args:
        choices: one for each cell, by its place in the layer ("layer 0, forward").
        memory: what a backward pass over the input needs; None if that is not known, or no input was given.
        asked: whether an input was given.
    """

    choices: dict[str, Choice]
    memory: Memory | None = None
    asked: bool = False

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the backends, in the order of the cells."""
        return tuple(choice.backend.name for choice in self.choices.values())

    def __str__(self) -> str:
        distinct = {str(choice) for choice in self.choices.values()}
        lines = [f"{place}: backend {choice}" for place, choice in self.choices.items()]
        lines = [f"backend {distinct.pop()}"] if len(distinct) == 1 else lines
        unknown = "what a backward pass needs is not known: only kernels say how much they keep"
        return "\n".join([*lines, *([str(self.memory or unknown)] if self.asked else [])])
