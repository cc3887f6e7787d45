"""A recurrent layer with a head."""

import pytest
import torch
from torch import nn

import holdfast
from holdfast.models import Embedded, SequenceModel, embedding
from holdfast.models.dropconnect import DropConnect

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


def test_symbols_are_embedded_as_their_one_hot_vectors_would_be_mapped():
    table = embedding("symbols", 6, 2, generator=generator())
    symbols = torch.randint(6, (T, B), generator=generator())
    one_hot = nn.functional.one_hot(symbols, 6).float()
    torch.testing.assert_close(table(symbols), one_hot @ table.weight)


def test_continuous_tokens_are_mapped_as_a_linear_layer_maps_them(layer, inputs):
    map = embedding("continuous", 2, 2, generator=generator())
    model = SequenceModel(layer, O, embedding=map, generator=generator())
    assert torch.equal(model(inputs), SequenceModel(layer, O, generator=generator())(map(inputs)))


def test_a_model_of_symbols_learns_their_vectors(layer):
    model = SequenceModel(layer, O, embedding=embedding("symbols", 6, 2), readout="last step")
    model(torch.full((T, B), 3), torch.tensor([1, 7, 2])).sum().backward()
    seen = model.embedding.weight.grad.abs().sum(1) > 0
    assert seen.tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize("tokens", ["symbols", "continuous"])
def test_a_generator_decides_the_embedding_and_the_global_one_is_left_alone(tokens):
    before = torch.get_rng_state()
    one, other = (embedding(tokens, 6, 3, generator=generator()) for _ in range(2))
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_symbols_without_an_embedding_are_refused_with_the_remedy(layer):
    with pytest.raises(ValueError, match=r"got symbols \(7, 3\) of torch.int64; give it an embedding"):
        SequenceModel(layer, O)(torch.zeros(T, B, dtype=torch.int64))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("letters", 6, 2), "tokens must be 'continuous' or 'symbols', got 'letters'"),
        (("symbols", 6, 0), "sizes of at least 1, got input_size 6 and size 0"),
    ],
)
def test_an_impossible_embedding_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        embedding(*arguments)


def test_dropconnect_drops_weights_of_the_second_map_while_training_only():
    model = SequenceModel(holdfast.make("gru", 2, 8), 3, head_sizes=(200, 200), dropconnect=0.25)
    inputs = torch.randn(4, 2, 2)
    assert [isinstance(part, DropConnect) for part in model.head] == [False, False, True, False, False]
    assert not torch.equal(model(inputs), model(inputs))
    second, basis = model.head[2], torch.eye(200)
    kept = (second(basis) - second.bias) != 0
    assert 0.73 < kept.double().mean() < 0.77
    model.eval()
    assert torch.equal(model(inputs), model(inputs))
    assert torch.equal(second(basis), torch.nn.functional.linear(basis, second.weight, second.bias))


@pytest.mark.parametrize(("dropconnect", "head_sizes"), [(0.5, ()), (1.0, (8, 8)), (-0.1, (8, 8))])
def test_dropconnect_out_of_range_or_without_a_second_map_is_refused(dropconnect, head_sizes):
    with pytest.raises(ValueError, match="dropconnect must be a probability"):
        SequenceModel(holdfast.make("gru", 2, 8), 3, head_sizes=head_sizes, dropconnect=dropconnect)


def test_an_embedded_layer_is_the_layer_on_embedded_inputs():
    layer = holdfast.make("lstm", 5, 4, num_layers=2)
    embedded, inputs = Embedded(embedding("continuous", 3, 5), layer), torch.randn(6, 2, 3)
    output, state = embedded(inputs, lengths=[6, 4])
    expected, last = layer(embedded.embedding(inputs), lengths=[6, 4])
    assert torch.equal(output, expected)
    assert all(map(torch.equal, state, last))
    with torch.no_grad():
        stepped, state = embedded.step(inputs[0])
    torch.testing.assert_close(stepped, expected[0], atol=1e-6, rtol=1e-6)
    assert (embedded.input_size, embedded.output_size, embedded.num_layers) == (3, 4, 2)
