"""Networks that are no recurrence: what is heard, by whom, and what is made of it."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from holdfast.models import PooledModel, embedding
from holdfast.models.rivals import RIVALS, TDMCA, Transformer
from holdfast.models.rivals.attention import CompressedAttention, FullAttention, LocalAttention
from holdfast.models.rivals.positions import positions
from tolerances import assert_close

B, I, WIDTH, HEADS, O = 3, 2, 8, 2, 4  # noqa: E741
SIZES = {"heads": HEADS, "filter_size": 12}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_steps(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=generator(1))


def make_encoder(name: str, **options):
    small = {"block": 4} if name == "t-dmca" else {}
    return RIVALS[name].build(WIDTH, **SIZES, **small, **options, generator=generator())


def make_model(name: str, tokens="continuous", **options) -> PooledModel:
    before = embedding(tokens, I, WIDTH, generator=generator())
    encoder = make_encoder(name, **options)
    return PooledModel(encoder, O, embedding=before, head_sizes=(5,), generator=generator()).double()


def gradient(loss, module):
    return torch.autograd.grad(loss, list(module.parameters()))


def dense(attention, x, heard_by, keys, values):
    """Attention written out: the weights of all pairs, those that are not heard left out; heard_by (B, T, S)."""
    q = (x @ attention.project.weight[:WIDTH].T + attention.project.bias[:WIDTH]).unflatten(-1, (HEADS, -1))
    k, v = keys.unflatten(-1, (HEADS, -1)), values.unflatten(-1, (HEADS, -1))
    scores = torch.einsum("bthd,bshd->bhts", q, k) / math.sqrt(WIDTH / HEADS)
    weights = scores.masked_fill(~heard_by.unsqueeze(1), -math.inf).softmax(-1)
    return attention.out(torch.einsum("bhts,bshd->bthd", weights, v).flatten(2))


def keys_and_values(attention, x):
    w, b = attention.project.weight, attention.project.bias
    return ((x @ w[k * WIDTH : (k + 1) * WIDTH].T + b[k * WIDTH : (k + 1) * WIDTH]) for k in (1, 2))


def strided(convolution, part, stride):
    """The convolution as one product of each run of steps with all its weights."""
    runs = F.pad(part, (0, 0, 0, -part.shape[1] % stride)).unflatten(1, (-1, stride))
    return torch.einsum("bsjc,ocj->bso", runs, convolution.weight) + convolution.bias


@pytest.mark.parametrize("steps", [3, 4, 11, 12])
@pytest.mark.parametrize("ragged", [False, True])
def test_local_attention_is_dense_attention_that_hears_its_block_alone(steps, ragged):
    attention = LocalAttention(WIDTH, heads=HEADS, block=4, generator=generator()).double()
    x, ends = some_steps(B, steps, WIDTH), torch.tensor([steps, 1, steps - 1])
    valid = torch.arange(steps) < ends.unsqueeze(1) if ragged else torch.ones(B, steps, dtype=torch.bool)
    blocks = torch.arange(steps) // 4
    heard_by = (blocks.unsqueeze(1) == blocks) & valid.unsqueeze(1)
    heard_by |= ~heard_by.any(-1, keepdim=True)  # nobody looks at these
    wanted = dense(attention, x, heard_by, *keys_and_values(attention, x))
    found = attention(x, valid if ragged else None)
    assert_close(found[valid], wanted[valid])
    assert_close(*(gradient(y[valid].square().sum(), attention) for y in (found, wanted)))


@pytest.mark.parametrize("steps", [1, 3, 11, 12])
@pytest.mark.parametrize("ragged", [False, True])
def test_compressed_attention_is_dense_attention_to_convolved_keys_and_values(steps, ragged):
    attention = CompressedAttention(WIDTH, heads=HEADS, compression=3, generator=generator()).double()
    x, ends = some_steps(B, steps, WIDTH), torch.tensor([steps, 1, max(1, steps - 4)])
    valid = torch.arange(steps) < ends.unsqueeze(1) if ragged else torch.ones(B, steps, dtype=torch.bool)
    keys, values = (part * valid.unsqueeze(-1) for part in keys_and_values(attention, x))
    keys, values = strided(attention.compress_keys, keys, 3), strided(attention.compress_values, values, 3)
    heard = (3 * torch.arange(keys.shape[1]) < ends.unsqueeze(1)) if ragged else torch.ones(B, keys.shape[1]) > 0
    wanted = dense(attention, x, heard.unsqueeze(1).expand(-1, steps, -1), keys, values)
    found = attention(x, valid if ragged else None)
    assert_close(found[valid], wanted[valid])
    assert_close(*(gradient(y[valid].square().sum(), attention) for y in (found, wanted)))


@pytest.mark.parametrize("ragged", [False, True])
def test_the_transformer_is_torchs_own(ragged):
    ours = Transformer(WIDTH, layers=2, dropout=0.0, attention_dropout=0.0, generator=generator(), **SIZES).double()
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 12, dropout=0.0, norm_first=True, dtype=torch.float64)
    theirs = nn.TransformerEncoder(layer, 2, nn.LayerNorm(WIDTH, dtype=torch.float64), enable_nested_tensor=False)
    ours_first = [p for block in ours.blocks for p in in_torchs_order(block)]
    for into, parameter in zip(theirs.layers.parameters(), ours_first, strict=True):
        into.data.copy_(parameter)
    x, ends = some_steps(7, B, WIDTH), torch.tensor([7, 2, 5])
    valid = torch.arange(7).unsqueeze(1) < ends if ragged else None
    wanted = theirs(x + positions(7, WIDTH, like=x).unsqueeze(1), src_key_padding_mask=~valid.T if ragged else None)
    counted = valid if ragged else ...
    assert_close(ours(x, valid)[counted], wanted[counted])


def in_torchs_order(block):
    attention, network = block.attention, block.network
    parts = (attention.project, attention.out, network[0], network[3], block.first_norm, block.second_norm)
    return [p for part in parts for p in (part.weight, part.bias)]


@pytest.mark.parametrize("name", RIVALS)
@pytest.mark.parametrize("tokens", ["continuous", "symbols"])
def test_padding_changes_nothing(name, tokens):
    model, lengths = make_model(name, tokens).eval(), torch.tensor([11, 1, 6])
    inputs = some_steps(11, B, I) if tokens == "continuous" else torch.ones(11, B, dtype=torch.int64)
    spoilt = inputs.clone()
    for row, length in enumerate(lengths.tolist()):
        spoilt[length:, row] = math.nan if tokens == "continuous" else 0
    answers = model(spoilt, lengths)
    alone = [model(inputs[:length, row : row + 1])[0] for row, length in enumerate(lengths.tolist())]
    assert_close(answers, torch.stack(alone))
    assert all(torch.isfinite(g).all() for g in gradient(answers.square().sum(), model))


@pytest.mark.parametrize("name", RIVALS)
def test_the_first_step_hears_the_last(name):
    encoder = make_encoder(name).double().eval()
    x = some_steps(9, 1, WIDTH).requires_grad_()
    encoder(x)[0].square().sum().backward()
    assert x.grad is not None
    assert (x.grad[8] != 0).any()


def test_without_positions_the_order_of_the_steps_would_not_matter_and_with_them_it_does():
    model, inputs = make_model("transformer").eval(), some_steps(6, B, I)
    order = torch.randperm(6, generator=generator(2))
    attention = FullAttention(WIDTH, heads=HEADS, generator=generator()).double()
    steps = some_steps(B, 6, WIDTH)
    assert_close(attention(steps[:, order]), attention(steps)[:, order])
    assert not torch.allclose(model(inputs[order]), model(inputs))


def test_the_head_reads_the_mean():
    model, inputs = make_model("transformer").eval(), some_steps(6, B, I)
    assert_close(model(inputs), model.head(model.encoder(model.embedding(inputs)).mean(0)))


def test_positions_tell_sixteen_thousand_steps_apart():
    found = positions(16_384, 128, like=torch.zeros(1))
    assert found.shape == (16_384, 128)
    assert len(torch.unique(found, dim=0)) == 16_384
    one, other = found[3], positions(4, 128, like=torch.zeros(1))[3]
    assert torch.equal(one, other)
    assert_close(found[3, [0, 64]], torch.tensor([math.sin(3), math.cos(3)]), torch.float32)
    assert_close(found[3, [63, 127]], torch.tensor([math.sin(3e-4), math.cos(3e-4)]), torch.float32)


def test_the_defaults_are_the_small_transformer_of_the_papers():
    weights = sum(p.numel() for p in Transformer(128).parameters() if p.dim() == 2)
    assert weights == 2 * (4 * 128**2 + 2 * 128 * 512)
    kinds = [type(block.attention) for block in TDMCA(128).blocks]  # pyright: ignore[reportAttributeAccessIssue]
    assert kinds == [LocalAttention, CompressedAttention, LocalAttention, CompressedAttention, LocalAttention]


@pytest.mark.parametrize("name", RIVALS)
def test_dropout_is_for_training_and_a_generator_decides_the_start(name):
    model, again, inputs = make_model(name), make_model(name), some_steps(6, B, I)
    assert not torch.equal(model(inputs), model(inputs))
    assert torch.equal(model.eval()(inputs), again.eval()(inputs))


@pytest.mark.parametrize("name", RIVALS)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 6, "heads": 4}, "multiple of heads, got 6 with 4 heads"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"dropout": 1.0}, "dropout must be a probability"),
        ({"attention_dropout": -0.1}, "attention_dropout must be a probability"),
    ],
)
def test_what_is_out_of_range_is_refused(name, options, words):
    with pytest.raises(ValueError, match=words):
        RIVALS[name].build(**{"width": 8, **options})
