"""Copying and denoising: where the symbols stand, and what forgetting them costs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.objectives import IGNORE
from holdfast.tasks import Copying, Denoising

CONVENTIONS = ("tallec", "gu", "chandar", "vanderwesthuizen")


def drawn(task, batch_size=4, seed=0):
    return task.draw(batch_size, torch.Generator().manual_seed(seed))


def shown(symbols, signal):
    """Symbols of a sequence as text: letters L, signal S, blanks dots, and where nothing is asked a dash."""
    signs = {IGNORE: "-", 0: ".", signal: "S"}
    return "".join(signs.get(symbol, "L") for symbol in symbols.tolist())


@pytest.mark.parametrize(
    ("convention", "inputs", "targets"),
    [
        ("tallec", "LLLLLLLLLL..S..........", ".............LLLLLLLLLL"),
        ("gu", "LLLLLLLLLL...SSSSSSSSSS", "-------------LLLLLLLLLL"),
        ("chandar", "LLLLLLLLLL..S..........", ".............LLLLLLLLLL"),
        ("vanderwesthuizen", "LLLLLLLLLL...S..........", "..............LLLLLLLLLL"),
    ],
)
def test_each_copying_convention_puts_the_symbols_where_its_paper_does(convention, inputs, targets):
    batch = drawn(Copying(lag=3, convention=convention))
    for row in range(batch.size):
        assert shown(batch.inputs[:, row].argmax(-1), signal=9) == inputs
        assert shown(batch.targets[:, row], signal=9) == targets


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_copying_asks_for_the_letters_in_order(convention):
    batch = drawn(Copying(lag=3, convention=convention), batch_size=30)
    letters = batch.inputs[:10].argmax(-1)
    assert torch.equal(batch.targets[-10:], letters)
    assert set(letters.unique().tolist()) == set(range(1, 9))


def test_copying_conventions_differ_in_length_and_classes_as_stated():
    sizes = {
        name: (Copying(lag=480, convention=name).steps, Copying(convention=name).output_size) for name in CONVENTIONS
    }
    assert sizes == {"tallec": (500, 10), "gu": (500, 10), "chandar": (500, 9), "vanderwesthuizen": (501, 9)}


def test_tallec_and_chandar_differ_in_the_classes_alone():
    tallec, chandar = (drawn(Copying(lag=5, convention=name)) for name in ("tallec", "chandar"))
    assert torch.equal(tallec.inputs, chandar.inputs)
    assert torch.equal(tallec.targets, chandar.targets)


@pytest.mark.parametrize(
    ("convention", "inputs", "targets"),
    [("chandar", 12, "-" * 13 + "L" * 10), ("jing", 21, "." * 22 + "L" * 10)],
)
def test_each_denoising_convention_puts_the_symbols_where_its_paper_does(convention, inputs, targets):
    task = Denoising(lag=12, convention=convention)
    batch = drawn(task)
    for row in range(batch.size):
        text = shown(batch.inputs[:, row].argmax(-1), signal=task.letters + 1)
        assert text[inputs:] == "S" + "." * 10
        assert text[:inputs].count("L") == 10
        assert text[:inputs].count(".") == inputs - 10
        assert shown(batch.targets[:, row], signal=None) == targets


def test_denoising_sizes_are_those_of_the_papers():
    chandar, jing = Denoising(lag=100), Denoising(lag=200, convention="jing")
    assert (chandar.steps, chandar.input_size, chandar.output_size) == (111, 10, 9)
    assert (jing.steps, jing.input_size, jing.output_size) == (220, 11, 10)


@pytest.mark.parametrize("convention", ["chandar", "jing"])
def test_denoising_asks_for_the_letters_in_the_order_in_which_they_stood(convention):
    task = Denoising(lag=30, convention=convention)
    batch = drawn(task, batch_size=20)
    for row in range(batch.size):
        symbols = batch.inputs[:, row].argmax(-1)
        assert batch.targets[-10:, row].tolist() == [s for s in symbols.tolist() if 0 < s <= task.letters]


def test_denoising_scatters_the_letters_evenly():
    batch = drawn(Denoising(lag=25), batch_size=4000)
    share = (batch.inputs[:25].argmax(-1) > 0).double().mean(1)
    assert share.mean().item() == pytest.approx(0.4)
    assert (share - 0.4).abs().max() < 5 * math.sqrt(0.4 * 0.6 / 4000)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_chance_of_copying_is_what_a_predictor_gets_that_knows_the_time_alone(convention, best_knowing):
    task = Copying(lag=20, convention=convention)
    batch = drawn(task, batch_size=20_000)
    time = torch.arange(task.steps).unsqueeze(1).expand_as(batch.targets)
    loss, accuracy = best_knowing(time, batch.targets)
    assert loss == pytest.approx(task.chance["loss"], rel=2e-3)
    assert accuracy == pytest.approx(1 / 8, abs=0.005)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_chance_of_variable_copying_is_what_a_predictor_gets_that_knows_the_signal_alone(convention, best_knowing):
    task = Copying(lag=20, convention=convention, gap="per-sequence")
    batch = drawn(task, batch_size=20_000)
    signal = (batch.inputs.argmax(-1) == 9).int().argmax(0)
    since = (torch.arange(task.steps).unsqueeze(1) - signal).clamp(min=-1)
    loss, accuracy = best_knowing(since, batch.targets)
    assert loss == pytest.approx(task.chance["loss"], rel=1e-2)
    assert accuracy == pytest.approx(1 / 8, abs=0.005)


@pytest.mark.parametrize("convention", ["chandar", "jing"])
def test_the_chance_of_denoising_is_what_a_predictor_gets_that_knows_the_time_alone(convention, best_knowing):
    task = Denoising(lag=20, convention=convention)
    batch = drawn(task, batch_size=20_000)
    time = torch.arange(task.steps).unsqueeze(1).expand_as(batch.targets)
    loss, accuracy = best_knowing(time, batch.targets)
    assert loss == pytest.approx(task.chance["loss"], rel=2e-3)
    assert accuracy == pytest.approx(task.chance["accuracy"], abs=0.005)


def test_the_chance_losses_are_those_printed_in_the_papers():
    assert Copying(lag=500).chance["loss"] == pytest.approx(0.0400, abs=5e-5)
    assert Copying(lag=2000).chance["loss"] == pytest.approx(0.01029, abs=5e-6)
    assert Copying(lag=480, convention="gu").chance["loss"] == pytest.approx(math.log(8))
    assert Denoising(lag=200, convention="jing").chance["loss"] == pytest.approx(10 * math.log(9) / 220)


def test_accuracy_counts_the_recalled_letters_alone():
    task = Copying(lag=50)
    batch = drawn(task, batch_size=10)
    silent = torch.zeros(task.steps, 10, task.output_size)
    silent[..., 0] = 40.0
    assert task.measures(silent, batch)["accuracy"] == (0.0, 100)
    assert task.measures(task.solve(batch), batch)["accuracy"] == (100.0, 100)
    assert task.measures(silent, batch)["loss"][1] == 70 * 10


def test_gaps_of_sequences_are_uniform_from_one_to_the_lag():
    task = Copying(lag=12, gap="per-sequence")
    batch = drawn(task, batch_size=24_000)
    gaps = (batch.inputs.argmax(-1) == 9).int().argmax(0) - 9
    counts = torch.bincount(gaps, minlength=13)
    assert counts[0] == 0
    assert len(counts) == 13
    assert (counts[1:] - 2000).abs().max() < 5 * math.sqrt(2000)


def test_a_sequence_of_its_own_gap_ends_with_its_last_answer():
    task = Copying(lag=9, gap="per-sequence")
    batch = drawn(task, batch_size=200)
    gaps = (batch.inputs.argmax(-1) == 9).int().argmax(0) - 9
    assert torch.equal(batch.lengths, gaps + 20)
    beyond = torch.arange(task.steps).unsqueeze(1) >= batch.lengths
    assert (batch.targets[beyond] == IGNORE).all()
    assert (batch.targets[~beyond] != IGNORE).all()
    assert (batch.targets.gather(0, batch.lengths.unsqueeze(0) - 1) > 0).all()
    row = int((gaps == 3).nonzero()[0])
    assert shown(batch.targets[:, row], signal=9) == ".............LLLLLLLLLL" + "-" * 6


def test_a_batch_of_one_gap_is_no_longer_than_it_needs_to_be():
    task = Copying(lag=6, convention="chandar", gap="per-batch")
    lengths = [len(task.training_batch(step, 5, seed=0).inputs) for step in range(1200)]
    counts = torch.bincount(torch.tensor(lengths))[21:]
    assert len(counts) == 6
    assert counts.sum() == 1200
    assert (counts - 200).abs().max() < 5 * math.sqrt(200)
    assert task.training_batch(0, 5, seed=0).lengths is None


def test_a_fixed_set_of_one_gap_a_batch_holds_several_gaps():
    task = Copying(lag=50, convention="chandar", gap="per-batch")
    assert len({len(batch.inputs) for batch in task.evaluation_batches("test", 1000)}) > 4


@settings(max_examples=40, deadline=None)
@given(
    lag=st.integers(1, 60),
    convention=st.sampled_from(CONVENTIONS),
    gap=st.sampled_from(["fixed", "per-sequence", "per-batch"]),
    batch_size=st.integers(1, 9),
    step=st.integers(0, 10**9),
)
def test_copying_can_be_solved_at_every_lag(lag, convention, gap, batch_size, step):
    task = Copying(lag=lag, convention=convention, gap=gap)
    batch = task.training_batch(step, batch_size, seed=0)
    measures = task.measures(task.solve(batch), batch)
    assert measures["accuracy"] == (10.0 * batch_size, 10 * batch_size)
    assert measures["loss"][0] < 1e-6
    assert (batch.inputs.sum(-1) == 1).all()


@settings(max_examples=30, deadline=None)
@given(lag=st.integers(10, 60), convention=st.sampled_from(["chandar", "jing"]), batch_size=st.integers(1, 9))
def test_denoising_can_be_solved_at_every_lag(lag, convention, batch_size):
    task = Denoising(lag=lag, convention=convention)
    batch = task.training_batch(0, batch_size, seed=0)
    assert task.measures(task.solve(batch), batch)["accuracy"] == (10.0 * batch_size, 10 * batch_size)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (Copying, {"lag": 0}, "Copying expects lag to be a whole number of at least 1, got 0"),
        (Copying, {"lag": 2.5}, "whole number of at least 1, got 2.5"),
        (Copying, {"lag": True}, "whole number of at least 1, got True"),
        (Copying, {"lag": None}, "whole number of at least 1, got None"),
        (Copying, {"convention": "talec"}, "convention to be one of 'tallec', 'gu', .* got 'talec'"),
        (Copying, {"gap": "variable"}, "gap to be one of 'fixed', 'per-sequence', 'per-batch', got 'variable'"),
        (Denoising, {"lag": 9}, "Denoising expects lag to be a whole number of at least 10, got 9"),
        (Denoising, {"convention": "gu"}, "convention to be one of 'chandar', 'jing', got 'gu'"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(kind, settings, words):
    with pytest.raises(ValueError, match=words):
        kind(**settings)
