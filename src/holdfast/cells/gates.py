"""Gates: how pre-activations become numbers in [0, 1] that scale a memory.

A gate is a value. It takes one primary pre-activation (the block `forget` or `update` of a cell) and as many more as it
names in `auxiliary`; any gate fits any gated cell and meets any initialiser. A gate whose shape is learnt says in
`initial_parameters` where its own parameters begin; the cell holds them (`PlacedGate`).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor


class Gate(ABC):
    """From a primary pre-activation (B, H) and the auxiliary ones to a gate (B, H) with values in [0, 1].

    A gate with parameters of its own takes them after the pre-activations, in the order of `initial_parameters`.
    """

    auxiliary: ClassVar[tuple[str, ...]] = ()

    def initial_parameters(self, units: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """Where the gate's own parameters begin, by name, the units along the first axis; most gates have none."""
        return {}

    @abstractmethod
    def __call__(self, *pre_activations: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Sigmoid(Gate):
    """The usual gate: f = sigmoid(a)."""

    def __call__(self, *pre_activations: Tensor) -> Tensor:
        (a,) = pre_activations
        return a.sigmoid()


@dataclass(frozen=True)
class Cumax(Gate):
    """An ordered gate: f = cumsum(softmax(a)), increasing along the units, 1 at the last.

    Source: shen2019ordered.
    """

    def __call__(self, *pre_activations: Tensor) -> Tensor:
        (a,) = pre_activations
        return a.softmax(-1).cumsum(-1)


@dataclass(frozen=True)
class Refine(Gate):
    """A gate that can be learnt near saturation: a second gate moves the first within the band f (1 - f) around it.

        f = primary(a)
        r = sigmoid(b)
        g = f + f (1 - f) (2 r - 1)          so f^2 <= g <= 1 - (1 - f)^2, and g = f at r = 1/2

    With e = 1 - f small, 1 - g lies between e^2 and 2e - e^2: time scales reach 1/e^2 instead of 1/e.

    Args:
        primary: the gate that is refined.

    Source: gu2020improving.
    """

    primary: Gate = field(default_factory=Sigmoid)
    auxiliary: ClassVar[tuple[str, ...]] = ("refine",)

    def initial_parameters(self, units: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        return self.primary.initial_parameters(units, generator)

    def __call__(self, *pre_activations: Tensor) -> Tensor:
        a, b, *own = pre_activations
        f = self.primary(a, *own)
        return f + f * (1 - f) * (2 * b.sigmoid() - 1)


@dataclass(frozen=True)
class Master(Gate):
    """The lower half of the refine band, as the master gates of Ordered Neurons give it in a tied memory.

        f = primary(a)
        m = sigmoid(b)
        g = f - f (1 - f) (1 - m)            so f^2 <= g <= f

    Args:
        primary: the master gate itself.

    Source: gu2020improving, shen2019ordered.
    """

    primary: Gate = field(default_factory=Sigmoid)
    auxiliary: ClassVar[tuple[str, ...]] = ("master",)

    def initial_parameters(self, units: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        return self.primary.initial_parameters(units, generator)

    def __call__(self, *pre_activations: Tensor) -> Tensor:
        a, b, *own = pre_activations
        f = self.primary(a, *own)
        return f - f * (1 - f) * (1 - b.sigmoid())
