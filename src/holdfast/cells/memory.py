"""How much a gated cell writes, given how much it keeps."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


class Memory(ABC):
    """From the gate that keeps the memory, and gates over blocks of its own, to the gate that writes to it."""

    blocks: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def write(self, keep: Tensor, *gates: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Tied(Memory):
    """The memory is a moving average: what is not kept is written, i = 1 - g."""

    def write(self, keep: Tensor, *gates: Tensor) -> Tensor:
        return 1 - keep


@dataclass(frozen=True)
class Independent(Memory):
    """The input gate has pre-activations of its own, as in the standard LSTM."""

    blocks: ClassVar[tuple[str, ...]] = ("input",)

    def write(self, keep: Tensor, *gates: Tensor) -> Tensor:
        (i,) = gates
        return i
