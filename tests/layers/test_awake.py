"""Cells that skip cost nothing while they rest, and give the numbers of the layer."""

import pytest
import torch

from holdfast import make
from holdfast.layers.awake import run_awake
from holdfast.layers.saving import measure_saving, run_sparingly
from holdfast.layers.updates import updates
from tolerances import assert_close

STEPS, ROWS, UNITS = 40, 4, 6


def build(name="skip-lstm", **options):
    generator = torch.Generator().manual_seed(0)
    given = {"update_bias": -0.6, "backend": "reference", "dtype": torch.float64, **options}
    return make(name, 3, UNITS, generator=generator, **given).eval()


@pytest.fixture
def x():
    return torch.randn(STEPS, ROWS, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["skip-lstm", "skip-gru"])
@pytest.mark.parametrize("rows", [1, ROWS])
def test_rows_that_rest_are_not_run_and_the_numbers_are_the_same(x, name, rows, monkeypatch):
    layer, x = build(name, num_layers=2), x[:, :rows]
    expected, end = layer(x)
    run = []
    for cell in layer.cells:
        monkeypatch.setattr(cell.inner, "next_state", watched(cell.inner.next_state, run))
    output, counts = run_awake(layer, x)
    assert_close(output, expected.detach())
    assert torch.equal(counts, updates(layer, x, end))
    assert sum(run) == int(counts.sum()) < 2 * STEPS * rows


def watched(step, run):
    """A step that notes how many rows it is given."""

    def noted(p, state):
        run.append(len(p))
        return step(p, state)

    return noted


def test_what_rest_saves_is_told_in_operations_and_in_time(x):
    layer = build()
    _, end = layer(x)
    saving = measure_saving(layer, x, threshold=0.0, repeats=1)
    assert saving.operations == pytest.approx(float(end.updates.detach().mean()) * 4 * UNITS * (3 + UNITS))
    assert saving.of == STEPS * 4 * UNITS * (3 + UNITS)
    assert min(saving.seconds, saving.whole_seconds, saving.layer_seconds) > 0
    assert "with all units updated at every step" in str(saving)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda x: run_awake(make("lstm", 3, 4), x), "such as skip-lstm, not of LSTM"),
        (lambda x: run_awake(build(bidirectional=True), x), "bidirectional"),
        (lambda x: run_sparingly(make("lstm", 3, 4), x, threshold=0.1), "all of which is updated at every step"),
    ],
)
def test_what_can_not_be_done_is_explained(x, attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt(x)
