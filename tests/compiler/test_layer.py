"""Layers run on kernels by default, in every shape of work."""

import copy
import pickle

import pytest
import torch

from holdfast.backends.compiled import KERNELS

from .workloads import NAMES, build


@pytest.fixture(autouse=True)
def _quick_kernels(kernels, monkeypatch):
    for name in ("known", "shared", "flags", "poison"):
        monkeypatch.setattr(KERNELS, name, getattr(kernels, name))


def twins(name: str, *sizes: int, **options):
    """The same layer twice: on kernels and on the reference."""
    fast, slow = (build(name, *sizes, backend=backend, **options) for backend in ("auto", "reference"))
    slow.load_state_dict(fast.state_dict())
    return fast, slow


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


@pytest.mark.parametrize("name", ["lstm", "gru", "nru"])
def test_steps_of_a_stream_are_those_of_a_sequence(name):
    layer = build(name, 3, 6)
    x, state, outputs = torch.randn(5, 2, 3), None, []
    with torch.no_grad():
        expected, last = layer(x)
        for step in x:
            output, state = layer.step(step, state)
            outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs), expected)
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("change", ["in place", "replaced"])
def test_a_stream_notices_that_parameters_changed(change):
    fast, slow = twins("lstm", 3, 6, num_layers=2)
    x = torch.randn(2, 3)
    with torch.no_grad():
        _, state = fast.step(x)
        for layer in (fast, slow):
            if change == "in place":
                layer._cell(1).weight_hh.mul_(2)
            else:
                layer._cell(1).weight_hh.data = layer._cell(1).weight_hh.data * 2
        torch.testing.assert_close(fast.step(x, state), slow.step(x, state))


@pytest.mark.parametrize("name", ["variational-lstm", "weight-drop-lstm"])
def test_steps_draw_while_training_and_do_not_afterwards(name):
    layer, reference = twins(name, 3, 6)
    x, state = torch.randn(2, 3), tuple(torch.randn(1, 2, 6) for _ in range(2))
    with torch.no_grad():
        first, second = (layer.step(x, state)[0] for _ in range(2))
        assert not torch.equal(first, second)
        for made in (layer, reference):
            made.eval()
        torch.testing.assert_close(layer.step(x, state)[0], reference.step(x, state)[0])
        layer.train()
        assert not torch.equal(layer.step(x, state)[0], layer.step(x, state)[0])


def test_unbatched_steps_have_no_batch_axis():
    fast, slow = twins("lstm", 3, 6)
    x = torch.randn(3)
    with torch.no_grad():
        _, state = fast.step(x)
        torch.testing.assert_close(fast.step(x, state), slow.step(x, slow.step(x)[1]))


def test_a_step_that_wants_gradients_has_them():
    layer = build("lstm", 3, 6)
    _, state = layer.step(torch.randn(2, 3))
    output, _ = layer.step(torch.randn(2, 3), state)
    output.sum().backward()
    assert layer._cell(0).weight_hh.grad.abs().sum() > 0


def test_a_layer_that_has_run_can_be_copied_and_pickled():
    layer = build("lstm", 3, 6)
    x = torch.randn(4, 2, 3)
    expected = layer(x)[0]
    with torch.no_grad():
        layer.step(x[0])
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        torch.testing.assert_close(twin(x)[0], expected)


def test_func_transforms_go_to_the_reference():
    layer = build("lstm", 3, 6)
    x = torch.randn(4, 2, 3)
    gradient = torch.func.grad(lambda x: layer(x)[0].sum())(x)
    x.requires_grad_()
    layer(x)[0].sum().backward()
    torch.testing.assert_close(gradient, x.grad)
