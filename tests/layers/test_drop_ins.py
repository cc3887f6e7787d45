"""The drop-ins are `torch.nn`'s layers: numbers, gradients, states, packed input, checkpoints."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import holdfast
from tolerances import assert_close

PAIRS = [
    (nn.LSTM, holdfast.LSTM, {}),
    (nn.LSTM, holdfast.LSTM, {"proj_size": 3}),
    (nn.GRU, holdfast.GRU, {}),
    (nn.RNN, holdfast.RNN, {}),
    (nn.RNN, holdfast.RNN, {"nonlinearity": "relu"}),
]
OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 3, "batch_first": True},
    {"bias": False, "bidirectional": True},
]
LENGTHS = torch.tensor([3, 7, 5, 1])


def pair_id(pair):
    return f"{pair[0].__name__}{'-'.join(map(str, pair[2].values()))}"


@pytest.fixture(params=PAIRS, ids=pair_id)
def pair(request):
    return request.param


@pytest.fixture(params=OPTIONS, ids=str)
def both(request, pair):
    """Torch's layer and ours, with the weights of torch's."""
    theirs, ours, extra = pair
    options = {**request.param, **extra, "dtype": torch.float64}
    theirs, ours = theirs(3, 5, **options), ours(3, 5, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def parts(state):
    return (state,) if isinstance(state, torch.Tensor) else tuple(state)


def random_like(state):
    return tuple(torch.randn_like(part) for part in parts(state))


def as_given(layer, state):
    return state if isinstance(layer, nn.LSTM | holdfast.LSTM) else state[0]


def weigh(*outputs):
    return sum((y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)).sum() for y in outputs)


def torch_gradients(layer):
    """Gradients under torch's names; torch's two biases always have the same one, but for a GRU's candidate."""
    if isinstance(layer, nn.RNNBase):
        return {name: p.grad for name, p in layer.named_parameters() if not name.startswith("bias_hh")}
    held = {name: p.detach().clone() for name, p in layer.named_parameters()}
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(p.grad)
        found = {name: value.clone() for name, value in layer.state_dict().items() if not name.startswith("bias_hh")}
        for name, p in layer.named_parameters():
            p.copy_(held[name])
    return found


@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_outputs_states_and_gradients_are_torchs(both, backend):
    theirs, ours = both
    ours.backend = backend
    x = torch.randn(7, 4, 3, dtype=torch.float64, requires_grad=True)
    x = x if not ours.batch_first else x.detach().transpose(0, 1).requires_grad_()
    initial = random_like(theirs(x)[1])
    results = []
    for layer in (theirs, ours):
        x.grad = None
        state = tuple(part.clone().requires_grad_() for part in initial)
        output, last = layer(x, as_given(layer, state))
        weigh(output, *parts(last)).backward()
        results.append((output, parts(last), x.grad, [part.grad for part in state], torch_gradients(layer)))
    assert_close(results[1], results[0])


@pytest.mark.parametrize("backend", ["auto", "native"])
def test_packed_input_is_torchs(both, backend):
    theirs, ours = both
    ours.backend = backend
    x = torch.randn(7, 4, 3, dtype=torch.float64, requires_grad=True)
    results = []
    for layer in (theirs, ours):
        x.grad = None
        for p in layer.parameters():
            p.grad = None
        packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
        output, last = layer(packed)
        padded, _ = pad_packed_sequence(output)
        weigh(padded, *parts(last)).backward()
        results.append((output.data, output.batch_sizes, parts(last), x.grad, torch_gradients(layer)))
    assert_close(results[1], results[0])


def test_state_dicts_go_both_ways(both):
    theirs, ours = both
    x = torch.randn(7, 4, 3, dtype=torch.float64)
    assert set(ours.state_dict()) == set(theirs.state_dict())
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    with torch.no_grad():
        for p in ours.parameters():
            p.mul_(1.5)
    theirs.load_state_dict(ours.state_dict())
    assert_close(ours(x)[0], theirs(x)[0])


def test_state_dicts_go_both_ways_inside_a_model(both):
    theirs, ours = both
    their_model, our_model = nn.ModuleDict({"core": theirs}), nn.ModuleDict({"core": ours})
    assert set(our_model.state_dict()) == set(their_model.state_dict())
    our_model.load_state_dict(their_model.state_dict())
    their_model.load_state_dict(our_model.state_dict())


