"""Where pictures come from: the digits that ship with scikit-learn, or sets of the Hugging Face hub."""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch.nn import functional as F

from holdfast.tasks.images import Images, Splits, split_by_class, split_off_validation
from holdfast.tasks.reading import Table, read_images

DATA_VARIABLE = "HOLDFAST_DATA"
"""The environment variable that names the data folder; read here and nowhere else."""


@dataclass(frozen=True)
class Source(ABC):
    """A set of pictures of one size, in ten classes."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int, int]:
        """Height, width, channels."""

    @abstractmethod
    def read(self) -> Splits:
        """The three sets, from wherever they are."""


@dataclass(frozen=True)
class ScannedDigits(Source):
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

    def read(self) -> Splits:
        from sklearn.datasets import load_digits

        scans, labels = load_digits(return_X_y=True)
        pixels = torch.from_numpy(scans).float().view(-1, 1, 8, 8)
        if self.side != 8:
            pixels = F.interpolate(pixels, size=(self.side, self.side), mode="bilinear")
        return split_by_class(Images(pixels.movedim(1, -1), torch.from_numpy(labels).long(), maximum=16.0))


@dataclass(frozen=True)
class HubImages(Source):
    """A set of the hub with an official training and test set; the validation set comes out of the training set.

    Args:
        table: what the set is called and holds.
        folder: a data folder that holds it, in the hub's layout; None for the hub itself.
        validation_one_in: one training picture in so many is for validation.
    """

    table: Table
    folder: Path | None
    validation_one_in: int

    @property
    def size(self) -> tuple[int, int, int]:
        return self.table.size

    def read(self) -> Splits:
        official = read_images(self.table, "train", self.folder)
        train, validation = split_off_validation(official, self.validation_one_in)
        return Splits(train, validation, read_images(self.table, "test", self.folder))


@lru_cache(maxsize=4)
def load(source: Source) -> Splits:
    """The splits of a source, decoded once in a process."""
    return source.read()


def data_folder(data: str | None) -> Path | None:
    """The folder that holds the data: the one given, else that of HOLDFAST_DATA, else None for the hub."""
    chosen = data or os.environ.get(DATA_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else None
