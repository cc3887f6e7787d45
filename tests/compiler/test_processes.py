"""Layers in forked children."""

import os
import signal

import pytest
import torch

from holdfast.backends.pool import POOL, SMALL

from .workloads import build

pytestmark = pytest.mark.usefixtures("quick_kernels")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def everything(layer, x):
    """The gradients of a layer, its output, and that of a step."""
    layer.zero_grad()
    output, _ = layer(x)
    output.sum().backward()
    with torch.no_grad():
        return [output.detach(), layer.step(x[0])[0], *(p.grad.clone() for p in layer.parameters())]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_runs_on_threads_of_its_own(two_threads):
    layer, x = build("lstm", 3, 6), torch.randn(5, 4, 3)
    expected = everything(layer, x)
    POOL.lock.acquire()  # as a thread of the parent would hold it
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # it ends a child that waits for ever
        POOL.empty(10, SMALL, dtype=torch.float32)
        same = all(torch.equal(a, b) for a, b in zip(everything(layer, x), expected, strict=True))
        os._exit(0 if same else 1)
    POOL.lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
