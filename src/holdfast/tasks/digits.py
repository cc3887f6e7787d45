"""Handwritten digits that ship with scikit-learn: the real task that needs no network."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.orders import Order, Permuted, PixelByPixel, RowByRow
from holdfast.tasks.pixels import PictureTask
from holdfast.tasks.sources import PictureSource, ScannedDigits

Side = Literal[8, 28]
SIDES: tuple[Side, ...] = (8, 28)


@dataclass(frozen=True, kw_only=True)
class DigitsTask(PictureTask):
    """What the digits tasks share: 1,797 scans, split 60 : 20 : 20 within each class.

    Args:
        side: 8 as scanned (64 pixels), or 28, enlarged to MNIST's 784 pixels.
        train_examples: train on so many pictures; None for all 1,078.
        validation_examples: validate on so many pictures; None for all.

    Source: alpaydin1998optical

    Raises:
        ValueError: a setting is out of its range.
    """

    sources: ClassVar[tuple[str, ...]] = ("alpaydin1998optical",)

    side: Side = 8

    def __post_init__(self) -> None:
        at_least(self, train_examples=1, validation_examples=1)
        one_of(self, side=SIDES)

    @property
    def source(self) -> PictureSource:
        return ScannedDigits(self.side)


@dataclass(frozen=True, kw_only=True)
class Digits(DigitsTask):
    """Handwritten digits, a pixel a step."""

    name: ClassVar[str] = "digits"
    summary: ClassVar[str] = "name a handwritten digit read pixel by pixel (scikit-learn's scans, no network needed)"
    order: ClassVar[Order] = PixelByPixel()


@dataclass(frozen=True, kw_only=True)
class PermutedDigits(DigitsTask):
    """Handwritten digits, a pixel a step, in one scrambled order."""

    name: ClassVar[str] = "permuted-digits"
    summary: ClassVar[str] = "name a handwritten digit read pixel by pixel in one scrambled order"
    order: ClassVar[Order] = Permuted()


@dataclass(frozen=True, kw_only=True)
class RowDigits(DigitsTask):
    """Handwritten digits, a row a step."""

    name: ClassVar[str] = "row-digits"
    summary: ClassVar[str] = "name a handwritten digit read row by row"
    order: ClassVar[Order] = RowByRow()
