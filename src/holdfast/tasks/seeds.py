"""Random generators with an address: the same (stream, seed, number) gives the same bits, without any state kept.

torch's CPU generator uses the low 32 bits of its seed and no more. We spend the upper two of them on the stream, so
no training seed can ever equal one of validation or test, whatever the run's seed and step. The lower thirty are a
hash of seed and number.
"""

from hashlib import blake2b
from typing import Literal

import torch

Stream = Literal["training", "validation", "test"]

_STREAMS: dict[Stream, int] = {"training": 0, "validation": 1, "test": 2}
_HASHED_BITS = 30


def address(stream: Stream, seed: int, number: int) -> int:
    """The 32-bit seed of one draw: [stream: 2 bits][hash of (seed, number): 30 bits]."""
    digest = blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
    return _STREAMS[stream] << _HASHED_BITS | int.from_bytes(digest, "big") >> (64 - _HASHED_BITS)


def generator(stream: Stream, seed: int, number: int) -> torch.Generator:
    """A fresh CPU generator for one draw.

    Args:
        stream: which set the draw belongs to.
        seed: the run's seed.
        number: the step, the epoch, or the part of a fixed set.
    """
    return torch.Generator().manual_seed(address(stream, seed, number))
