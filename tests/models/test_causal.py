"""Convolutions over time: the numbers of their definition, no look ahead, and as far back as they say."""

import math

import pytest
import torch

from holdfast.models import SequenceModel, embedding
from holdfast.models.rivals import CAUSAL, TCN, TrellisNet
from tolerances import assert_close

T, B, I, H, O = 13, 3, 2, 4, 5  # noqa: E741
FEWER = {"tcn": {"levels": 2, "kernel": 3}, "trellisnet": {"levels": 3}}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_steps(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=generator(1))


def make_network(name: str, **options):
    """With weights large enough to bend every gate."""
    made = CAUSAL[name].build(I, H, **FEWER[name], **options, generator=generator()).double()
    for module in made.modules():
        if hasattr(module, "parametrizations"):
            module.parametrizations.weight.original0.data.mul_(3).clamp_(min=0.5)  # pyright: ignore
    return made


def weights(convolution):
    """The taps (kernel, outputs, inputs) of a normalised convolution, the oldest first, and its bias."""
    size, direction = (getattr(convolution.parametrizations.weight, f"original{k}") for k in (0, 1))
    length = direction.square().sum((1, 2)).sqrt()
    return (size * direction / length.view(-1, 1, 1)).permute(2, 0, 1), convolution.bias


def tap(convolution, steps, t, dilation):
    """The convolution at step t of a list of steps (B, features)."""
    taps, bias = weights(convolution)
    places = [t - dilation * back for back in reversed(range(len(taps)))]
    found = torch.stack([steps[place] @ w.T for place, w in zip(places, taps, strict=True) if place >= 0]).sum(0)
    return found if bias is None else found + bias


def tcn(network, x):
    """The definition of the network, step by step and tap by tap."""
    steps = list(x)
    for block in network.blocks:
        middle = [tap(block.first, steps, t, block.dilation).relu() for t in range(len(steps))]
        last = [tap(block.second, middle, t, block.dilation).relu() for t in range(len(steps))]
        maps = [p.squeeze(-1) for p in block.around.parameters()] or [torch.eye(H, dtype=x.dtype), 0]
        steps = [(y + z @ maps[0].T + maps[1]).relu() for y, z in zip(last, steps, strict=True)]
    return torch.stack(steps)


def trellisnet(network, x):
    """The definition of the network: an LSTM cell that goes on from d steps ago in the layer below."""
    x, nothing = list(x), torch.zeros(B, H, dtype=x.dtype)
    h, c = [nothing] * len(x), [nothing] * len(x)
    for d in network.dilations:
        new = []
        for t in range(len(x)):
            pre = tap(network.from_input, x, t, d) + tap(network.from_layer, h, t, d)
            f, i, o, g = pre[:, :H], pre[:, H : 2 * H], pre[:, 2 * H : 3 * H], pre[:, 3 * H :]
            memory = f.sigmoid() * (c[t - d] if t >= d else nothing) + i.sigmoid() * g.tanh()
            new.append((o.sigmoid() * memory.tanh(), memory))
        h, c = map(list, zip(*new, strict=True))
    return torch.stack(h)


@pytest.mark.parametrize(("name", "definition"), [("tcn", tcn), ("trellisnet", trellisnet)])
def test_values_and_gradients_are_those_of_the_definition(name, definition):
    network, x = make_network(name).eval(), some_steps(T, B, I).requires_grad_()
    found, expected = network(x)[0], definition(network, x)
    assert_close(found, expected)
    wanted = [x, *network.parameters()]
    cotangent = torch.linspace(-1, 1, found.numel(), dtype=x.dtype).view_as(found)
    slopes = [torch.autograd.grad((output * cotangent).sum(), wanted) for output in (found, expected)]
    assert_close(slopes[0], slopes[1])
    assert all(slope.any() for slope in slopes[0])


@pytest.mark.parametrize("name", CAUSAL)
def test_an_output_depends_on_the_steps_within_its_reach_and_on_no_other(name):
    network = make_network(name).eval()
    x = some_steps(network.reach + 5, 1, I).requires_grad_()
    (slope,) = torch.autograd.grad(network(x)[0][-3].sum(), x)
    heard = slope.abs().sum((1, 2)) != 0
    within = torch.arange(3, 3 + network.reach)
    assert set(heard.nonzero().flatten().tolist()) <= set(within.tolist())
    if name == "trellisnet":  # in the other one a unit may be silent
        assert heard[within].all()


