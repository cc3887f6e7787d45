from itertools import groupby, pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.objectives import IGNORE
from holdfast.tasks import Padding, Warping

KINDS = [Warping, Padding]


def drawn(task, batch_size=50, seed=0):
    batch = task.draw(batch_size, torch.Generator().manual_seed(seed))
    return batch.inputs.argmax(-1).T.tolist(), batch.targets.T.tolist()


def previous_letters(symbols, at_blanks):
    """The targets, by walking along the sequence; `at_blanks` tells whether a blank ends a letter."""
    before, present, targets = None, None, []
    for symbol in symbols:
        new = symbol != 0 if at_blanks else symbol != present
        if new:
            before, present = present, symbol
        targets.append(before if before is not None and symbol != 0 else IGNORE)
    return targets


@pytest.mark.parametrize("spacing", ["uniform", "variable"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_target_is_the_letter_before_this_one(kind, spacing):
    for symbols, targets in zip(*drawn(kind(max_warp=5, spacing=spacing, length=60)), strict=True):
        assert targets == previous_letters(symbols, at_blanks=kind is Padding)


def test_uniform_warping_repeats_every_letter_as_often_as_the_longest():
    for symbols, targets in zip(*drawn(Warping(max_warp=3, spacing="uniform", length=11)), strict=True):
        assert [len(list(run)) for _, run in groupby(symbols)] == [3, 3, 3, 2]
        assert targets == [IGNORE] * 3 + symbols[:8]
        assert 0 not in symbols


def test_uniform_padding_puts_as_many_blanks_after_every_letter():
    for symbols, targets in zip(*drawn(Padding(max_warp=2, spacing="uniform", length=11)), strict=True):
        assert [symbol != 0 for symbol in symbols] == [True, False, False] * 3 + [True, False]
        assert targets == [IGNORE] * 3 + [symbols[0], IGNORE, IGNORE, symbols[3], IGNORE, IGNORE, symbols[6], IGNORE]


def test_a_warp_of_one_is_no_warp():
    (symbols, *_), (targets, *_) = drawn(Warping(max_warp=1, spacing="variable", length=30))
    assert targets == [IGNORE, *symbols[:-1]]


@pytest.mark.parametrize("kind", KINDS)
def test_neighbouring_letters_differ_and_all_are_as_frequent(kind):
    sequences, _ = drawn(kind(max_warp=1, spacing="uniform", length=200), batch_size=200)
    counts = torch.zeros(10, 10)
    for symbols in sequences:
        letters = [symbol for symbol in symbols if symbol != 0]
        for one, next_one in pairwise(letters):
            counts[one, next_one] += 1
    pairs = counts[1:, 1:]
    assert (pairs.diagonal() == 0).all()
    expected = pairs.sum() / 72
    assert ((pairs + torch.diag(expected.repeat(9))) / expected - 1).abs().max() < 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_variable_spacing_draws_evenly_up_to_the_longest(kind):
    sequences, _ = drawn(kind(max_warp=4, spacing="variable", length=400), batch_size=100)
    stretches = []
    for symbols in sequences:
        runs = [len(list(run)) for is_blank, run in groupby(symbols, key=lambda s: s == 0 if kind is Padding else s)]
        stretches += (runs[1::2] if kind is Padding else runs)[:-1]
    counts = torch.bincount(torch.tensor(stretches))
    assert counts[0] == 0
    assert len(counts) == 5
    assert (counts[1:] / counts.sum() - 0.25).abs().max() < 0.02


@pytest.mark.parametrize("spacing", ["uniform", "variable"])
@pytest.mark.parametrize("kind", KINDS)
def test_chance_is_what_a_predictor_gets_that_sees_the_present_symbol_alone(kind, spacing, best_knowing):
    task = kind(max_warp=3, spacing=spacing, length=60)
    batch = task.draw(4000, torch.Generator().manual_seed(0))
    loss, accuracy = best_knowing(batch.inputs.argmax(-1), batch.targets)
    assert loss == pytest.approx(task.chance["loss"], rel=2e-3)
    assert accuracy == pytest.approx(1 / 8, abs=0.005)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    max_warp=st.integers(1, 20),
    spacing=st.sampled_from(["uniform", "variable"]),
    extra=st.integers(0, 50),
    step=st.integers(0, 10**6),
)
def test_stretched_sequences_can_be_solved_at_every_size(kind, max_warp, spacing, extra, step):
    task = kind(max_warp=max_warp, spacing=spacing, length=max_warp + 2 + extra)
    batch = task.training_batch(step, 3, seed=0)
    measures = task.measures(task.solve(batch), batch)
    assert measures["accuracy"][0] == measures["accuracy"][1]
    assert measures["accuracy"][1] > 0
    assert measures["loss"][0] < 1e-6


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (Warping, {"max_warp": 0}, "Warping expects max_warp to be a whole number of at least 1, got 0"),
        (Warping, {"max_warp": 50, "length": 50}, "expects length to be a whole number of at least 51, got 50"),
        (Padding, {"max_warp": 50, "length": 51}, "expects length to be a whole number of at least 52, got 51"),
        (Padding, {"spacing": "fixed"}, "spacing to be one of 'uniform', 'variable', got 'fixed'"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(kind, options, words):
    with pytest.raises(ValueError, match=words):
        kind(**options)
