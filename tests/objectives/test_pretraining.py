"""LM-LSTM and SA-LSTM: whole sequences are said, as they come or again at their end."""

import pytest
import torch
from torch.nn import functional as F

import holdfast
from holdfast.models import Embedded, embedding
from holdfast.objectives import Autoencoder, LanguageModel, PretrainingSettings
from tolerances import assert_close

T, B, I, H, V = 9, 3, 2, 4, 5  # noqa: E741
LENGTHS = torch.tensor([9, 1, 6])
WINDOWS = [None, 1, 4, 100]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make(kind, name="lstm", *, tokens="continuous", num_layers=1, truncation=None):
    size = I if tokens == "continuous" else V
    before = embedding(tokens, size, 3, generator=generator())
    options = {"num_layers": num_layers, "backend": "reference", "generator": generator()}
    layer = Embedded(before, holdfast.make(name, 3, H, **options))
    settings = PretrainingSettings(truncation=truncation, head_sizes=(6,))
    return kind(layer, settings, generator=generator(1)).double()


def some_inputs(tokens):
    if tokens == "symbols":
        return torch.randint(V, (T, B), generator=generator(2))
    return torch.randn(T, B, I, dtype=torch.float64, generator=generator(2))


def steps_of(layer, vectors, state, cuts):
    """Outputs one step at a time; the state is a constant after each of `cuts` steps."""
    outputs = []
    for t, vector in enumerate(vectors):
        if t in cuts:
            state = state.detach() if isinstance(state, torch.Tensor) else tuple(part.detach() for part in state)
        output, state = layer(vector.unsqueeze(0), state)
        outputs.append(output[0])
    return outputs, state


def said(auxiliary, answers, tokens):
    loss = F.cross_entropy if tokens.dtype == torch.int64 else F.mse_loss
    return loss(auxiliary.head(torch.stack(answers)).flatten(0, 1), tokens.flatten(0, 1), reduction="sum")


def by_hand(auxiliary, inputs, window):
    """The loss by its definition, sequence by sequence and step by step."""
    layer, before, total, count = auxiliary.layer.layer, auxiliary.layer.embedding, 0.0, 0
    for b, length in enumerate(LENGTHS.tolist()):
        tokens = inputs[:length, b : b + 1]
        vectors, start = list(before(tokens)), layer.initial_state(1)
        every = range(0, T, window) if window else []
        if isinstance(auxiliary, LanguageModel):
            answers, _ = steps_of(layer, vectors[:-1], start, set(every))
            targets = tokens[1:]
        else:
            _, state = steps_of(layer, vectors, start, {length - window} if window else set())
            answers, _ = steps_of(layer, [auxiliary.end.unsqueeze(0), *vectors[:-1]], state, set(every) - {0})
            targets = tokens
        total, count = total + (said(auxiliary, answers, targets) if answers else 0.0), count + len(targets)
    return total / count


def gradient(loss, module):
    found = torch.autograd.grad(loss, list(module.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, module.parameters(), strict=True)]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("kind", [LanguageModel, Autoencoder])
@pytest.mark.parametrize(
    ("name", "num_layers", "tokens"), [("lstm", 1, "continuous"), ("gru", 2, "symbols"), ("rnn", 1, "symbols")]
)
def test_loss_and_gradient_are_those_of_the_definition(kind, name, num_layers, tokens, window):
    auxiliary = make(kind, name, tokens=tokens, num_layers=num_layers, truncation=window)
    inputs = some_inputs(tokens)
    found, wanted = auxiliary(inputs, LENGTHS), by_hand(auxiliary, inputs, window)
    assert_close(found, wanted)
    assert_close(*(gradient(loss, auxiliary) for loss in (found, wanted)))


@pytest.mark.parametrize("kind", [LanguageModel, Autoencoder])
def test_only_head_and_end_are_learnt_beside_the_layers_own_weights(kind):
    auxiliary = make(kind)
    own = {name.split(".")[0] for name, _ in auxiliary.named_parameters()} - {"layer"}
    assert own == {"head"} | ({"end"} if kind is Autoencoder else set())
    assert all((g != 0).any() for g in gradient(auxiliary(some_inputs("continuous"), LENGTHS), auxiliary.layer))


@pytest.mark.parametrize("kind", [LanguageModel, Autoencoder])
def test_a_layer_without_an_embedding_is_taken_too(kind):
    layer = holdfast.make("lstm", I, H, backend="reference", generator=generator())
    auxiliary = kind(layer.double(), generator=generator()).double()
    assert auxiliary(some_inputs("continuous"), LENGTHS).isfinite()


def test_settings_are_checked():
    with pytest.raises(ValueError, match="truncation must be at least 1"):
        PretrainingSettings(truncation=0)
    with pytest.raises(ValueError, match="head_sizes must be at least 1"):
        PretrainingSettings(head_sizes=(0,))


class Kept:
    """A tensor that autograd holds on to, and a count of the bytes that are held and were held at most."""

    held = most = 0

    def __init__(self, tensor):
        self.tensor, self.size = tensor, tensor.numel() * tensor.element_size()
        Kept.held += self.size
        Kept.most = max(Kept.most, Kept.held)

    def __del__(self):
        Kept.held -= self.size


def most_kept(kind, steps, *, embedded):
    """Bytes held at once, at most, for backward passes, from the beginning of a training step to its end."""
    options = {"backend": "reference", "generator": generator()}
    if embedded:
        layer = Embedded(embedding("symbols", V, 3, generator=generator()), holdfast.make("lstm", 3, H, **options))
        inputs = torch.randint(V, (steps, B), generator=generator(2))
    else:
        layer, inputs = holdfast.make("lstm", I, H, **options), torch.randn(steps, B, I, generator=generator(2))
    auxiliary = kind(layer, PretrainingSettings(truncation=10, head_sizes=(6,)), generator=generator(1))
    Kept.held = Kept.most = 0
    with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
        auxiliary(inputs).backward()
    return Kept.most


@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("kind", [LanguageModel, Autoencoder])
def test_what_is_kept_for_the_backward_pass_does_not_grow_with_the_sequence(kind, embedded):
    assert most_kept(kind, 40, embedded=embedded) == most_kept(kind, 400, embedded=embedded) > 0


@pytest.mark.parametrize("kind", [LanguageModel, Autoencoder])
def test_the_loss_is_the_same_where_no_gradient_is_wanted(kind):
    auxiliary, inputs = make(kind, truncation=4), some_inputs("continuous")
    wanted = auxiliary(inputs, LENGTHS)
    with torch.no_grad():
        assert_close(auxiliary(inputs, LENGTHS), wanted.detach())


def test_a_parameter_that_is_held_fast_gets_no_gradient():
    auxiliary = make(Autoencoder, truncation=4)
    auxiliary.head.requires_grad_(False)
    auxiliary(some_inputs("continuous"), LENGTHS).backward()
    assert all(parameter.grad is None for parameter in auxiliary.head.parameters())
    assert all(parameter.grad is not None for parameter in auxiliary.layer.parameters())
