"""Layers whose units may rest: what is counted, what is charged, and gates that open on schedule."""

from dataclasses import replace

import pytest
import torch

import holdfast
from holdfast import Recurrent
from holdfast.cells import GaussianLSTM
from holdfast.layers.open_units import export_lstm
from holdfast.layers.updates import operations, products, updates
from holdfast.models import SequenceModel
from holdfast.objectives import Budgeted, BudgetSettings, CurriculumSettings, Lesson, Widened
from tolerances import assert_close

T, B, SIZE, H = 12, 4, 3, 5
LENGTHS = torch.tensor([12, 3, 1, 7])
DOUBLE = {"dtype": torch.float64}
OPTIONS = {"gaussian-lstm": {"t_max": 12.0, "width": 0.2}, "skip-lstm": {"update_bias": -0.5}}
SPARING = ["gaussian-lstm", "phased-lstm", "skip-lstm", "skip-gru"]


def make_layer(name, **options):
    given = {"backend": "reference", **DOUBLE, **OPTIONS.get(name, {}), **options}
    return holdfast.make(name, SIZE, H, generator=torch.Generator().manual_seed(0), **given)


def make_model(name, **options):
    return SequenceModel(make_layer(name, **options), 2, readout="last step").double()


@pytest.fixture
def x():
    return torch.randn(T, B, SIZE, generator=torch.Generator().manual_seed(1), **DOUBLE)


@torch.no_grad()
def counted_by_hand(layer, x, lengths, threshold=None):
    """(cells, B), step by step and row by row; cells without a look at the layer's own counts."""
    found = torch.zeros(len(layer.cells), x.shape[1], **DOUBLE)
    for b, length in enumerate([T] * x.shape[1] if lengths is None else lengths.tolist()):
        state = None
        for t in range(length):
            before, (_, state) = state, layer.step(x[t, b], state)
            for k, cell in enumerate(layer.cells):
                if hasattr(cell, "openness"):
                    gate = cell.openness(torch.tensor([t + 1.0], **DOUBLE))
                    found[k, b] += (gate if threshold is None else (gate >= threshold).double()).mean()
                else:
                    found[k, b] += before is None or float(before.rest[k]) < 0.5
    return found


@pytest.mark.parametrize("name", SPARING)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_updates_are_those_of_every_cell_and_sequence(name, lengths, x):
    layer = make_layer(name, num_layers=2).eval()
    _, end = layer(x, lengths=lengths)
    assert_close(updates(layer, x, end, lengths).detach(), counted_by_hand(layer, x, lengths))
    found = updates(layer, x, end, lengths, threshold=0.3)
    assert_close(found, counted_by_hand(layer, x, lengths, threshold=0.3))


def test_stamped_gates_are_counted_by_their_stamps(x):
    layer = Recurrent(lambda *sizes, **o: GaussianLSTM(*sizes, t_max=12, clock="stamps", **o), SIZE, H, **DOUBLE)
    stamps = x[..., -1:] * 5
    x = torch.cat([x[..., :-1], stamps], -1)
    _, end = layer(x)
    expected = layer.cells[0].openness(stamps).mean(-1).sum(0)
    assert_close(updates(layer, x, end)[0], expected)


def test_both_directions_are_counted(x):
    layer, alone = make_layer("skip-lstm", bidirectional=True), make_layer("skip-lstm")
    _, end = layer(x)
    for found, cell, read in zip(updates(layer, x, end), layer.cells, (x, x.flip(0)), strict=True):
        alone.cells[0] = cell
        assert torch.equal(found, alone(read)[1].updates[0, :, 0])


def test_operations_are_those_of_the_published_convention(x):
    """4 H (I + H) a step for an LSTM and 3 H (I + H) for a GRU: 2.46e6 and 1.85e6 with 110 units over 50 steps."""
    published = {"skip-lstm": 2.46e6, "skip-gru": 1.85e6}
    for name, flops in published.items():
        layer = holdfast.make(name, 2, 110)
        assert operations(layer, torch.full((1, 1), 50.0)).item() == pytest.approx(flops, rel=5e-3)
    gaussian = make_layer("gaussian-lstm")
    assert products(gaussian._cell(0)) == 4 * H * (SIZE + H)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
