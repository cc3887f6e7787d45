"""What every layer of the catalogue keeps: checked by identities, two ways of saying the same thing."""

import copy
import io
import pickle

import pytest
import torch
from torch.func import functional_call, jvp, vmap
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tolerances import assert_close

LENGTHS = torch.tensor([7, 3, 1, 5])


def parts(state):
    return (state,) if isinstance(state, torch.Tensor) else tuple(state)


def rows(state, index):
    """The rows `index` of a state."""
    picked = tuple(part[:, index] for part in parts(state))
    return picked[0] if isinstance(state, torch.Tensor) else picked


def random_state(layer, batch):
    """A state with nothing special about it."""
    _, zeros = layer(torch.zeros(1, batch, 3, dtype=torch.float64))
    generator = torch.Generator().manual_seed(3)
    made = tuple(torch.randn(p.shape, dtype=p.dtype, generator=generator) / 2 for p in parts(zeros))
    return made[0] if isinstance(zeros, torch.Tensor) else made


def gradients(layer, *outputs):
    """The gradients of all parameters of a smooth function of tensors."""
    sum((output * torch.linspace(-1, 1, output.numel()).view_as(output)).sum() for output in outputs).backward()
    found = [p.grad.clone() for p in layer.parameters()]
    layer.zero_grad()
    return found


def test_a_split_sequence_is_the_whole(build, x):
    layer = build(num_layers=2)
    whole, end = layer(x, random_state(layer, 4))
    first, middle = layer(x[:3], random_state(layer, 4))
    second, last = layer(x[3:], middle)
    assert_close(torch.cat([first, second]), whole)
    assert_close(parts(last), parts(end))


def test_rows_of_a_batch_are_independent(build, x):
    layer = build(num_layers=2, bidirectional=True)
    state = random_state(layer, 4)
    output, end = layer(x, state)
    for row in range(4):
        alone, alone_end = layer(x[:, row : row + 1], rows(state, slice(row, row + 1)))
        assert_close(alone[:, 0], output[:, row])
        assert_close(parts(alone_end), parts(rows(end, slice(row, row + 1))))


def test_a_ragged_row_is_the_row_alone_and_what_lies_beyond_is_not_read(build, x):
    layer = build(num_layers=2, bidirectional=True)
    state = random_state(layer, 4)
    spoilt = x.clone()
    for row, length in enumerate(LENGTHS):
        spoilt[length:, row] = 1e6
    output, end = layer(spoilt, state, lengths=LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        one = slice(row, row + 1)
        alone, alone_end = layer(x[:length, one], rows(state, one))
        assert_close(output[:length, one], alone)
        assert (output[length:, row] == 0).all()
        assert_close(parts(rows(end, one)), parts(alone_end))


def test_lengths_and_packing_are_the_same_in_values_and_gradients(build, x):
    layer = build(num_layers=2, bidirectional=True)
    output, end = layer(x, lengths=LENGTHS)
    by_lengths = gradients(layer, output, *parts(end))
    packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    packed_output, packed_end = layer(packed)
    unpacked, _ = pad_packed_sequence(packed_output)
    assert_close(unpacked, output)
    assert_close(parts(packed_end), parts(end))
    assert_close(gradients(layer, unpacked, *parts(packed_end)), by_lengths)


def test_a_reset_is_a_fresh_start(build, x):
    layer = build(num_layers=2, bidirectional=True)
    reset = torch.zeros(7, 4, dtype=torch.bool)
    reset[3, 1] = True
    output, end = layer(x, reset=reset)
    one = slice(1, 2)
    before, _ = layer(x[:3, one])
    after, after_end = layer(x[3:, one])
    assert_close(output[:, one], torch.cat([before, after]))
    forward = [k for k in range(4) if k % 2 == 0]
    assert_close([p[forward, 1] for p in parts(end)], [p[forward, 0] for p in parts(after_end)])
    untouched, _ = layer(x)
    assert_close(output[:, [0, 2, 3]], untouched[:, [0, 2, 3]])


def test_a_reset_at_the_first_step_drops_the_given_state(build, x):
    layer = build()
    reset = torch.zeros(7, 4, dtype=torch.bool)
    reset[0] = True
    assert_close(layer(x, random_state(layer, 4), reset=reset)[0], layer(x)[0])


def test_resets_within_ragged_rows_stay_within_them(build, x):
    layer = build(bidirectional=True)
    state = random_state(layer, 4)
    reset = torch.zeros(7, 4, dtype=torch.bool)
    reset[2, 1] = reset[4, 3] = True
    reset[3, 1] = reset[6, 2] = True  # beyond their rows' ends; the first of them right behind
    output, end = layer(x, state, lengths=LENGTHS, reset=reset)
    for row, length in enumerate(LENGTHS.tolist()):
        one = slice(row, row + 1)
        alone, alone_end = layer(x[:length, one], rows(state, one), reset=reset[:length, one])
        assert_close(output[:length, one], alone)
        assert_close(parts(rows(end, one)), parts(alone_end))


def test_steps_are_the_unroll(build, x):
    layer = build(num_layers=2)
    output, end = layer(x)
    state, steps = None, []
    for step in x:
        y, state = layer.step(step, state)
        steps.append(y)
    assert_close(torch.stack(steps), output)
    assert_close(parts(state), parts(end))
    alone, state = layer.step(x[0, 0])
    assert_close(alone, output[0, 0])


def test_layouts_are_the_same_numbers(build, x):
    layer, batch_first = build(bidirectional=True), build(bidirectional=True, batch_first=True)
    output, end = layer(x, lengths=LENGTHS)
    transposed, same_end = batch_first(x.transpose(0, 1), lengths=LENGTHS)
    assert_close(transposed.transpose(0, 1), output)
    assert_close(parts(same_end), parts(end))
    for made in (layer, batch_first):
        alone, alone_end = made(x[:, 0])
        assert_close(alone, output[:, 0])
        assert_close(parts(alone_end), tuple(p[:, 0] for p in parts(end)))


def test_the_two_directions_are_mirror_images(build, x):
    layer, mirrored = build(bidirectional=True), build(bidirectional=True)
    mirrored.cells[0], mirrored.cells[1] = mirrored.cells[1], mirrored.cells[0]
    output, _ = layer(x)
    mirror, _ = mirrored(x.flip(0))
    width = layer.output_size // 2
    assert_close(mirror.flip(0), torch.cat([output[..., width:], output[..., :width]], -1))


@pytest.mark.parametrize("recompute", ["auto", 1, 3, 100])
def test_recomputation_changes_no_gradient(build, x, recompute):
    plain, saving = build(num_layers=2), build(num_layers=2, recompute=recompute)
    for options in ({}, {"lengths": LENGTHS}):
        output, end = plain(x, **options)
        same, same_end = saving(x, **options)
        assert_close(same, output)
        assert_close(gradients(saving, same, *parts(same_end)), gradients(plain, output, *parts(end)))


def test_state_dict_makes_the_same_layer(build, x):
    layer, other = build(num_layers=2), build(num_layers=2)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1)
    other.load_state_dict(layer.state_dict())
    assert_close(other(x)[0], layer(x)[0])
    assert layer.state_dict().keys() == other.state_dict().keys()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_are_equal_and_apart(build, x, duplicate):
    layer = build(num_layers=2, bidirectional=True)
    output, state = layer(x)
    twin = duplicate(layer)
    assert_close(twin(x)[0], output)
    assert_close(parts(duplicate(state) if duplicate is not copy.deepcopy else state), parts(state))
    with torch.no_grad():
        next(twin.parameters()).add_(1)
    assert_close(layer(x)[0], output)
    twin.load_state_dict(layer.state_dict())
    assert_close(twin(x)[0], output)


