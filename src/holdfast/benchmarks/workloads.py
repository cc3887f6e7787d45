"""What is to be computed: sizes, and how the data look."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Workload:
    """A batch of sequences for one layer.

    Args:
        steps, batch, inputs, hidden: T, B, I and H.
        threads: how many may work on it; torch's own number unless given.
        dtype: of data and parameters.
        ragged: whether the sequences end anywhere between T/2 and T.
    """

    steps: int
    batch: int
    inputs: int
    hidden: int
    threads: int | None = None
    dtype: torch.dtype = torch.float32
    ragged: bool = False

    def __str__(self) -> str:
        shown = f"{self.steps}, {self.batch}, {self.inputs}, {self.hidden}"
        shown += "" if self.threads is None else f", {self.threads} thread{'s' * (self.threads > 1)}"
        shown += "" if self.dtype == torch.float32 else ", float64"
        return shown + (", ragged" if self.ragged else "")

    def x(self) -> Tensor:
        """The input (T, B, I), the same at every call."""
        return draw(self.steps, self.batch, self.inputs, seed=1, dtype=self.dtype)

    def gradient(self, width: int) -> Tensor:
        """A gradient (T, B, width) of the output, the same at every call."""
        return draw(self.steps, self.batch, width, seed=2, dtype=self.dtype)

    def lengths(self) -> Tensor | None:
        """Where each sequence ends (B,), or None if all are T long."""
        if not self.ragged:
            return None
        generator = torch.Generator().manual_seed(3)
        return torch.randint(self.steps // 2, self.steps + 1, (self.batch,), generator=generator)

    @contextmanager
    def with_threads(self) -> Iterator[int]:
        """Let torch use the workload's number of threads; yields it."""
        usual = torch.get_num_threads()
        torch.set_num_threads(self.threads or usual)
        try:
            yield torch.get_num_threads()
        finally:
            torch.set_num_threads(usual)


def draw(*shape: int, seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# The six shapes of the bars: pixel by pixel, copying, adding, a language model of words, of characters, and one thread.
SHAPES = (
    Workload(784, 64, 1, 128),
    Workload(1000, 20, 10, 100),
    Workload(2000, 32, 2, 128),
    Workload(200, 32, 128, 256),
    Workload(100, 64, 256, 512),
    Workload(784, 64, 1, 512, threads=1),
)
SMALL = (Workload(1, 1, 1, 1), Workload(7, 3, 5, 33), Workload(1000, 32, 8, 32), Workload(2000, 1, 2, 128))
DOUBLE = Workload(200, 32, 128, 256, dtype=torch.float64)
RAGGED = Workload(784, 16, 1, 128, ragged=True)
LONG = Workload(16384, 8, 3, 128)
# For every cell over its own reference, at three widths.
CATALOGUE = (Workload(100, 32, 16, 128), Workload(100, 32, 16, 256), Workload(50, 32, 16, 512))
