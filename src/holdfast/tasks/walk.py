"""The order in which a training set is gone through, addressed by step."""

from functools import lru_cache

import torch
from torch import Tensor

from holdfast.tasks.seeds import generator

POOL = 100
"""Batches that are sorted by length together: enough that a batch has hardly any padding, few enough that what a step
sees stays a matter of chance."""


def shuffled(count: int, start: int, stop: int, *, seed: int) -> Tensor:
    """The examples at the places `start` to `stop` of an endless walk: one shuffle of the set after another.

    The shuffle of an epoch is drawn from (seed, epoch), so every example comes once in each.

    Args:
        count: how many examples there are.
        start, stop: places of the walk, from 0.
        seed: the run's seed.
    """
    first, last = start // count, (stop - 1) // count
    walk = torch.cat([_shuffle(count, seed, epoch) for epoch in range(first, last + 1)])
    return walk[start - first * count : stop - first * count]


def of_similar_length(lengths: Tensor, step: int, batch_size: int, *, seed: int) -> Tensor:
    """The examples of one step, alike in length.

    The walk is cut into pools of whole batches, at most `POOL` and at most an epoch. A pool is sorted by length and cut
    into batches, and these are shuffled. Batches are full, and in each epoch every example comes once. Where a pool
    holds the end of an epoch and the beginning of the next, each is sorted by itself, one up and one down, so that an
    example does not meet itself and the longest meet.

    Args:
        lengths: (N,), the steps of every example.
        step: from 0.
        batch_size: B.
        seed: the run's seed.
    """
    count = len(lengths)
    batches = max(1, min(POOL, count // batch_size))
    number, place = divmod(step, batches)
    start, stop = number * batches * batch_size, (number + 1) * batches * batch_size
    walk = shuffled(count, start, stop, seed=seed)
    epoch = torch.arange(start, stop) // count - start // count
    order = torch.where(epoch % 2 == 0, lengths[walk], -lengths[walk]).argsort(stable=True)
    order = order[epoch[order].argsort(stable=True)]
    # Epochs are drawn from numbers from 0 on, so pools take those below.
    chosen = torch.randperm(batches, generator=generator("training", seed, -1 - number))[place]
    return walk[order].view(batches, batch_size)[chosen]


@lru_cache(maxsize=8)
def _shuffle(count: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=generator("training", seed, epoch))
