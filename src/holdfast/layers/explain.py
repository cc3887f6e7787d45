"""What a layer will do, in words."""

from dataclasses import dataclass

from holdfast.backends import Choice


@dataclass(frozen=True)
class Explanation:
    """Which backend runs each cell of a layer, and why not a faster one; `print` shows it.

    Args:
        choices: one for each cell, by its place in the layer ("layer 0, forward").
    """

    choices: dict[str, Choice]

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the backends, in the order of the cells."""
        return tuple(choice.backend.name for choice in self.choices.values())

    def __str__(self) -> str:
        distinct = {str(choice) for choice in self.choices.values()}
        if len(distinct) == 1:
            return f"backend {distinct.pop()}"
        return "\n".join(f"{place}: backend {choice}" for place, choice in self.choices.items())
