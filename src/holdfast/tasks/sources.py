"""Where examples come from: the digits that ship with scikit-learn, or sets of the Hugging Face hub."""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch.nn import functional as F

from holdfast.tasks.decoding import Decoder, PictureDecoder
from holdfast.tasks.examples import Examples, Recordings, Splits, split_by_class, split_off_validation
from holdfast.tasks.images import Images
from holdfast.tasks.reading import read_table
from holdfast.tasks.tables import Table

DATA_VARIABLE = "HOLDFAST_DATA"
"""The environment variable that names the data folder; read here and nowhere else."""


@dataclass(frozen=True)
class Source(ABC):
    """A set of labelled examples."""

    @abstractmethod
    def read(self) -> Splits[Examples]:
        """The three sets, from wherever they are."""


@dataclass(frozen=True)
class PictureSource(Source):
    """A set of pictures of one size."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int, int]:
        """Height, width, channels."""


@dataclass(frozen=True)
class ScannedDigits(PictureSource):
    """1,797 handwritten digits of 8 x 8 pixels in 17 greys, shipped with scikit-learn: no network is needed.

    Split 60 : 20 : 20 within each class.

    Args:
        side: 8 as scanned, or larger: enlarged bilinearly.

    Source: alpaydin1998optical
    """

    side: int

    @property
    def size(self) -> tuple[int, int, int]:
        return self.side, self.side, 1

    def read(self) -> Splits[Images]:
        from sklearn.datasets import load_digits

        scans, labels = load_digits(return_X_y=True)
        pixels = torch.from_numpy(scans).float().view(-1, 1, 8, 8)
        if self.side != 8:
            pixels = F.interpolate(pixels, size=(self.side, self.side), mode="bilinear")
        return split_by_class(Images(pixels.movedim(1, -1), torch.from_numpy(labels).long(), maximum=16.0))


@dataclass(frozen=True)
class HubSequences(Source):
    """A set of the hub with an official training and test set; the validation set comes out of the training set.

    Args:
        table: what the set is called and holds.
        decoder: what becomes of a row.
        folder: a data folder that holds it, in the hub's layout; None for the hub itself.
        validation_one_in: one training example in so many is for validation.
        max_length: steps after which a sequence is cut off; None for never.
    """

    table: Table
    decoder: Decoder
    folder: Path | None
    validation_one_in: int
    max_length: int | None = None

    def read(self) -> Splits[Recordings]:
        official = read_table(self.table, self.decoder, self.folder)
        train, test = (part.cut(self.max_length) for part in official.values())
        return Splits(*split_off_validation(train, self.validation_one_in), test)


@dataclass(frozen=True)
class HubImages(PictureSource):
    """A set of pictures of the hub, with the splits of `HubSequences`.

    Args:
        table: what the set is called and holds.
        decoder: the size of the pictures.
        folder: a data folder that holds it, in the hub's layout; None for the hub itself.
        validation_one_in: one training picture in so many is for validation.
    """

    table: Table
    decoder: PictureDecoder
    folder: Path | None
    validation_one_in: int

    @property
    def size(self) -> tuple[int, int, int]:
        return self.decoder.size

    def read(self) -> Splits[Images]:
        official = read_table(self.table, self.decoder, self.folder)
        train, test = (
            Images(part.values.view(-1, *self.size), part.labels, maximum=255.0) for part in official.values()
        )
        return Splits(*split_off_validation(train, self.validation_one_in), test)


@lru_cache(maxsize=4)
def load(source: Source) -> Splits[Examples]:
    """The splits of a source, read once in a process."""
    return source.read()


def data_folder(data: str | None) -> Path | None:
    """The folder that holds the data: the one given, else that of HOLDFAST_DATA, else None for the hub."""
    chosen = data or os.environ.get(DATA_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else None