def test_saved_weights_load_as_tensors_alone(build, x):
    layer, other = build(), build()
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert_close(other(x)[0], layer(x)[0])


def test_a_layer_moves_between_dtypes(build, x):
    layer = build(num_layers=2)
    output, _ = layer(x)
    single, state = layer.float()(x.float())
    assert single.dtype == torch.float32
    assert all(part.dtype == torch.float32 for part in parts(state))
    assert_close(single, output.float(), torch.float32, scale=10)


def test_a_layer_can_be_made_without_memory_and_moved(build, name):
    empty = build(device="meta")
    assert all(p.is_meta for p in empty.parameters())
    empty.to_empty(device="cpu").load_state_dict(build().state_dict())


def test_it_prints_its_sizes_and_what_was_changed(build, name):
    shown = repr(build(num_layers=2, dropout=0.5))
    assert "3, 6, num_layers=2, dropout=0.5, backend='reference'" in shown
    assert type(build().cells[0]).__name__ in shown


def not_straight_through(layer):
    """Skips what compares a gradient with differences: one that passes straight through a rounding is none of them."""
    if any(name in repr(layer) for name in ("Skip", "HMLSTM")):
        pytest.skip("straight through a rounding; oracles, and tests/cells, hold the gradient to what it stands for")
    return layer


def test_derivatives_are_right_to_second_order(build):
    layer = not_straight_through(build(input_size=2, hidden_size=2))
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for p in layer.parameters():  # away from a start at zero, which may lie on a kink
            p.add_(torch.randn(p.shape, dtype=p.dtype, generator=generator) / 20)
    parameters = {name: p.detach().clone().requires_grad_() for name, p in layer.named_parameters()}
    x = torch.randn(3, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)

    def run(x, *values):
        return functional_call(layer, dict(zip(parameters, values, strict=True)), (x,))[0]

    assert torch.autograd.gradcheck(run, (x, *parameters.values()))
    if not any(kink in repr(layer) for kink in ("relu", "NRU", "StatisticalRU")):  # a kink has no second derivative
        assert torch.autograd.gradgradcheck(lambda x: run(x, *layer.parameters()), (x,))


@pytest.mark.filterwarnings("ignore:.*runs on the slow reference. kernels do not run under torch.func")
def test_transforms_run_on_the_reference(build, x):
    layer = not_straight_through(build(backend="auto"))
    mapped, _ = vmap(layer, in_dims=2, out_dims=2)(x.unsqueeze(2).expand(-1, -1, 5, -1))
    assert_close(mapped[:, :, 0], layer(x)[0])
    direction = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(5))
    _, tangent = jvp(lambda x: layer(x)[0], (x,), (direction,))
    epsilon = 1e-6
    difference = (layer(x + epsilon * direction)[0] - layer(x - epsilon * direction)[0]) / (2 * epsilon)
    torch.testing.assert_close(tangent, difference, atol=1e-7, rtol=1e-5)


def test_explain_names_a_backend(build, x):
    told = build(backend="auto", num_layers=2, bidirectional=True).explain(x)
    assert set(told.backends) <= {"compiled", "native", "scan", "folded", "reference"}
    assert len(told.backends) == 4
    assert "backend" in str(told)


def test_autocast_runs_everywhere(build, x):
    layer = build(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = layer(x.float())
    output.float().sum().backward()
    expected, _ = layer(x.float())
    torch.testing.assert_close(output.float(), expected, atol=0.1, rtol=0.1)
