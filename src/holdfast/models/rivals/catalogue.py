"""The names of networks that are no recurrence: those that hear a whole sequence at once, and those that look back."""

import inspect
from dataclasses import dataclass
from typing import Any, ClassVar

from holdfast.layers.catalogue.entry import arguments
from holdfast.models.rivals.causal import Causal
from holdfast.models.rivals.encoder import Encoder
from holdfast.models.rivals.tcn import TCN
from holdfast.models.rivals.tdmca import TDMCA
from holdfast.models.rivals.transformer import Transformer
from holdfast.models.rivals.trellis import TrellisNet


@dataclass(frozen=True)
class Network:
    """A named network of whole sequences; it stands beside the layers that `holdfast.make` knows.

    Args:
        name: what the command line calls it.
        summary: what it is, in a line.
        network: its class.
        sources: keys of the bibliography.
        group: the family under which it is listed.
    """

    sizes: ClassVar[tuple[str, ...]]
    """What its class is told of widths."""

    name: str
    summary: str
    network: Any
    sources: tuple[str, ...]
    group: str

    def options(self) -> dict[str, inspect.Parameter]:
        """What it can be told beside its sizes, with types and defaults."""
        return arguments(self.network, without=(*self.sizes, "generator"))

    def required(self) -> list[str]:
        """Options without a default."""
        return [name for name, option in self.options().items() if option.default is option.empty]

    def parts(self) -> dict[str, str]:
        """The docstring that defines it."""
        return {"network": inspect.getdoc(self.network) or ""}


class Rival(Network):
    """One that hears all steps at once: its outputs have a mean, and that has an answer."""

    sizes = ("width",)

    def build(self, width: int, **options: Any) -> Encoder:
        """The network.

        Raises:
            ValueError: an option is out of its range.
        """
        return self.network(width, **options)


class CausalRival(Network):
    """One that looks back: it stands where a recurrent layer stands, but for the state."""

    sizes = ("input_size", "hidden_size")

    def build(self, input_size: int, hidden_size: int, **options: Any) -> Causal:
        """The network.

        Raises:
            ValueError: an option is out of its range.
        """
        return self.network(input_size, hidden_size, **options)


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival(
            "transformer",
            "attention among all steps, mean of the outputs",
            Transformer,
            ("vaswani2017attention", "vaswani2018tensor"),
            "attention",
        ),
        Rival(
            "t-dmca",
            "attention within blocks and to a compressed memory, mean of the outputs",
            TDMCA,
            ("liu2018generating",),
            "attention",
        ),
    )
}
"""Those that give one answer a sequence, by name."""

CAUSAL: dict[str, CausalRival] = {
    rival.name: rival
    for rival in (
        CausalRival("tcn", "residual blocks of dilated causal convolutions", TCN, ("bai2018empirical",), "convolution"),
        CausalRival(
            "trellisnet", "convolutions that share the gates of an LSTM", TrellisNet, ("bai2019trellis",), "convolution"
        ),
    )
}
"""Those that answer at every step, by name."""
