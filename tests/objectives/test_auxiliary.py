"""The auxiliary losses against the same, written out: one sequence, one segment, one step at a time."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

import holdfast
from holdfast.layers.visits import parts
from holdfast.models import Embedded, embedding
from holdfast.objectives import Prediction, PredictionSettings, Reconstruction, ReconstructionSettings, Segments
from tolerances import assert_close

T, B, SIZE, H, N, L = 14, 3, 3, 5, 2, 5
LENGTHS = torch.tensor([14, 3, 9])
RECONSTRUCTION = ReconstructionSettings(segments=N, length=L, head_sizes=(6,), truth_last=1.0, truncation=3)
PREDICTION = PredictionSettings(segments=N, length=L, head_sizes=(6,), truncation=3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make_layer(name="lstm", *, num_layers=1, embedded=False, backend="reference", input_size=SIZE):
    options = {"memory_size": 4} if name == "nru" else {}
    size = 3 if embedded else input_size
    layer = holdfast.make(name, size, H, num_layers=num_layers, backend=backend, generator=generator(), **options)
    if embedded:
        layer = Embedded(embedding("continuous", input_size, 3, generator=generator()), layer)
    return layer.double()


def make(settings, layer=None):
    layer = layer or make_layer()
    kind = Reconstruction if isinstance(settings, ReconstructionSettings) else Prediction
    return kind(layer, settings, generator=generator(1)).double()


def some_inputs():
    return torch.randn(T, B, SIZE, dtype=torch.float64, generator=generator(2))


def run(layer, x, state, *, cut=()):
    """One sequence, step by step; the graph is cut before the steps in `cut`. Gives each output and the last state."""
    outputs = []
    for t, token in enumerate(x):
        if t in cut and state is not None:
            state = tuple(part.detach() for part in parts(state))
        output, state = layer(token.view(1, 1, -1), state)
        outputs.append(output[0, 0])
    return outputs, parts(state)


def main_state(layer, x, place, window):
    first = 0 if window is None else max(0, place - window)
    cut = () if window is None else (first,)
    _, state = run(layer, x[:place], layer.initial_state(1), cut=cut)
    return tuple(part.detach() for part in state) if window == 0 else state


def reconstruct(auxiliary, x, anchor, start, length):
    """The loss of one segment of one sequence (T, SIZE), always fed with the truth."""
    settings = auxiliary.settings
    k = settings.truncation
    window = k if settings.budget == "separate" or k is None else max(0, k - length)
    state = main_state(auxiliary.layer, x, anchor, window)
    state = tuple(torch.cat([p, p.new_zeros(settings.extra_layers, *p.shape[1:])]) for p in state)
    tokens = x[start : start + length + 1]
    tokens = tokens.flip(0) if settings.order == "reversed" else tokens
    cut = range(k, length, k) if k else ()
    outputs, _ = run(auxiliary.decoder, auxiliary.embedding(tokens[:-1]), state, cut=cut)
    answers = auxiliary.head(torch.stack(outputs))
    return (answers - tokens[1:]).square().sum()


def predict(auxiliary, x, anchor, start, length):
    k = auxiliary.settings.truncation
    state = main_state(auxiliary.layer, x, anchor - 1, 0)
    cut = range(0, length, k) if k else ()
    below, _ = run(auxiliary.layer, x[anchor - 1 : anchor - 1 + length], state, cut=cut)
    above, _ = run(auxiliary.predictor, torch.stack(below), None, cut=cut)
    answers = auxiliary.head(torch.stack(above))
    return (answers - x[anchor : anchor + length]).square().sum()


def written_out(auxiliary, inputs, segments):
    one = reconstruct if isinstance(auxiliary, Reconstruction) else predict
    total, count = 0.0, 0
    for b in range(segments.anchors.shape[0]):
        for i in range(segments.anchors.shape[1]):
            anchor, start, length = (int(v[b, i]) for v in (segments.anchors, segments.starts, segments.lengths))
            if length:
                total = total + one(auxiliary, inputs[:, b], anchor, start, length)
                count += length
    return total / count


def agrees(auxiliary, lengths=LENGTHS):
    inputs = some_inputs()
    segments = auxiliary.draw(lengths, generator(5))
    found = auxiliary(inputs, lengths, generator=generator(5))
    wanted = written_out(auxiliary, inputs, segments)
    assert_close(found, wanted)
    parameters = list(auxiliary.parameters())
    ours, theirs = (torch.autograd.grad(loss, parameters, allow_unused=True) for loss in (found, wanted))
    for one, other, parameter in zip(ours, theirs, parameters, strict=True):
        zero = torch.zeros_like(parameter)
        assert_close(zero if one is None else one, zero if other is None else other)
    return dict(zip([name for name, _ in auxiliary.named_parameters()], ours, strict=True))


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
@pytest.mark.parametrize("truncation", [None, 1, 3, 100])
def test_loss_and_gradient_are_those_of_the_loss_written_out(settings, truncation):
    agrees(make(replace(settings, truncation=truncation)))


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
@pytest.mark.parametrize(
    ("name", "num_layers", "embedded"), [("nru", 1, False), ("gru", 2, False), ("ur-lstm", 1, True), ("lstm", 3, True)]
)
def test_any_layer_can_be_wrapped(settings, name, num_layers, embedded):
    agrees(make(settings, make_layer(name, num_layers=num_layers, embedded=embedded)))


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
def test_compiled_kernels_give_the_same(settings):
    agrees(make(settings, make_layer(backend="auto")))


@pytest.mark.parametrize(
    "change",
    [
        {"placement": "immediate past"},
        {"placement": "random past"},
        {"order": "as read"},
        {"extra_layers": 0},
        {"extra_layers": 2},
        {"embedding_size": 0},
        {"embedding_size": 3},
        {"head_sizes": ()},
        {"anchors": "batch"},
        {"segments": 1},
        {"budget": "shared", "truncation": 7},
        {"budget": "shared", "truncation": 6},
        {"budget": "shared", "truncation": None},
    ],
    ids=str,
)
def test_every_factor_of_the_reconstruction_does_what_it_says(change):
    agrees(make(replace(RECONSTRUCTION, **change)))


def test_a_shared_budget_gives_the_main_layer_what_the_decoder_leaves():
    separate, shared = (replace(RECONSTRUCTION, truncation=7, budget=budget) for budget in ("separate", "shared"))
    segments = Segments(*(torch.tensor([[value]]) for value in (9, 2, 5)))
    assert int(make(separate).stop(segments).begins) == 9 - 7
    assert int(make(shared).stop(segments).begins) == 9 - (7 - 5)


def test_a_shared_budget_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"would learn nothing; shorten objective\.length"):
        ReconstructionSettings(length=600, truncation=300, budget="shared")


def test_the_gradient_of_a_reconstruction_reaches_the_main_layer_only_through_the_anchor():
    auxiliary = make(RECONSTRUCTION)
    inputs, segments = some_inputs(), auxiliary.draw(LENGTHS, generator())
    states = tuple(torch.randn(1, B * N, H, dtype=torch.float64, requires_grad=True) for _ in range(2))
    total, _ = auxiliary.total(inputs, segments, states, step=0, generator=None)
    total.backward()
    assert all(parameter.grad is None for parameter in auxiliary.layer.parameters())
    assert all(state.grad.abs().sum() > 0 for state in states)


def test_the_gradient_of_a_prediction_does_not_go_back_beyond_the_anchor():
    auxiliary = make(PREDICTION)
    inputs, segments = some_inputs().requires_grad_(), auxiliary.draw(LENGTHS, generator())
    auxiliary(inputs, LENGTHS, generator=generator()).backward()
    for b in range(B):
        assert (inputs.grad[: int(segments.starts[b].min()), b] == 0).all()


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
def test_padding_is_not_read(settings):
    auxiliary, inputs = make(settings), some_inputs()
    spoilt = inputs.clone()
    for b, length in enumerate(LENGTHS):
        spoilt[length:, b] = float("nan")
    losses = [auxiliary(x, LENGTHS, generator=generator()) for x in (inputs, spoilt)]
    assert torch.equal(*losses)
    losses[1].backward()
    assert all(p.grad.isfinite().all() for p in auxiliary.parameters())


def test_a_sequence_of_one_token_has_nothing_to_say():
    auxiliary = make(RECONSTRUCTION)
    agrees(auxiliary, torch.tensor([14, 1, 9]))
    assert auxiliary(some_inputs(), torch.tensor([1, 1, 1]), generator=generator()) == 0


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
@pytest.mark.parametrize("loss", ["distance", "cross-entropy"])
def test_each_token_loss_is_its_own(settings, loss):
    auxiliary = make(replace(settings, token_loss=loss, segments=1))
    symbols = torch.randint(SIZE, (T, B), generator=generator(3))
    inputs = F.one_hot(symbols, SIZE).double()
    seen = {}
    auxiliary.head.register_forward_hook(lambda _, arguments, answers: seen.update(answers=answers))
    segments = auxiliary.draw(torch.full((B,), T), generator(5))
    found = auxiliary(inputs, generator=generator(5))
    places = segments.starts[:, 0] + torch.arange(1, L + 1).unsqueeze(1)
    targets = inputs[places, torch.arange(B)]
    if isinstance(settings, ReconstructionSettings):
        targets = inputs[places - 1, torch.arange(B)].flip(0)
    answers = seen["answers"]
    each = (answers - targets).square().sum(-1).sqrt()
    if loss == "cross-entropy":
        each = torch.logsumexp(answers, -1) - (answers * targets).sum(-1)
    assert_close(found, each.mean())


@pytest.mark.parametrize("settings", [RECONSTRUCTION, PREDICTION], ids=["reconstruction", "prediction"])
@pytest.mark.parametrize("truth", [1.0, 0.3])
def test_symbols_by_their_numbers_are_as_good_as_one_hot(settings, truth):
    if isinstance(settings, ReconstructionSettings):
        settings = replace(settings, truth_first=truth, truth_last=truth)
    symbols = torch.randint(6, (T, B), generator=generator(3))
    table = embedding("symbols", 6, 3, generator=generator())
    layers = [holdfast.make("lstm", 3, H, backend="reference", generator=generator()) for _ in range(2)]
    map = torch.nn.Linear(6, 3)
    by_number = make(settings, Embedded(table, layers[0]))
    one_hot = make(replace(settings, token_loss="cross-entropy"), Embedded(map, layers[1]))
    map.weight.data, map.bias.data = table.weight.data.T.clone(), torch.zeros(3, dtype=torch.float64)
    if isinstance(one_hot, Reconstruction):
        one_hot.embedding.weight.data = by_number.embedding.weight.data.T.clone()
        one_hot.embedding.bias.data.zero_()
        one_hot.decoder.load_state_dict(by_number.decoder.state_dict())
    one_hot.head.load_state_dict(by_number.head.state_dict())
    losses = [
        auxiliary(inputs, LENGTHS, generator=generator(5))
        for auxiliary, inputs in ((by_number, symbols), (one_hot, F.one_hot(symbols, 6).double()))
    ]
    assert_close(*losses)


def test_symbols_have_no_distance():
    layer = Embedded(embedding("symbols", 6, 3), holdfast.make("lstm", 3, H))
    with pytest.raises(ValueError, match="symbols have no distance"):
        make(replace(RECONSTRUCTION, token_loss="distance"), layer)


def step_by_step(auxiliary, inputs, segments, probability, choice):
    """Scheduled sampling as it is told: at each step the decoder hears the truth or what it has just said."""
    tokens = auxiliary._read(inputs, segments)
    state = parts(main_states(auxiliary, inputs, segments))
    true = torch.rand(L, B * N, generator=choice) < probability
    heard, answers = tokens[0], []
    for t in range(L):
        output, state = auxiliary.decoder(auxiliary.embedding(heard).unsqueeze(0), state)
        answers.append(auxiliary.head(output[0]))
        if t + 1 < L:
            heard = torch.where(true[t + 1].unsqueeze(-1), tokens[t + 1], answers[-1].detach())
    return (torch.stack(answers) - tokens[1:]).square().sum()


def main_states(auxiliary, inputs, segments):
    each = [
        main_state(auxiliary.layer, inputs[:, b], int(a), None) for b, own in enumerate(segments.anchors) for a in own
    ]
    return auxiliary._first(tuple(torch.cat(part, 1) for part in zip(*each, strict=True)))


@pytest.mark.parametrize("probability", [0.0, 0.5])
def test_scheduled_sampling_in_two_passes_is_that_of_one(probability):
    settings = replace(RECONSTRUCTION, truth_first=probability, truth_last=probability, truncation=None)
    auxiliary, inputs = make(settings), some_inputs()
    segments = auxiliary.draw(torch.full((B,), T), generator(5))
    states = auxiliary._first(parts(main_states(auxiliary, inputs, segments)))
    main = tuple(part[:1] for part in states)
    found, _ = auxiliary.total(inputs, segments, main, step=0, generator=generator(6))
    wanted = step_by_step(auxiliary, inputs, segments, probability, generator(6))
    assert_close(found, wanted)
    parameters = list(auxiliary.parameters())
    assert_close(*(torch.autograd.grad(loss, parameters) for loss in (found, wanted)))


def test_the_truth_is_fed_less_and_less_and_then_no_more():
    auxiliary = make(replace(RECONSTRUCTION, truth_first=0.9, truth_last=0.1, truth_steps=100))
    assert [auxiliary.truth.probability(step) for step in (0, 25, 50, 100, 1000)] == pytest.approx(
        [0.9, 0.7, 0.5, 0.1, 0.1]
    )
    losses = [auxiliary(some_inputs(), generator=generator(), step=step).item() for step in (0, 1000)]
    assert losses[0] != losses[1]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (ReconstructionSettings, {"segments": 0}),
        (ReconstructionSettings, {"length": 0}),
        (ReconstructionSettings, {"truncation": 0}),
        (ReconstructionSettings, {"placement": "future"}),
        (ReconstructionSettings, {"truth_first": 1.5}),
        (ReconstructionSettings, {"extra_layers": -1}),
        (ReconstructionSettings, {"head_sizes": (0,)}),
        (PredictionSettings, {"layers": 0}),
        (PredictionSettings, {"token_loss": "likelihood"}),
    ],
    ids=str,
)
def test_settings_out_of_their_range_are_refused_by_name(kind, change):
    (name,) = change
    with pytest.raises(ValueError, match=rf"objective\.{name} must be"):
        kind(**change)


def kept_bytes(steps):
    """What autograd holds on to, parameters and all."""
    auxiliary = make(replace(RECONSTRUCTION, placement="random past"), make_layer(backend="auto"))
    total = 0

    def count(tensor):
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        auxiliary(torch.randn(steps, B, SIZE, dtype=torch.float64), generator=generator())
    return total


def test_what_is_kept_for_the_backward_pass_does_not_grow_with_the_sequence():
    assert kept_bytes(200) == kept_bytes(2000) > 0
