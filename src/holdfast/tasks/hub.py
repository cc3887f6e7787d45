"""Pictures from the Hugging Face hub, or from a folder of the same layout: MNIST, CIFAR-10, and those of any set."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.decoding import PictureDecoder
from holdfast.tasks.orders import Order, Permuted, PixelByPixel, RowByRow
from holdfast.tasks.pixels import PictureTask
from holdfast.tasks.sources import HubImages, PictureSource, data_folder
from holdfast.tasks.tables import Table

Channels = Literal[1, 3]
CHANNELS: tuple[Channels, ...] = (1, 3)


@dataclass(frozen=True, kw_only=True)
class HubPictures(PictureTask):
    """What the picture tasks of the hub share: the official test set, and a validation set out of the training set.

    Args:
        data: a folder that holds the set in the hub's layout (owner/name/...); None takes the folder that the
            environment variable HOLDFAST_DATA names, or else the hub. A run goes on where the folder has moved.
        train_examples: train on so many pictures; None for all.
        validation_examples: validate on so many pictures; None for all.

    Raises:
        ValueError: a setting is out of its range, or (at the first batch) the set cannot be read.
    """

    validation_one_in: ClassVar[int] = 10

    data: str | None = None

    def __post_init__(self) -> None:
        at_least(self, train_examples=1, validation_examples=1)

    def images(self, table: Table, decoder: PictureDecoder) -> PictureSource:
        """The pictures of a table, from where the settings say."""
        return HubImages(table, decoder, data_folder(self.data), self.validation_one_in)


@dataclass(frozen=True, kw_only=True)
class MNISTTask(HubPictures):
    """What the MNIST tasks share: 50,000 pictures to train on, 10,000 to validate, 10,000 to test."""

    sources: ClassVar[tuple[str, ...]] = ("lecun1998gradient", "le2015simple")
    validation_one_in: ClassVar[int] = 6

    @property
    def source(self) -> PictureSource:
        return self.images(Table("ylecun/mnist", ("image",)), PictureDecoder((28, 28, 1)))


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
class CIFAR10(HubPictures):
    """CIFAR-10, a pixel (red, green, blue) a step: 1,024 steps; 45,000 pictures to train on, 5,000 to validate."""

    name: ClassVar[str] = "cifar10"
    summary: ClassVar[str] = "name the object in a small photograph read pixel by pixel, 1,024 steps"
    sources: ClassVar[tuple[str, ...]] = ("krizhevsky2009learning", "trinh2018learning")
    order: ClassVar[Order] = PixelByPixel()

    @property
    def source(self) -> PictureSource:
        return self.images(Table("uoft-cs/cifar10", ("img",)), PictureDecoder((32, 32, 3)))


@dataclass(frozen=True, kw_only=True)
class StanfordDogs(HubPictures):
    """120 breeds of dogs in photographs brought to `side` x `side` pixels, a pixel a step: side^2 steps.

    12,000 photographs to learn from, 1,200 of which validate, and 8,580 to test. The paper's sizes are 40, 48, 56, 72,
    80, 96, 112 and 128; how it made 150,000 training pictures of these photographs is not known, so its numbers are not
    to be compared with those of this task without saying so.

    Args:
        side: height and width, in pixels; at least 1. A photograph is squeezed to a square, whatever its proportions.

    Source: khosla2011novel, trinh2018learning
    """

    name: ClassVar[str] = "stanford-dogs"
    summary: ClassVar[str] = "name the breed of a dog in a photograph read pixel by pixel, 1,600 to 16,384 steps"
    sources: ClassVar[tuple[str, ...]] = ("khosla2011novel", "trinh2018learning")
    order: ClassVar[Order] = PixelByPixel()

    side: int = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, side=1)

    @property
    def classes(self) -> int:
        return 120

    @property
    def source(self) -> PictureSource:
        table = Table("Donghyun99/Stanford-Dogs", ("image",), classes=self.classes)
        return self.images(table, PictureDecoder((self.side, self.side, 3), resize=True))


@dataclass(frozen=True, kw_only=True)
class Pictures(HubPictures):
    """Pictures of any set, brought to `side` x `side` pixels, a pixel a step: side^2 steps.

    The set is one of the hub, or a folder of your own inside the data folder: parquet files, or pictures as
    train/CLASS/NAME.jpg and test/CLASS/NAME.jpg.

    Args:
        repository: its name on the hub, owner/name, or the path of its folder inside the data folder.
        classes: how many there are; labels run from 0.
        side: height and width, in pixels; at least 1. A picture is squeezed to a square, whatever its proportions.
        channels: 1 for grey, 3 for red, green and blue.
        image_column: the column of the pictures; "image" in folders of pictures.
        label_column: the column of the class; "label" in folders of pictures.

    Source: trinh2018learning
    """

    name: ClassVar[str] = "pictures"
    summary: ClassVar[str] = "name the pictures of any set, resized and read pixel by pixel"
    sources: ClassVar[tuple[str, ...]] = ("trinh2018learning",)
    order: ClassVar[Order] = PixelByPixel()

    repository: str = "uoft-cs/cifar10"
    classes: int = 10  # pyright: ignore[reportIncompatibleMethodOverride]  a setting stands in for a property
    side: int = 32
    channels: Channels = 3
    image_column: str = "img"
    label_column: str = "label"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, classes=2, side=1)
        one_of(self, channels=CHANNELS)

    @property
    def source(self) -> PictureSource:
        table = Table(self.repository, (self.image_column,), self.label_column, self.classes)
        return self.images(table, PictureDecoder((self.side, self.side, self.channels), resize=True))
