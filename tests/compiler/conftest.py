"""Kernels for tests: quick to build, and with scratch memory full of NaN."""

from collections.abc import Iterator

import pytest
import torch

from holdfast.backends.build import FLAGS
from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernels import Kernels


@pytest.fixture(scope="session")
def kernels() -> Kernels:
    """Unoptimised kernels: what is wrong in them is wrong in the optimised ones too."""
    return Kernels(poison=True, flags=(*FLAGS, "-O0"))


@pytest.fixture
def quick_kernels(kernels, monkeypatch) -> None:
    """Layers run on them too."""
    for name in ("known", "shared", "flags", "poison"):
        monkeypatch.setattr(KERNELS, name, getattr(kernels, name))


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