@pytest.mark.parametrize("name", ["gaussian-lstm", "skip-lstm"])
def test_a_budget_charges_for_a_step_or_for_a_sequence(name, lengths, x):
    model = make_model(name, num_layers=2)
    by_hand = counted_by_hand(model.layer, x, lengths).mean(0)
    steps = T * B if lengths is None else int(lengths.sum())
    for per, mean in {"step": by_hand.sum() / steps, "sequence": by_hand.mean()}.items():
        learner = Budgeted(model, BudgetSettings(weight=0.25, per=per))
        answers, (total, count), _, measures = learner(x, lengths, Lesson(0, None))
        assert_close((total / count).detach(), 0.25 * mean)
        assert_close(answers, model(x, lengths))
        assert measures is None
        assert_close(learner(x, lengths), answers)


@pytest.mark.parametrize("name", SPARING[::2])
def test_what_the_budget_saves_can_be_learnt(name, x):
    model = make_model(name)
    learner = Budgeted(model, BudgetSettings(weight=1.0))
    total = learner(x, None, Lesson(0, None)).auxiliary[0]
    total.backward()
    gate = model.layer.cells[0].log_width if name == "gaussian-lstm" else model.layer.cells[0].bias_update
    assert (gate.grad > 0).all()


def test_an_evaluation_measures_openness_and_operations(x):
    model = make_model("gaussian-lstm")
    learner = Budgeted(model, BudgetSettings(threshold=0.3)).eval()
    measures = learner(x, LENGTHS, Lesson(0, None)).measures
    assert set(measures) == {"openness", "operations"}
    total, steps = measures["openness"]
    assert total / steps == pytest.approx(float(counted_by_hand(model.layer, x, LENGTHS).sum()) / 23)
    done, rows = measures["operations"]
    held = counted_by_hand(model.layer, x, LENGTHS, threshold=0.3).sum()
    assert done / rows == pytest.approx(float(held) * 4 * H * (SIZE + H) / B)


def test_gates_widen_by_one_factor_a_step_until_the_network_is_an_lstm(x):
    model = make_model("gaussian-lstm")
    learner = Widened(model, CurriculumSettings(steps=8, widest=12.8))
    cell = model.layer.cells[0]
    assert not cell.log_width.requires_grad
    for step, width in ((0, 0.2), (2, 0.2 * 64**0.25), (4, 1.6), (7, 0.2 * 64**0.875)):
        assert learner(x, None, Lesson(step, None)).auxiliary is None
        assert_close(cell.log_width.exp(), torch.full((H,), width, **DOUBLE))
    with pytest.raises(ValueError, match="the gates are not open"):
        export_lstm(model.layer, steps=T)
    answers = learner(x, None, Lesson(8, None)).answers
    assert (cell.openness(torch.arange(1.0, 10 * T, **DOUBLE).unsqueeze(1)) == 1).all()
    plain = export_lstm(model.layer, steps=T)
    assert torch.equal(model.head(plain(x)[0][-1]), answers)


def test_an_evaluation_leaves_the_gates_where_they_are(x):
    learner = Widened(make_model("gaussian-lstm"), CurriculumSettings(steps=8))
    learner(x, None, Lesson(4, None))
    width = learner.model.layer.cells[0].log_width.clone()
    learner.eval()(x, None, Lesson(0, None))
    assert torch.equal(learner.model.layer.cells[0].log_width, width)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: Budgeted(make_model("lstm")), "such as gaussian-lstm.*got one of LSTM, all of which is updated"),
        (lambda: Widened(make_model("skip-lstm")), "widens Gaussian gates: choose gaussian-lstm"),
        (lambda: Widened(make_model("lstm")), "got one of LSTM"),
        (lambda: BudgetSettings(weight=-1), "objective.weight must be a number of at least 0"),
        (lambda: replace(BudgetSettings(), per="batch"), "objective.per must be one of step, sequence"),
        (lambda: BudgetSettings(threshold=2), r"objective.threshold must lie in \[0, 1\]"),
        (lambda: CurriculumSettings(steps=0), "objective.steps must be at least 1"),
        (lambda: CurriculumSettings(widest=0), "objective.widest above 0"),
    ],
)
def test_what_can_not_be_done_is_explained(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()
