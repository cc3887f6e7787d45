"""Tasks to check, and the oracle of chance: the best predictor that knows one thing and nothing else."""

import pytest
import torch

from holdfast.objectives import IGNORE
from holdfast.tasks import Adding, Copying, Denoising, Digits, Frequency, Padding, PermutedDigits, RowDigits, Warping

SYNTHETIC = [
    *(
        Copying(lag=7, convention=convention, gap=gap)
        for convention in ("tallec", "gu", "chandar", "vanderwesthuizen")
        for gap in ("fixed", "per-sequence", "per-batch")
    ),
    *(Adding(length=20, convention=convention) for convention in ("arjovsky", "campos")),
    *(Denoising(lag=15, convention=convention) for convention in ("chandar", "jing")),
    *(
        kind(max_warp=4, spacing=spacing, length=40)
        for kind in (Warping, Padding)
        for spacing in ("uniform", "variable")
    ),
    *(Frequency(sampling=sampling) for sampling in ("asynchronous", "regular")),
]
OFFLINE = [Digits(), PermutedDigits(), RowDigits(), Digits(side=28)]


def label(task) -> str:
    choices = (getattr(task, field, None) for field in ("convention", "gap", "spacing", "side", "sampling"))
    return "-".join([task.name, *(str(choice) for choice in choices if choice)])


def pytest_generate_tests(metafunc):
    if "synthetic" in metafunc.fixturenames:
        metafunc.parametrize("synthetic", SYNTHETIC, ids=label)
    if "task" in metafunc.fixturenames:
        metafunc.parametrize("task", [*SYNTHETIC, *OFFLINE], ids=label)


@pytest.fixture(autouse=True)
def _no_data_folder(request, monkeypatch):
    """Tests mean the same with and without a data folder; the slow ones ask for the real one."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.delenv("HOLDFAST_DATA", raising=False)


@pytest.fixture(autouse=True)
def _own_cache(request, monkeypatch, tmp_path_factory):
    """What a test decodes goes when it is over; the slow ones keep what they decode of the real sets."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def best_knowing():
    return _best_knowing


def _best_knowing(known: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    """Loss, and accuracy on answers other than a blank, of the best predictor of targets (T, B) from `known` (T, B).

    It is fitted by counting over one half of the rows and judged on the other.
    """
    half = targets.shape[1] // 2
    counts = torch.zeros(int(known.max() - known.min()) + 1, int(targets.max()) + 1, dtype=torch.float64)
    keys, answers = _counted(known, targets, slice(0, half))
    counts.index_put_((keys, answers), torch.ones(len(keys), dtype=torch.float64), accumulate=True)
    frequencies = counts / counts.sum(1, keepdim=True)
    keys, answers = _counted(known, targets, slice(half, None))
    right = frequencies[keys].argmax(1) == answers
    return -frequencies[keys, answers].log().mean().item(), right[answers > 0].double().mean().item()


def _counted(known, targets, rows):
    counted = targets[:, rows] != IGNORE
    return (known - known.min())[:, rows][counted], targets[:, rows][counted]
