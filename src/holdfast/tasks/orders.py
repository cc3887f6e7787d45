"""How a picture becomes a sequence."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from holdfast.tasks.examples import fixed_permutation


@dataclass(frozen=True)
class Order(ABC):
    """A way to read a picture step by step."""

    @abstractmethod
    def steps(self, height: int, width: int) -> int:
        """T, for pictures of this size."""

    @abstractmethod
    def input_size(self, width: int, channels: int) -> int:
        """I, what is seen at each step."""

    @abstractmethod
    def arrange(self, pictures: Tensor) -> Tensor:
        """Pictures (B, height, width, channels) as inputs (T, B, I)."""


@dataclass(frozen=True)
class PixelByPixel(Order):
    """From the top left to the bottom right, a pixel (all its channels) a step."""

    def steps(self, height: int, width: int) -> int:
        return height * width

    def input_size(self, width: int, channels: int) -> int:
        return channels

    def arrange(self, pictures: Tensor) -> Tensor:
        return pictures.flatten(1, 2).transpose(0, 1).contiguous()


@dataclass(frozen=True)
class Permuted(Order):
    """A pixel a step, in one scrambled order: the same for every picture, set and run (seed 50)."""

    def steps(self, height: int, width: int) -> int:
        return height * width

    def input_size(self, width: int, channels: int) -> int:
        return channels

    def arrange(self, pictures: Tensor) -> Tensor:
        pixels = pictures.flatten(1, 2).transpose(0, 1)
        return pixels[fixed_permutation(len(pixels))]


@dataclass(frozen=True)
class RowByRow(Order):
    """From top to bottom, a whole row a step."""

    def steps(self, height: int, width: int) -> int:
        return height

    def input_size(self, width: int, channels: int) -> int:
        return width * channels

    def arrange(self, pictures: Tensor) -> Tensor:
        return pictures.flatten(2).transpose(0, 1).contiguous()
