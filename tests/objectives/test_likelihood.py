import math

import pytest
import torch

from holdfast.objectives import IGNORE, CrossEntropy, MeanSquaredError

OBJECTIVES = [CrossEntropy(), MeanSquaredError()]


def test_cross_entropy_is_the_mean_surprise_in_nats():
    probabilities = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], dtype=torch.float64)
    loss = CrossEntropy()(probabilities.log(), torch.tensor([1, 2]))
    assert loss.item() == pytest.approx(-(math.log(0.25) + math.log(0.8)) / 2)


def test_mean_squared_error_is_the_mean_square():
    loss = MeanSquaredError()(torch.tensor([[1.0], [4.0]]), torch.tensor([[3.0], [1.0]]))
    assert loss.item() == pytest.approx((4 + 9) / 2)


def test_ignored_classes_carry_neither_loss_nor_gradient():
    outputs = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = torch.tensor([[0, IGNORE, 1], [IGNORE, IGNORE, 2], [3, 4, IGNORE], [0, 0, 0]])
    loss = CrossEntropy()(outputs, targets)
    counted = targets != IGNORE
    assert loss.item() == pytest.approx(CrossEntropy()(outputs[counted], targets[counted]).item())
    (gradient,) = torch.autograd.grad(loss, outputs)
    assert (gradient[~counted] == 0).all()
    assert (gradient[counted] != 0).all()


def test_ignored_values_carry_neither_loss_nor_gradient():
    outputs = torch.tensor([[1.0], [2.0], [5.0]], requires_grad=True)
    loss = MeanSquaredError()(outputs, torch.tensor([[0.0], [IGNORE], [2.0]]))
    assert loss.item() == pytest.approx((1 + 9) / 2)
    (gradient,) = torch.autograd.grad(loss, outputs)
    assert gradient.flatten().tolist() == [1.0, 0.0, 3.0]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)
def test_a_batch_with_nothing_to_count_costs_nothing(objective):
    classes = isinstance(objective, CrossEntropy)
    outputs = torch.ones(2, 3, requires_grad=True)
    targets = torch.full((2,), IGNORE) if classes else torch.full((2, 3), float(IGNORE))
    loss = objective(outputs, targets)
    loss.backward()
    assert loss.item() == 0
    assert (outputs.grad == 0).all()


@pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)
def test_sums_and_counts_of_parts_add_up_to_the_whole(objective):
    generator = torch.Generator().manual_seed(1)
    outputs = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    classes = torch.tensor([0, 1, IGNORE, 3, 2, 1, 0])
    targets = classes if isinstance(objective, CrossEntropy) else torch.randn(7, 4, generator=generator).double()
    parts = [objective.total(outputs[part], targets[part]) for part in (slice(0, 2), slice(2, 7))]
    total, count = (sum(column) for column in zip(*parts, strict=True))
    assert (total / count).item() == pytest.approx(objective(outputs, targets).item(), abs=1e-12)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)
def test_half_precision_is_summed_in_single(objective, half):
    outputs = torch.full((5000, 2), 0.5, dtype=half)
    targets = torch.zeros(5000, dtype=torch.int64) if isinstance(objective, CrossEntropy) else torch.zeros(5000, 2)
    loss = objective(outputs, targets)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(math.log(2) if isinstance(objective, CrossEntropy) else 0.25, rel=1e-5)


def test_class_targets_of_another_dtype_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"expects int64 class targets, got torch\.float32; pass targets\.long\(\)"):
        CrossEntropy()(torch.zeros(2, 3), torch.zeros(2))


def test_class_targets_of_another_shape_are_refused_with_both_shapes():
    with pytest.raises(
        ValueError, match=r"targets of shape \(2, 4\) for outputs of shape \(2, 4, 3\).*got \(4,\).*readout"
    ):
        CrossEntropy()(torch.zeros(2, 4, 3), torch.zeros(4, dtype=torch.int64))


def test_values_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"shape \(5, 1\), got \(5,\); unequal shapes would broadcast"):
        MeanSquaredError()(torch.zeros(5, 1), torch.zeros(5))
