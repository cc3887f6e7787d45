"""Labelled examples where they are stored, and how a set of them is split for good."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

_SPLIT_SEED = 50


class Examples(ABC):
    """Some examples of a set, in an order; they are read when they are asked for, and not before."""

    labels: Tensor
    """(N,) int64."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> Tensor | None:
        """(N,) int64, the steps of each; None if all have as many."""
        return None

    @abstractmethod
    def take(self, index: Tensor | slice) -> Self:
        """Some of them, in the order of the index."""


@dataclass(frozen=True, eq=False)
class Recordings(Examples):
    """Sequences of any length, stored one after another.

    Args:
        values: (S, C), the steps of all sequences as they are stored.
        starts: (N,) int64, where in S each begins.
        ends: (N,) int64, where in S each ends.
        labels: (N,) int64.
    """

    values: Tensor
    starts: Tensor
    ends: Tensor
    labels: Tensor

    @property
    def lengths(self) -> Tensor:
        return self.ends - self.starts

    def take(self, index: Tensor | slice) -> "Recordings":
        return Recordings(self.values, self.starts[index], self.ends[index], self.labels[index])

    def cut(self, longest: int | None) -> "Recordings":
        """The same with all steps beyond the first `longest` left out; None leaves out none."""
        ends = self.ends if longest is None else torch.minimum(self.ends, self.starts + longest)
        return Recordings(self.values, self.starts, ends, self.labels)

    def padded(self) -> Tensor:
        """Side by side (T, N, C), as stored; 0 beyond each one's end."""
        rows = self.values.new_zeros(len(self), int(self.lengths.max()), self.values.shape[1])
        for row, start, end in zip(rows, self.starts.tolist(), self.ends.tolist(), strict=True):
            row[: end - start] = self.values[start:end]
        return rows.transpose(0, 1).contiguous()


Kind = TypeVar("Kind", bound=Examples)
Kind_co = TypeVar("Kind_co", bound=Examples, covariant=True)


@dataclass(frozen=True, eq=False)
class Splits(Generic[Kind_co]):
    """Three sets without an example in common."""

    train: Kind_co
    validation: Kind_co
    test: Kind_co


def fixed_permutation(count: int) -> Tensor:
    """The order (count,) in which every run sees these things, drawn once from its own generator with seed 50.

    NumPy promises that `RandomState` gives the same numbers in every release; torch promises no such thing.
    """
    return torch.from_numpy(np.random.RandomState(_SPLIT_SEED).permutation(count))


def split_off_validation(train: Kind, one_in: int) -> tuple[Kind, Kind]:
    """Training and validation set: one example in `one_in` (the last of a fixed permutation) is for validation."""
    order = fixed_permutation(len(train))
    kept = len(train) - len(train) // one_in
    return train.take(order[:kept]), train.take(order[kept:])


def split_by_class(examples: Kind, shares: tuple[float, float] = (0.6, 0.2)) -> Splits[Kind]:
    """Three sets with each class in the same proportion.

    Args:
        examples: all of them.
        shares: of the training set and of the validation set; the rest is for testing.
    """
    order = fixed_permutation(len(examples))
    part = torch.empty(len(examples), dtype=torch.int64)
    for label in examples.labels.unique():
        members = order[examples.labels[order] == label]
        train, validation = (round(share * len(members)) for share in shares)
        part[members] = 2
        part[members[: train + validation]] = 1
        part[members[:train]] = 0
    train, validation, test = (examples.take(order[part[order] == number]) for number in range(3))
    return Splits(train, validation, test)