def test_the_defaults_reach_over_all_pixels():
    assert TCN(1, 25).reach == 3061
    assert TrellisNet(1, 12).reach == 1025
    assert TrellisNet(1, 12).dilations[:4] == [1, 1, 2, 4]


@pytest.mark.parametrize("name", CAUSAL)
def test_padding_changes_nothing_and_its_outputs_are_zero(name):
    network, x, lengths = make_network(name).eval(), some_steps(T, B, I), torch.tensor([T, 1, 6])
    spoilt = x.clone()
    for row, length in enumerate(lengths.tolist()):
        spoilt[length:, row] = math.nan
    output, state = network(spoilt, lengths=lengths)
    assert state is None
    for row, length in enumerate(lengths.tolist()):
        assert_close(output[:length, row], network(x[:length, row : row + 1])[0][:, 0])
        assert not output[length:, row].any()
    output.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("readout", ["every step", "last step"])
def test_it_stands_where_a_recurrent_layer_stands(name, readout):
    before = embedding("symbols", 7, I, generator=generator()).double()
    model = SequenceModel(make_network(name), O, readout=readout, embedding=before, generator=generator()).double()
    symbols = torch.randint(7, (T, B), generator=generator())
    answers = model.eval()(symbols, torch.tensor([T, 2, 6]))
    assert answers.shape == ((T, B, O) if readout == "every step" else (B, O))
    alone = model(symbols[:2, 1:2])
    assert_close(answers[:2, 1] if readout == "every step" else answers[1], alone.squeeze(1 if alone.dim() == 3 else 0))


@pytest.mark.parametrize("name", CAUSAL)
def test_dropout_is_for_training_and_a_generator_decides_the_start(name):
    network, again, x = make_network(name, dropout=0.5), make_network(name), some_steps(T, B, I)
    assert not torch.equal(network(x)[0], network(x)[0])
    assert torch.equal(network.eval()(x)[0], again.eval()(x)[0])


def test_the_layers_of_a_trellis_drop_the_same_features_at_all_steps():
    network = make_network("trellisnet", dropout=0.0, hidden_dropout=0.5)
    torch.nn.init.normal_(network.get_parameter("from_input.bias"), generator=generator())
    x = some_steps(1, B, I).expand(4 * network.reach, B, I)
    output = network(x)[0][network.reach :]
    assert_close(output, output[:1].expand_as(output))
    assert not torch.allclose(output, network.eval()(x)[0][network.reach :])


def test_weights_start_as_the_sources_say():
    trellis, tcn = TrellisNet(20, 100, generator=generator()), TCN(20, 100, generator=generator())
    for made in (trellis.from_input, trellis.from_layer):
        assert made.weight.std().item() == pytest.approx(0.01, rel=0.05)
    bound = (100 * 7) ** -0.5
    assert 0.98 * bound < tcn.blocks[1].first.weight.abs().max() < bound * (1 + 1e-6)
    assert tcn.blocks[1].first.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_a_trellis_has_one_set_of_weights_for_all_layers():
    sizes = [sum(p.numel() for p in TrellisNet(1, 8, levels=levels).parameters()) for levels in (2, 9)]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("tcn", {"levels": 0}, "levels must be a whole number of at least 1"),
        ("tcn", {"dropout": 1.0}, "dropout must be a probability"),
        ("trellisnet", {"kernel": 1}, "kernel must be at least 2, got 1"),
        ("trellisnet", {"hidden_dropout": -0.1}, "hidden_dropout must be a probability"),
    ],
)
def test_what_is_out_of_range_is_refused(name, options, words):
    with pytest.raises(ValueError, match=words):
        CAUSAL[name].build(I, H, **options)


def test_what_it_can_not_do_is_refused_in_words():
    network = make_network("tcn")
    with pytest.raises(ValueError, match="TCN has no state to go on from"):
        network(some_steps(T, B, I), some_steps(B, H))
    with pytest.raises(ValueError, match=r"TCN expects input \(time, batch, 2\), got \(13, 3, 9\)"):
        network(some_steps(T, B, 9))
