"""Closed units cost nothing, and keep what they hold."""

import math

import pytest
import torch

import holdfast
from holdfast import make
from holdfast.backends.open_units import library
from holdfast.layers import open_units
from holdfast.layers.open_units import export_lstm, run_open
from holdfast.layers.saving import measure_saving
from tolerances import assert_close

STEPS, UNITS = 40, 8


def build(name="gaussian-lstm", **options):
    given = {"t_max": STEPS, "width": 0.1} if name == "gaussian-lstm" else {"open_ratio": 0.3, "longest": 30.0}
    generator = torch.Generator().manual_seed(0)
    return make(name, 3, UNITS, generator=generator, dtype=torch.float64, **{**given, **options}).eval()


@pytest.fixture(params=["kernel", "torch"])
def code(request, monkeypatch):
    """Both ways in which open units are computed; the kernel only where there is a compiler."""
    if request.param == "torch":
        monkeypatch.setattr(open_units, "can_run", lambda x: False)
    elif library() is None:
        pytest.skip("no C++ compiler")


@pytest.fixture
def x():
    return torch.randn(STEPS, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def step_by_step(layer, x, threshold):
    """The layer's outputs, with gates below the threshold at zero and every unit computed."""
    for cell in layer.cells:
        state, outputs = cell.initial_state(x.shape[1], like=x), []
        for t in range(len(x)):
            k = cell.openness(torch.tensor([[t + 1.0]], dtype=x.dtype))
            h, c = cell.gated(cell.project(x[t])[..., : 4 * cell.hidden_size], torch.where(k >= threshold, k, 0), state)
            state = cell.make_state((h, c, state.clock))
            outputs.append(h)
        x = torch.stack(outputs)
    return x, state


@pytest.mark.parametrize(("name", "options"), [("gaussian-lstm", {"peepholes": True}), ("phased-lstm", {})])
@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.5, 1.5])
def test_open_units_alone_give_the_numbers_of_all(code, x, name, options, threshold):
    layer = build(name, num_layers=2, **options)
    output, (_, c) = run_open(layer, x, threshold=threshold)
    expected, last = step_by_step(layer, x, threshold)
    assert_close(output, expected)
    assert_close(c[-1], last.c)
    if threshold == 0:
        assert_close(output, layer(x)[0])


def test_closed_units_keep_their_state_bit_for_bit(code, x):
    layer = build()
    k = layer.cells[0].openness(torch.arange(1, STEPS + 1, dtype=x.dtype).unsqueeze(1))
    output, _ = run_open(layer, x, threshold=0.05)
    closed = (k[1:] < 0.05).unsqueeze(1).expand(-1, 4, -1)
    assert 0.3 < closed.double().mean() < 0.95
    assert torch.equal(output[1:][closed], output[:-1][closed])
    assert not torch.equal(output[1:], output[:-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("batch", "inputs", "units"), [(1, 1, 1), (2, 5, 33), (5, 3, 17), (9, 2, 110), (33, 3, 10), (67, 1, 7)]
)
def test_the_kernel_agrees_on_awkward_sizes_and_any_number_of_threads(code, dtype, batch, inputs, units):
    layer = make("gaussian-lstm", inputs, units, t_max=20.0, width=0.2, dtype=dtype).eval()
    x = torch.randn(20, batch, inputs, dtype=dtype)
    threads = torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            for threshold in (0, 0.5):
                found, (_, c) = run_open(layer, x, threshold=threshold)
                expected, last = step_by_step(layer, x, threshold)
                near = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-10, "atol": 1e-10}
                torch.testing.assert_close(found, expected, **near)
                torch.testing.assert_close(c[-1], last.c, **near)
    finally:
        torch.set_num_threads(threads)


def test_operations_are_four_rows_for_every_open_unit_and_step(x):
    layer = build()
    k = layer.cells[0].openness(torch.arange(1, STEPS + 1, dtype=x.dtype).unsqueeze(1))
    saving = measure_saving(layer, x, threshold=0.05, repeats=1)
    assert saving.operations == pytest.approx(int((k >= 0.05).sum()) * 4 * (3 + UNITS))
    assert saving.of == STEPS * UNITS * 4 * (3 + UNITS)
    assert min(saving.seconds, saving.whole_seconds, saving.layer_seconds) > 0
    assert "multiply-adds a sequence (" in str(saving)


@pytest.mark.parametrize("options", [{}, {"peepholes": True}, {"num_layers": 2, "bidirectional": True}])
def test_an_exported_lstm_gives_the_same_outputs(x, options):
    layer = build(**options)
    with torch.no_grad():
        for cell in layer.cells:
            cell.log_width.fill_(math.log(1e9))
    plain = export_lstm(layer, steps=STEPS)
    assert_close(plain(x)[0], layer(x)[0])
    assert isinstance(plain, holdfast.LSTM) == ("peepholes" not in options)
    if isinstance(plain, holdfast.LSTM):
        theirs = torch.nn.LSTM(3, UNITS, dtype=torch.float64, **options)
        theirs.load_state_dict(plain.state_dict())
        assert_close(theirs(x)[0], layer(x)[0])


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda x: export_lstm(build(), steps=STEPS), "the gates are not open: one is at"),
        (lambda x: export_lstm(make("lstm", 3, 4), steps=STEPS), "only layers of time-gated cells"),
        (lambda x: run_open(make("lstm", 3, 4), x, threshold=0.1), "not of LSTM"),
        (lambda x: run_open(build(), x, threshold=-0.1), "a threshold of at least 0"),
        (lambda x: run_open(build(clock="stamps"), x, threshold=0.1), "share their time stamps"),
    ],
)
def test_what_can_not_be_done_is_explained(x, attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt(x)
