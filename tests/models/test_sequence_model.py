"""A recurrent layer with a head."""

import pytest
import torch
from torch import nn

import holdfast
from holdfast.models import SequenceModel

T, B, H, O = 7, 3, 5, 4  # noqa: E741


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def layer():
    return holdfast.make("lstm", 2, H, generator=generator())


@pytest.fixture
def inputs():
    return torch.randn(T, B, 2, generator=generator())


def test_every_step_gets_an_answer(layer, inputs):
    model = SequenceModel(layer, O)
    answers = model(inputs)
    assert answers.shape == (T, B, O)
    torch.testing.assert_close(answers, model.head(layer(inputs)[0]))


def test_the_last_step_is_the_answer_of_every_step_there(layer, inputs):
    every = SequenceModel(layer, O, generator=generator())
    last = SequenceModel(layer, O, readout="last step", generator=generator())
    assert torch.equal(last(inputs), every(inputs)[-1])


def test_the_last_step_of_a_short_sequence_is_its_own(layer, inputs):
    model = SequenceModel(layer, O, readout="last step")
    lengths = torch.tensor([3, 7, 1])
    answers = model(inputs, lengths)
    alone = [model(inputs[:length, [row]])[0] for row, length in enumerate(lengths.tolist())]
    torch.testing.assert_close(answers, torch.stack(alone))


def test_the_head_of_gu_et_al_is_one_relu_layer(layer, inputs):
    model = SequenceModel(layer, O, head_sizes=(256,))
    assert [type(part) for part in model.head] == [nn.Linear, nn.ReLU, nn.Linear]
    assert [part.out_features for part in model.head if isinstance(part, nn.Linear)] == [256, O]
    assert model(inputs).shape == (T, B, O)


def test_the_head_is_linear_unless_it_is_told_sizes(layer):
    assert [type(part) for part in SequenceModel(layer, O).head] == [nn.Linear]


def test_a_generator_decides_the_head_and_the_global_one_is_left_alone(layer):
    before = torch.get_rng_state()
    one, other = (SequenceModel(layer, O, head_sizes=(9,), generator=generator()).head for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_head_starts_as_torch_starts_it(layer):
    weights = SequenceModel(layer, 1000, generator=generator()).head[0].weight.detach()
    assert weights.abs().max() <= H**-0.5
    assert weights.std() == pytest.approx((H * 3) ** -0.5, rel=0.05)


def test_a_two_way_layer_gives_its_double_width_to_the_head(inputs):
    model = SequenceModel(holdfast.make("gru", 2, H, bidirectional=True), O)
    assert model.head[0].in_features == 2 * H


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"readout": "first step"}, "readout must be 'every step' or 'last step', got 'first step'"),
        ({"head_sizes": (0,)}, r"head_sizes and output_size must be at least 1, got \(0,\) and 4"),
    ],
)
def test_a_wrong_argument_is_named(layer, wrong, text):
    with pytest.raises(ValueError, match=text):
        SequenceModel(layer, O, **wrong)
