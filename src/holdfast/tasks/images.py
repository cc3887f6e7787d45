"""Labelled pictures in memory, and how a set of them is split for good."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_SPLIT_SEED = 50


@dataclass(frozen=True, eq=False)
class Images:
    """Pictures and what they show.

    Args:
        pixels: (N, height, width, channels), as stored: uint8 to save memory, or float32.
        labels: (N,) int64.
        maximum: the largest value that a pixel can have.
    """

    pixels: Tensor
    labels: Tensor
    maximum: float

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor | slice) -> "Images":
        """Some of them, in the order of the index."""
        return Images(self.pixels[index], self.labels[index], self.maximum)

    def scaled(self) -> Tensor:
        """The pixels (N, height, width, channels) as float32 in [0, 1]."""
        return self.pixels.float() / self.maximum


@dataclass(frozen=True, eq=False)
class Splits:
    """Three sets without a picture in common."""

    train: Images
    validation: Images
    test: Images


def fixed_permutation(count: int) -> Tensor:
    """The order (count,) in which every run sees these things, drawn once from its own generator with seed 50.

    NumPy promises that `RandomState` gives the same numbers in every release; torch promises no such thing.
    """
    return torch.from_numpy(np.random.RandomState(_SPLIT_SEED).permutation(count))


def split_off_validation(train: Images, one_in: int) -> tuple[Images, Images]:
    """Training and validation set: one picture in `one_in` (the last of a fixed permutation) is for validation."""
    order = fixed_permutation(len(train))
    kept = len(train) - len(train) // one_in
    return train.take(order[:kept]), train.take(order[kept:])


def split_by_class(images: Images, shares: tuple[float, float] = (0.6, 0.2)) -> Splits:
    """Three sets with each class in the same proportion.

    Args:
        images: all of them.
        shares: of the training set and of the validation set; the rest is for testing.
    """
    order = fixed_permutation(len(images))
    part = torch.empty(len(images), dtype=torch.int64)
    for label in images.labels.unique():
        members = order[images.labels[order] == label]
        train, validation = (round(share * len(members)) for share in shares)
        part[members] = 2
        part[members[: train + validation]] = 1
        part[members[:train]] = 0
    train, validation, test = (images.take(order[part[order] == number]) for number in range(3))
    return Splits(train, validation, test)
