import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.tasks import Adding


def drawn(batch_size=20_000, seed=0, **options):
    return Adding(**options).draw(batch_size, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("convention", "first", "second", "lowest"),
    [("arjovsky", range(20), range(20, 40), 0.0), ("campos", range(4), range(20, 40), -0.5)],
)
def test_marks_and_values_lie_where_the_convention_says(convention, first, second, lowest):
    batch = drawn(length=40, convention=convention)
    values, marks = batch.inputs.unbind(-1)
    assert set(marks.unique().tolist()) == {0.0, 1.0}
    assert (marks.sum(0) == 2).all()
    seen = set(marks.sum(1).nonzero().flatten().tolist())
    assert seen == {*first, *second}
    assert (marks[: first.stop].sum(0) == 1).all()
    assert values.min() == pytest.approx(lowest, abs=1e-4)
    assert values.max() == pytest.approx(lowest + 1, abs=1e-4)


@pytest.mark.parametrize("convention", ["arjovsky", "campos"])
def test_the_target_is_the_sum_of_the_two_marked_values(convention):
    batch = drawn(batch_size=50, length=30, convention=convention)
    for row in range(50):
        marked = batch.inputs[batch.inputs[:, row, 1] == 1, row, 0]
        assert batch.targets[row].item() == pytest.approx(marked.sum().item())


@pytest.mark.parametrize("convention", ["arjovsky", "campos"])
def test_chance_is_what_the_best_constant_gets(convention):
    task = Adding(length=40, convention=convention)
    targets = drawn(length=40, convention=convention).targets
    assert targets.var().item() == pytest.approx(task.chance["loss"], rel=0.03)
    mean = 1.0 if convention == "arjovsky" else 0.0
    assert targets.mean().item() == pytest.approx(mean, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(length=st.integers(10, 300), convention=st.sampled_from(["arjovsky", "campos"]), batch_size=st.integers(1, 8))
def test_adding_can_be_solved_at_every_length(length, convention, batch_size):
    task = Adding(length=length, convention=convention)
    batch = task.training_batch(0, batch_size, seed=0)
    assert batch.inputs.shape == (length, batch_size, 2)
    assert task.measures(task.solve(batch), batch)["loss"][0] < 1e-10


@pytest.mark.parametrize("convention", ["arjovsky", "campos"])
def test_marks_stay_apart_in_odd_lengths(convention):
    marks = drawn(length=11, convention=convention).inputs[..., 1]
    assert (marks.sum(0) == 2).all()
    assert (marks[5:].sum(0) == 1).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"length": 9}, "Adding expects length to be a whole number of at least 10, got 9"),
        ({"convention": "neil"}, "Adding expects convention to be one of 'arjovsky', 'campos', got 'neil'"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        Adding(**options)
