"""What lies beyond a sequence's end has no bearing on anything, with every backend: NaN there, and nothing is NaN."""

import pytest
import torch

from holdfast.backends import ALL

from .workloads import build

pytestmark = pytest.mark.usefixtures("quick_kernels")

LENGTHS = [7, 3, 1, 5]
CASES = {
    "reference": ("lstm", "nru", "variational-lstm"),
    "scan": ("min-gru",),
    "native": ("lstm", "gru", "rnn"),
    "compiled": ("lstm", "gru", "variational-lstm"),  # the last one projects its input before the kernel
    "folded": ("dilated-gru",),
}


def test_every_backend_has_a_case():
    assert {backend.name for backend in ALL} == CASES.keys()


def gradients(layer, x):
    """The gradients of the input and the parameters, and those of a function of the gradient of the input."""
    torch.manual_seed(0)
    x = x.clone().requires_grad_()
    output, state = layer(x, lengths=LENGTHS)
    states = [state] if isinstance(state, torch.Tensor) else state
    total = sum(part.square().sum() for part in (output, *states))
    held = [x, *layer.parameters()]
    first = torch.autograd.grad(total, held, create_graph=True)
    second = torch.autograd.grad(first[0].square().sum(), held, allow_unused=True)
    return [output, *states, *first, *(part for part in second if part is not None)]


WAYS = [
    (backend, name, options)
    for backend, names in CASES.items()
    for name in names
    for options in ({}, {"bidirectional": True}, {"recompute": 2})
    if backend != "native" or "recompute" not in options  # torch's kernels keep all activations
]


@pytest.mark.parametrize(("backend", "name", "options"), WAYS, ids=str)
def test_padding_is_not_read(backend, name, options):
    layer = build(name, 3, 6, backend=backend, dtype=torch.float64, **options)
    x = torch.randn(7, 4, 3, dtype=torch.float64)
    beyond = torch.arange(7).unsqueeze(1) >= torch.tensor(LENGTHS)
    expected = gradients(layer, x.masked_fill(beyond.unsqueeze(-1), 0))
    found = gradients(layer, x.masked_fill(beyond.unsqueeze(-1), torch.nan))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
