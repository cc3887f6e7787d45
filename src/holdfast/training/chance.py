"""Chance inside a model (dropout, noise on gates), addressed by step like the batches.

So a resumed run draws what an uninterrupted one would, and no state of a generator needs to be saved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch


def seed_chance(seed: int, step: int, process: int) -> None:
    """Sets torch's global generators, which dropout draws from, to those of one update in one process."""
    digest = blake2b(f"{seed}/{step}/{process}".encode(), digest_size=4, person=b"dropout")
    torch.manual_seed(int.from_bytes(digest.digest(), "big"))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leaves the global generators to the caller as they were."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
