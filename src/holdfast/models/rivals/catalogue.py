"""The names of networks that are no recurrence."""

import inspect
from dataclasses import dataclass
from typing import Any

from holdfast.layers.catalogue.entry import arguments
from holdfast.models.rivals.encoder import Encoder
from holdfast.models.rivals.tdmca import TDMCA
from holdfast.models.rivals.transformer import Transformer


@dataclass(frozen=True)
class Rival:
    """A named network that reads whole sequences at once; it stands beside the layers that `holdfast.make` knows.

    Args:
        name: what the command line calls it.
        summary: what it is, in a line.
        encoder: its class.
        sources: keys of the bibliography.
        group: the family under which it is listed.
    """

    name: str
    summary: str
    encoder: type[Encoder]
    sources: tuple[str, ...]
    group: str = "attention"

    def options(self) -> dict[str, inspect.Parameter]:
        """What it can be told beside its width, with types and defaults."""
        return arguments(self.encoder, without=("width", "generator"))

    def required(self) -> list[str]:
        """Options without a default."""
        return [name for name, option in self.options().items() if option.default is option.empty]

    def parts(self) -> dict[str, str]:
        """The docstring that defines it."""
        return {"network": inspect.getdoc(self.encoder) or ""}

    def build(self, width: int, **options: Any) -> Encoder:
        """The network.

        Raises:
            ValueError: an option is out of its range.
        """
        make: Any = self.encoder
        return make(width, **options)


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival(
            "transformer",
            "attention among all steps, mean of the outputs",
            Transformer,
            ("vaswani2017attention", "vaswani2018tensor"),
        ),
        Rival(
            "t-dmca",
            "attention within blocks and to a compressed memory, mean of the outputs",
            TDMCA,
            ("liu2018generating",),
        ),
    )
}
"""By name."""