@pytest.mark.filterwarnings(
    "ignore:LSTM with projections is not supported with oneDNN"
)  # torch's remark, for its own too
def test_the_same_seed_draws_the_same_weights(pair):
    theirs, ours, options = pair
    torch.manual_seed(0)
    expected = theirs(3, 5, 2, bidirectional=True, **options)
    torch.manual_seed(0)
    drawn = ours(3, 5, 2, bidirectional=True, **options)
    x = torch.randn(7, 4, 3)
    torch.testing.assert_close(drawn(x)[0], expected(x)[0])


def test_positional_arguments_are_torchs():
    assert repr(holdfast.LSTM(3, 5, 2, False, True)).startswith("LSTM(\n  3, 5, num_layers=2, batch_first=True")
    assert not holdfast.GRU(3, 5, 2, False).bias
    assert holdfast.RNN(3, 5, 1, "relu").nonlinearity == "relu"


def test_a_wrong_checkpoint_is_refused_by_name():
    with pytest.raises(RuntimeError, match="weight_ih_l1"):
        holdfast.LSTM(3, 5).load_state_dict(nn.LSTM(3, 5, 2).state_dict())
    with pytest.raises(RuntimeError, match=r'Missing key.*"weight_ih_l1"'):
        holdfast.LSTM(3, 5, 2).load_state_dict(nn.LSTM(3, 5).state_dict())
    with pytest.raises(RuntimeError, match=r'Missing key.*"core\.bias_ih_l0", "core\.bias_hh_l0"'):
        nn.ModuleDict({"core": holdfast.GRU(3, 5)}).load_state_dict(
            nn.ModuleDict({"core": nn.GRU(3, 5, bias=False)}).state_dict()
        )
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"bias_ih_l0", "bias_hh_l0"'):
        holdfast.RNN(3, 5, bias=False).load_state_dict(nn.RNN(3, 5).state_dict())


@torch.no_grad()
def test_what_a_checkpoint_lacks_stays_as_it_is_where_that_is_allowed():
    layer = holdfast.GRU(3, 5)
    before, weight = [p.clone() for p in layer.parameters()], torch.randn(15, 3)
    told = layer.load_state_dict({"weight_ih_l0": weight}, strict=False)
    assert told.missing_keys == ["weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert torch.equal(layer.cells[0].weight_ih, weight)
    assert all(torch.equal(a, b) for a, b in zip(list(layer.parameters())[1:], before[1:], strict=True))


def test_parametrized_weights_are_saved_and_loaded():
    layers = [holdfast.LSTM(3, 5) for _ in range(2)]
    for layer in layers:
        nn.utils.parametrizations.weight_norm(layer.cells[0], "weight_hh")
    layers[1].load_state_dict(layers[0].state_dict())
    x = torch.randn(7, 4, 3)
    torch.testing.assert_close(layers[1](x), layers[0](x))


def test_dropout_acts_between_layers_while_training_only(pair):
    _, ours, options = pair
    layer = ours(3, 5, 2, dropout=0.5, **options)
    x = torch.randn(7, 4, 3)
    torch.manual_seed(0)
    first, second = layer(x)[0], layer(x)[0]
    assert not torch.equal(first, second)
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_second_derivatives_run_with_every_backend(both, backend):
    _, ours = both
    ours.backend = backend
    x = torch.randn(4, 2, 3, dtype=torch.float64, requires_grad=True)
    x = x if not ours.batch_first else x.detach().transpose(0, 1).requires_grad_()
    output, last = ours(x)
    (gradient,) = torch.autograd.grad(weigh(output, *parts(last)), x, create_graph=True)
    penalty = gradient.square().sum()
    penalty.backward()
    with_native = [p.grad.clone() for p in ours.parameters()]
    ours.zero_grad()
    ours.backend = "reference"
    output, last = ours(x)
    (gradient,) = torch.autograd.grad(weigh(output, *parts(last)), x, create_graph=True)
    gradient.square().sum().backward()
    assert_close(with_native, [p.grad for p in ours.parameters()])


def test_frozen_weights_get_no_gradient(both):
    _, ours = both
    frozen = ours.cells[0].weight_hh.requires_grad_(False)
    ours(torch.randn(4, 2, 3, dtype=torch.float64))[0].sum().backward()
    assert frozen.grad is None
    assert ours.cells[0].weight_ih.grad is not None


def test_nothing_is_kept_for_a_backward_pass_without_gradients(both):
    _, ours = both
    with torch.no_grad():
        output, _ = ours(torch.randn(4, 2, 3, dtype=torch.float64))
    assert output.grad_fn is None
