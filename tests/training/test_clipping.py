"""Gradients so large that their norm overflows."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from holdfast.training.clipping import tame


def with_gradients(size: float) -> nn.Module:
    model = nn.Linear(5, 3)
    drawn = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=drawn) * size
    return model


def gradient(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.grad.double().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("size", [1e37, 1e25, 1e16])
@pytest.mark.parametrize("limit", [0.1, 1.0, 50.0])
def test_a_huge_gradient_is_clipped_to_its_direction_and_its_norm_is_known(size: float, limit: float):
    model = with_gradients(size)
    before = gradient(model)
    scale = tame(model, limit)
    norm = clip_grad_norm_(model.parameters(), limit)
    assert float(norm) / scale == pytest.approx(float(before.norm()), rel=1e-5)
    torch.testing.assert_close(gradient(model), before * (limit / before.norm()), rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("size", "limit"), [(1.0, 1.0), (1e14, 1.0), (1e25, math.inf), (math.nan, 1.0), (math.inf, 1.0)]
)
def test_other_gradients_stay_to_the_last_bit(size: float, limit: float):
    model, same = with_gradients(size), with_gradients(size)
    assert tame(model, limit) == 1.0
    assert torch.equal(gradient(model).isfinite(), gradient(same).isfinite())
    assert torch.equal(gradient(model).nan_to_num(), gradient(same).nan_to_num())


def test_a_model_without_gradients_is_left_alone():
    assert tame(nn.Linear(2, 2), 1.0) == 1.0
