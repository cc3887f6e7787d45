"""States at chosen steps are those of a layer that stops there, and gradients end where they are told to."""

import pytest
import torch

import holdfast
from holdfast.layers import Stop, visit
from tolerances import assert_close

T, B, SIZE, H = 23, 4, 3, 5
NAMES = ("lstm", "gru", "nru", "ur-lstm")


def make(name="lstm", num_layers=1, *, backend="reference", **options):
    options = {"memory_size": 4} | options if name == "nru" else options
    return holdfast.make(name, SIZE, H, num_layers=num_layers, backend=backend, dtype=torch.float64, **options)


def some_inputs(seed=0):
    return torch.randn(T, B, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def some_places(n, seed=0):
    return torch.randint(0, T + 1, (B, n), generator=torch.Generator().manual_seed(seed))


def parts(state):
    return (state,) if isinstance(state, torch.Tensor) else tuple(state)


def stopped(layer, inputs, row, place, window=None):
    """The state after `place` steps of one sequence, by running it alone, on a graph that is cut."""
    begin = 0 if window is None else max(0, place - window)
    state = layer.initial_state(1)
    with torch.no_grad():
        if begin:
            _, state = layer(inputs[:begin, row : row + 1], state)
    if place > begin:
        _, state = layer(inputs[begin:place, row : row + 1], state)
    return parts(state)


def expected(layer, inputs, places, window=None):
    each = [stopped(layer, inputs, b, int(p), window) for b, own in enumerate(places) for p in own]
    return tuple(torch.cat(part, 1) for part in zip(*each, strict=True))


def gradients(layer, states):
    weights = [torch.randn(part.shape, dtype=part.dtype, generator=torch.Generator().manual_seed(7)) for part in states]
    loss = sum((weight * part).sum() for weight, part in zip(weights, states, strict=True))
    if not loss.requires_grad:
        return [torch.zeros_like(parameter) for parameter in layer.parameters()]
    found = torch.autograd.grad(loss, list(layer.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, layer.parameters(), strict=True)]


@pytest.mark.parametrize("window", [None, 0, 1, 6, 100])
@pytest.mark.parametrize(
    ("name", "num_layers", "backend"),
    [("lstm", 1, "auto"), *((name, layers, "reference") for name in NAMES for layers in (1, 2))],
)
def test_states_and_gradients_are_those_of_a_graph_cut_by_hand(name, num_layers, backend, window):
    layer, inputs, places = make(name, num_layers, backend=backend), some_inputs(), some_places(3)
    (found,) = visit(layer, inputs, [Stop(places, window)])
    wanted = expected(layer, inputs, places, window)
    assert_close(found, wanted)
    assert_close(gradients(layer, found), gradients(layer, wanted))


def test_places_that_all_sequences_share_are_stopped_at_without_a_detour():
    layer, inputs = make(), some_inputs()
    places = torch.tensor([[4, 17, 9]]).expand(B, 3)
    calls = []
    hook = layer.register_forward_pre_hook(lambda _, arguments: calls.append(tuple(arguments[0].shape)))
    (found,) = visit(layer, inputs, [Stop(places)])
    hook.remove()
    assert calls == [(4, B, SIZE), (5, B, SIZE), (8, B, SIZE)]
    assert_close(found, expected(layer, inputs, places))


def test_several_stops_take_one_walk_and_keep_their_own_windows():
    layer, inputs = make(), some_inputs()
    stops = [Stop(some_places(2, seed), window) for seed, window in ((1, 3), (2, None), (3, 0), (4, 5))]
    for stop, found in zip(stops, visit(layer, inputs, stops), strict=True):
        wanted = expected(layer, inputs, stop.places, stop.window)
        assert_close(found, wanted)
        assert_close(gradients(layer, found), gradients(layer, wanted))


def test_each_place_can_have_a_window_of_its_own():
    layer, inputs, places = make(), some_inputs(), some_places(2)
    window = torch.tensor([[0, 3], [5, 1], [2, 30], [4, 4]])
    (found,) = visit(layer, inputs, [Stop(places, window)])
    each = [stopped(layer, inputs, b, int(places[b, i]), int(window[b, i])) for b in range(B) for i in range(2)]
    wanted = tuple(torch.cat(part, 1) for part in zip(*each, strict=True))
    assert_close(gradients(layer, found), gradients(layer, wanted))


def test_what_lies_behind_the_last_place_has_no_influence():
    layer, inputs = make(), some_inputs()
    places = some_places(3).clamp(max=11)
    (before,) = visit(layer, inputs, [Stop(places, 4)])
    (after,) = visit(layer, torch.cat([inputs[:11], torch.full_like(inputs[11:], 1e6)]), [Stop(places, 4)])
    assert all(map(torch.equal, before, after))


def kept_bytes(steps, window):
    """What autograd holds on to, of parameters apart."""
    layer = holdfast.make("lstm", SIZE, H)
    inputs, total = torch.randn(steps, B, SIZE), 0

    def count(tensor):
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        visit(layer, inputs, [Stop(torch.full((B, 1), steps), window)])
    return total


def test_nothing_before_the_window_is_kept_however_long_the_sequence():
    assert kept_bytes(100, 10) == kept_bytes(1000, 10) > 0
    assert kept_bytes(1000, None) > 5 * kept_bytes(100, None)


def test_a_bidirectional_layer_and_one_with_the_batch_first_are_refused():
    with pytest.raises(ValueError, match="bidirectional=False"):
        visit(make(bidirectional=True), some_inputs(), [Stop(some_places(1))])
    with pytest.raises(ValueError, match="batch_first=False"):
        visit(make(batch_first=True), some_inputs(), [Stop(some_places(1))])


@pytest.mark.parametrize("place", [-1, T + 1])
def test_places_outside_of_the_sequences_are_refused(place):
    with pytest.raises(ValueError, match="between 0 and the number of steps, 23"):
        visit(make(), some_inputs(), [Stop(torch.full((B, 1), place))])
