"""Layers within what torch itself traces: torch.compile and torch.export."""

import pytest
import torch
from torch import nn

from holdfast.backends import ops
from holdfast.backends.kernel import Kernel

from .workloads import build


class Tagger(nn.Module):
    """A layer among others."""

    def __init__(self):
        super().__init__()
        self.before, self.layer, self.after = nn.Linear(3, 3), build("lstm", 3, 6), nn.Linear(6, 2)

    def forward(self, x):
        return self.after(self.layer(self.before(x))[0])


# torch's own tracer looks at gradients of tensors that are not leaves
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_a_compiled_model_trains_through_the_kernel():
    model = Tagger()
    x = torch.randn(5, 2, 3)
    model(x).square().sum().backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    torch.compile(model, backend="aot_eager")(x).square().sum().backward()
    torch.testing.assert_close([p.grad for p in model.parameters()], expected)


def test_an_exported_layer_takes_any_length():
    layer = build("lstm", 3, 6, num_layers=2)
    length = torch.export.Dim("length", min=2, max=100)
    exported = torch.export.export(layer, (torch.randn(4, 2, 3),), dynamic_shapes={"input": {0: length}}, strict=False)
    x = torch.randn(9, 2, 3)
    torch.testing.assert_close(exported.module()(x)[0], layer(x)[0])
    text = str(exported)
    assert text.count("holdfast.unroll.default") == 2


def test_the_operation_keeps_torchs_rules_for_operations(kernels):
    width = 16  # without gaps in what is kept, which hold anything
    cell = build("lstm", 3, width)._cell(0)
    kernel = kernels.of(cell)
    assert isinstance(kernel, Kernel)
    parameters = [p.detach().requires_grad_() for p in cell.parameters()]
    state = [torch.zeros(2, width, requires_grad=True) for _ in range(2)]
    x = torch.randn(4, 2, 3, requires_grad=True)
    torch.library.opcheck(ops.unroll, (ops.number_of(kernel), x, state, parameters, None, None, None))
