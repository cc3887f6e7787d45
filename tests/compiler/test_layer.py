"""Layers run on kernels by default, in every shape of work."""

import copy
import pickle

import pytest
import torch

from .workloads import NAMES, build, twins

pytestmark = pytest.mark.usefixtures("quick_kernels")


def gradients(layer, x, **masks):
    """Output and last states, and the gradients of the input and the parameters of a sum that weighs every place.

    Cells that train with chance draw the same each time.
    """
    torch.manual_seed(0)
    x = x.detach().requires_grad_()
    output, state = layer(x, **masks)
    values = [output, *([state] if isinstance(state, torch.Tensor) else state)]
    weighed = sum((v * torch.linspace(-1, 1, v.numel(), dtype=v.dtype).view(v.shape)).sum() for v in values)
    return [*values, *torch.autograd.grad(weighed, [x, *layer.parameters()])]


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_deep_bidirectional_ragged_layer_agrees_with_the_reference(name):
    fast, slow = twins(name, 3, 6, num_layers=2, bidirectional=True, dtype=torch.float64)
    assert fast.explain().backends == ("compiled",) * 4
    x, lengths, reset = torch.randn(7, 3, 3, dtype=torch.float64), [7, 2, 5], torch.rand(7, 3) < 0.2
    for a, b in zip(*(gradients(m, x, lengths=lengths, reset=reset) for m in (fast, slow)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_layers_of_every_cell_in_both_directions_agree_with_the_reference(name):
    fast, slow = twins(name, 5, 33, num_layers=2, bidirectional=True, dtype=torch.float64)
    x, lengths, reset = torch.randn(7, 3, 5, dtype=torch.float64), [7, 2, 5], torch.rand(7, 3) < 0.2
    for a, b in zip(*(gradients(m, x, lengths=lengths, reset=reset) for m in (fast, slow)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_batch_first_recomputed_work_agrees_with_the_reference():
    fast, slow = twins("lstm", 3, 6, batch_first=True, recompute="auto", dtype=torch.float64)
    x = torch.randn(2, 10, 3, dtype=torch.float64)
    for a, b in zip(gradients(fast, x), gradients(slow, x), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_gradients_can_be_taken_in_batches():
    layer, x = build("gru", 3, 6, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    output, inputs = layer(x)[0], [x, *layer.parameters()]
    many = torch.randn(3, *output.shape, dtype=torch.float64)
    together = torch.autograd.grad(output, inputs, many, is_grads_batched=True, retain_graph=True)
    one_by_one = [torch.autograd.grad(output, inputs, one, retain_graph=True) for one in many]
    for found, expected in zip(together, zip(*one_by_one, strict=True), strict=True):
        torch.testing.assert_close(found, torch.stack(expected), rtol=1e-10, atol=1e-10)


def test_half_precision_is_computed_in_single():
    fast = build("lstm", 3, 6).to(torch.bfloat16)
    exact = copy.deepcopy(fast).float()
    x = torch.randn(9, 2, 3).to(torch.bfloat16)
    output, _ = fast(x)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output, exact(x.float())[0].to(torch.bfloat16))


def test_autocast_takes_what_it_is_given():
    layer = build("lstm", 3, 6)
    x = torch.randn(4, 2, 3)
    expected = layer(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = layer(x)
        other, _ = layer(x.to(torch.bfloat16))
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(other, expected, rtol=0.05, atol=0.02, check_dtype=False)


def test_a_layer_that_has_run_can_be_copied_and_pickled():
    layer = build("lstm", 3, 6)
    x = torch.randn(4, 2, 3)
    expected = layer(x)[0]
    with torch.no_grad():
        layer.step(x[0])
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        torch.testing.assert_close(twin(x)[0], expected)


@pytest.mark.filterwarnings("ignore:.*runs on the slow reference. kernels do not run under torch.func")
def test_func_transforms_go_to_the_reference():
    layer = build("lstm", 3, 6)
    x = torch.randn(4, 2, 3)
    gradient = torch.func.grad(lambda x: layer(x)[0].sum())(x)
    x.requires_grad_()
    layer(x)[0].sum().backward()
    torch.testing.assert_close(gradient, x.grad)
