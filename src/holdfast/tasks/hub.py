"""MNIST and CIFAR-10, from the Hugging Face hub or from a folder of the same layout."""

from dataclasses import dataclass
from typing import ClassVar

from holdfast.tasks.checks import at_least
from holdfast.tasks.orders import Order, Permuted, PixelByPixel, RowByRow
from holdfast.tasks.pixels import PictureTask
from holdfast.tasks.reading import Table
from holdfast.tasks.sources import HubImages, Source, data_folder


@dataclass(frozen=True, kw_only=True)
class HubTask(PictureTask):
    """What the tasks of the hub share: the official test set, and validation pictures split off the training set.

    Args:
        data: a folder that holds the set in the hub's layout (owner/name/...); None takes the folder that the
            environment variable HOLDFAST_DATA names, or else the hub. A run goes on where the folder has moved.
        train_examples: train on so many pictures; None for all.
        validation_examples: validate on so many pictures; None for all.

    Raises:
        ValueError: a setting is out of its range, or (at the first batch) the set cannot be read.
    """

    table: ClassVar[Table]
    validation_one_in: ClassVar[int]

    data: str | None = None

    def __post_init__(self) -> None:
        at_least(self, train_examples=1, validation_examples=1)

    @property
    def source(self) -> Source:
        return HubImages(self.table, data_folder(self.data), self.validation_one_in)


@dataclass(frozen=True, kw_only=True)
class MNISTTask(HubTask):
    """What the MNIST tasks share: 50,000 pictures to train on, 10,000 to validate, 10,000 to test."""

    sources: ClassVar[tuple[str, ...]] = ("lecun1998gradient", "le2015simple")
    table: ClassVar[Table] = Table("ylecun/mnist", image="image", size=(28, 28, 1))
    validation_one_in: ClassVar[int] = 6


@dataclass(frozen=True, kw_only=True)
class MNIST(MNISTTask):
    """MNIST, a pixel a step: 784 steps."""

    name: ClassVar[str] = "mnist"
    summary: ClassVar[str] = "name a handwritten digit read pixel by pixel, 784 steps"
    order: ClassVar[Order] = PixelByPixel()


@dataclass(frozen=True, kw_only=True)
class PermutedMNIST(MNISTTask):
    """MNIST, a pixel a step, in one scrambled order: 784 steps."""

    name: ClassVar[str] = "permuted-mnist"
    summary: ClassVar[str] = "name a handwritten digit read pixel by pixel in one scrambled order, 784 steps"
    order: ClassVar[Order] = Permuted()


@dataclass(frozen=True, kw_only=True)
class RowMNIST(MNISTTask):
    """MNIST, a row a step: 28 steps of 28 values."""

    name: ClassVar[str] = "row-mnist"
    summary: ClassVar[str] = "name a handwritten digit read row by row, 28 steps"
    order: ClassVar[Order] = RowByRow()


@dataclass(frozen=True, kw_only=True)
class CIFAR10(HubTask):
    """CIFAR-10, a pixel (red, green, blue) a step: 1,024 steps; 45,000 pictures to train on, 5,000 to validate."""

    name: ClassVar[str] = "cifar10"
    summary: ClassVar[str] = "name the object in a small photograph read pixel by pixel, 1,024 steps"
    sources: ClassVar[tuple[str, ...]] = ("krizhevsky2009learning", "trinh2018learning")
    order: ClassVar[Order] = PixelByPixel()
    table: ClassVar[Table] = Table("uoft-cs/cifar10", image="img", size=(32, 32, 3))
    validation_one_in: ClassVar[int] = 10
