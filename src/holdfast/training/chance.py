"""Chance inside a model (dropout, noise on gates, anchors of an auxiliary loss), addressed by step like the batches.

So a resumed run draws what an uninterrupted one would, and no state of a generator needs to be saved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch


def seed_chance(seed: int, step: int, process: int) -> None:
    """Sets torch's global generators, which dropout draws from, to those of one update in one process."""
    torch.manual_seed(_address(seed, step, process, b"dropout"))


def lesson_chance(seed: int, step: int, process: int) -> torch.Generator:
    """What the auxiliary losses of one update in one process draw from, on the CPU."""
    return torch.Generator().manual_seed(_address(seed, step, process, b"lesson"))


def _address(seed: int, step: int, process: int, use: bytes) -> int:
    digest = blake2b(f"{seed}/{step}/{process}".encode(), digest_size=4, person=use)
    return int.from_bytes(digest.digest(), "big")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leaves the global generators to the caller as they were."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
