"""Texts and recordings of every length, from made-up tables and, when they are there, from the real ones."""

import json
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import holdfast
from holdfast.models import SequenceModel, embedding
from holdfast.tasks import IMDB, DBpedia, SpokenDigits
from holdfast.tasks.recordings import ZHANG_ALPHABET
from holdfast.training import TrainingSettings, silent, train
from tasks.tables import COUNTS, files, waves, write, write_sounds, write_texts
from training.small import TIMES, interrupted_after

RAGGED = [DBpedia, IMDB, SpokenDigits]
LETTERS = "abc XYZ.\n"


def made_up_texts(classes):
    drawn = random.Random(0)
    texts = {
        split: ["".join(drawn.choices(LETTERS, k=1 + row * 7 % 40)) for row in range(count)]
        for split, count in COUNTS.items()
    }
    return texts, {split: [row % classes for row in range(count)] for split, count in COUNTS.items()}


def made_up_sounds():
    drawn = np.random.default_rng(0)
    return {
        split: [drawn.integers(-(2**15), 2**15, 1 + row * 7 % 40).tolist() for row in range(count)]
        for split, count in COUNTS.items()
    }, {split: [row % 10 for row in range(count)] for split, count in COUNTS.items()}


@pytest.fixture(params=RAGGED, ids=lambda kind: kind.name)
def made_up(request, tmp_path):
    """A task on a small set, and what stands in that set: each sequence as numbers, and its label."""
    kind = request.param
    if kind is SpokenDigits:
        sequences, labels = made_up_sounds()
        write_sounds(tmp_path, sequences, labels)
        return kind(data=str(tmp_path)), sequences, labels
    texts, labels = made_up_texts(kind.table.classes)
    write_texts(tmp_path, kind.table.repository, texts, labels)
    numbers = {split: [[number(letter) for letter in text] for text in texts[split]] for split in COUNTS}
    return kind(data=str(tmp_path)), numbers, labels


def number(letter):
    return 1 + ZHANG_ALPHABET.index(letter.lower()) if letter.lower() in ZHANG_ALPHABET else 0


def rows(batch):
    """Each sequence of a batch up to its end, as whole numbers, with its label."""
    inputs = batch.inputs if batch.inputs.dim() == 2 else (batch.inputs[:, :, 0] * 2**15).round()
    ends = zip(batch.lengths.tolist(), batch.targets.tolist(), strict=True)
    return [(tuple(inputs[:length, row].int().tolist()), label) for row, (length, label) in enumerate(ends)]


def known(sequences, labels, split):
    return sorted((tuple(s), label) for s, label in zip(sequences[split], labels[split], strict=True))


def small_model(task):
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("lstm", 4, 5, backend="reference", generator=generator)
    made = embedding(task.tokens, task.input_size, 4, generator=generator)
    return SequenceModel(layer, task.output_size, readout=task.readout, embedding=made, generator=generator)


def test_sequences_are_read_to_the_number_and_in_their_own_length(made_up):
    task, sequences, labels = made_up
    read = [row for batch in task.evaluation_batches("test", 7) for row in rows(batch)]
    assert sorted(read) == known(sequences, labels, "test")


def test_training_and_validation_set_are_the_official_training_set(made_up):
    task, sequences, labels = made_up
    train = [row for step in range(6) for row in rows(task.training_batch(step, 9, seed=0))]
    validation = [row for batch in task.evaluation_batches("validation", 100) for row in rows(batch)]
    assert (len(train), len(validation)) == (54, 6)
    assert sorted(train + validation) == known(sequences, labels, "train")


def test_there_is_nothing_beyond_the_end_of_a_sequence(made_up):
    task, *_ = made_up
    batch = next(task.evaluation_batches("test", 20))
    beyond = torch.arange(len(batch.inputs)).unsqueeze(1) >= batch.lengths
    assert beyond.any()
    assert (batch.inputs[beyond] == 0).all()
    assert len(batch.inputs) == batch.lengths.max()


def test_a_batch_has_the_form_that_the_task_promises(made_up):
    task, *_ = made_up
    batch = task.training_batch(0, 5, seed=0)
    if task.tokens == "symbols":
        assert batch.inputs.dim() == 2
        assert batch.inputs.dtype == torch.int64
        assert 0 <= batch.inputs.min() <= batch.inputs.max() < task.input_size
    else:
        assert batch.inputs.shape[1:] == (5, task.input_size)
        assert batch.inputs.dtype == torch.float32
        assert batch.inputs.abs().max() <= 1
    assert batch.targets.shape == batch.lengths.shape == (5,)
    assert batch.targets.max() < task.output_size
    assert not batch.per_step


def test_the_same_step_and_seed_give_the_same_bits(made_up):
    task, *_ = made_up
    first, again, other = (task.training_batch(step, 6, seed=3) for step in (4, 4, 5))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.lengths, again.lengths)
    assert first.inputs.shape != other.inputs.shape or not torch.equal(first.inputs, other.inputs)


def test_an_evaluation_set_does_not_depend_on_the_batch_size_and_has_little_padding(made_up):
    task, *_ = made_up
    small, large = ([row for batch in task.evaluation_batches("test", size) for row in rows(batch)] for size in (3, 99))
    assert small == large
    lengths = [len(sequence) for sequence, _ in small]
    assert lengths == sorted(lengths)


def test_a_longest_length_cuts_all_off_there(made_up):
    task, sequences, _ = made_up
    short = type(task)(data=task.data, max_length=8)
    assert task.steps == max(len(sequence) for split in sequences.values() for sequence in split)
    assert short.steps == 8
    for batch in short.evaluation_batches("test", 7):
        assert len(batch.inputs) <= 8
    whole = {row[0][:8] for batch in task.evaluation_batches("test", 20) for row in rows(batch)}
    assert {row[0] for batch in short.evaluation_batches("test", 20) for row in rows(batch)} == whole


def test_a_ragged_batch_is_answered_at_the_end_of_each_sequence(made_up):
    """The answer to a row is what the model says to it alone, so padding has no part in it."""
    task, *_ = made_up
    model = small_model(task)
    batch = next(task.evaluation_batches("test", 20))
    answers = model(batch.inputs, batch.lengths)
    for row, length in enumerate(batch.lengths.tolist()):
        alone = model(batch.inputs[:length, row : row + 1])
        torch.testing.assert_close(answers[row : row + 1], alone)


def test_a_run_on_ragged_data_that_was_cut_short_ends_with_the_same_bits(made_up, tmp_path, monkeypatch):
    task, *_ = made_up
    settings = TrainingSettings(steps=6, batch_size=8, evaluate_every=2, report_every=1, threads=1, accelerator="cpu")

    def run(folder):
        train(small_model(task), task, settings, folder=folder, watch=silent)
        weights = torch.load(folder / "checkpoint.pt")["model"]
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        return weights, [{name: value for name, value in line.items() if name not in TIMES} for line in lines]

    weights, told = run(tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr("holdfast.training.loop.evaluate", interrupted_after(2))
        with pytest.raises(InterruptedError):
            run(tmp_path / "cut")
    resumed, told_again = run(tmp_path / "cut")
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)
    assert told == told_again


def test_chance_is_that_of_as_many_classes_as_there_are(made_up):
    task, *_ = made_up
    assert task.chance == {"loss": math.log(task.classes), "accuracy": 1 / task.classes}
    assert f"among {task.classes} classes" in task.chance_statement


def test_more_sequences_than_there_are_is_refused_with_their_number(made_up):
    task, *_ = made_up
    with pytest.raises(ValueError, match=rf"has 54 train {task.what}s, got train_examples 55; ask for fewer"):
        type(task)(data=task.data, train_examples=55).training_batch(0, 1, seed=0)


def test_a_second_reading_decodes_nothing(made_up, monkeypatch):
    from holdfast.tasks.sources import load

    task, *_ = made_up
    before = task.training_batch(2, 6, seed=0)
    load.cache_clear()
    monkeypatch.setattr(type(task.decoder), "decode", None)
    again = task.training_batch(2, 6, seed=0)
    assert torch.equal(before.inputs, again.inputs)
    assert torch.equal(before.targets, again.targets)


def test_a_set_that_has_changed_is_decoded_anew(made_up):
    from holdfast.tasks.sources import load

    task, *_ = made_up
    task.prepare()
    load.cache_clear()
    (file,) = Path(task.data).rglob("test-*.parquet")
    pq.write_table(pq.read_table(file).slice(0, 11), file)
    assert sum(batch.size for batch in task.evaluation_batches("test", 7)) == 11


def test_the_alphabet_is_that_of_zhang_et_al():
    assert len(ZHANG_ALPHABET) == len(set(ZHANG_ALPHABET)) == 69
    assert ZHANG_ALPHABET.startswith("abcdefghijklmnopqrstuvwxyz0123456789")
    assert set(ZHANG_ALPHABET[36:]) == set("-,;.!?:'\"/\\|_@#$%^&*~`+=<>()[]{}\n")
    assert DBpedia().input_size == IMDB().input_size == 70


def test_blanks_and_foreign_letters_are_one_symbol_and_capitals_are_none(tmp_path):
    texts = {"train": ["a"] * 60, "test": ["Aé b\tЖ🙂z\n"] * 20}
    write_texts(tmp_path, "stanfordnlp/imdb", texts, {split: [0, 1] * (count // 2) for split, count in COUNTS.items()})
    batch = next(IMDB(data=str(tmp_path)).evaluation_batches("test", 1))
    assert batch.inputs[:, 0].tolist() == [1, 0, 0, 2, 0, 0, 0, 26, 69]


def test_a_title_stands_before_its_text_and_an_empty_text_is_a_blank(tmp_path):
    for split, count in COUNTS.items():
        titles, contents = ["B", "", "c"], ["a", "ab", ""]
        columns = {"title": titles * (count // 3 + 1), "content": contents * (count // 3 + 1)}
        cut = {name: values[:count] for name, values in columns.items()}
        cut["title"][-1] = cut["content"][-1] = ""
        write(tmp_path / f"fancyzhx/dbpedia_14/d/{split}-00000-of-00001.parquet", **cut, label=[3] * count)
    read = {row[0] for batch in DBpedia(data=str(tmp_path)).evaluation_batches("test", 20) for row in rows(batch)}
    assert read == {(2, 0, 1), (1, 2), (3,), (0,)}


def test_recordings_may_be_files_of_sound(tmp_path):
    sounds, labels = made_up_sounds()
    write_sounds(tmp_path, sounds, labels, as_wave=True)
    task = SpokenDigits(data=str(tmp_path))
    read = [row for batch in task.evaluation_batches("test", 7) for row in rows(batch)]
    assert sorted(read) == known(sounds, labels, "test")


def test_a_gain_multiplies_every_sample(tmp_path):
    sounds, labels = made_up_sounds()
    write_sounds(tmp_path, sounds, labels, as_wave=False)
    plain, loud = (SpokenDigits(data=str(tmp_path), gain=gain).training_batch(0, 5, seed=0) for gain in (1.0, 20.0))
    assert plain.inputs.any()
    torch.testing.assert_close(loud.inputs, 20 * plain.inputs)
    with pytest.raises(ValueError, match="gain must be a number above 0, got 0"):
        SpokenDigits(gain=0)


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        (waves([1, 2, 3, 4], channels=2), "expected one channel of 16 bits, got 2 of 16"),
        (b"RIFF but not really", "row 3 of the train split of fsdd from .* is no recording"),
        (b"", "is no recording"),
    ],
)
def test_a_damaged_recording_is_named_by_its_row(tmp_path, recording, words):
    for split, count in COUNTS.items():
        sounds = [waves([1, 2])] * count
        sounds[3] = recording
        write(tmp_path / f"fsdd/default/{split}-00000-of-00001.parquet", audio=files(sounds), label=[0] * count)
    with pytest.raises(ValueError, match=words) as caught:
        SpokenDigits(data=str(tmp_path)).prepare()
    assert "copy the set anew" in str(caught.value)


@pytest.mark.parametrize("recording", [[], [0.5, 0.25], None])
def test_what_is_no_recording_is_refused(tmp_path, recording):
    kind = pa.list_(pa.float64()) if recording else pa.list_(pa.int16())
    for split, count in COUNTS.items():
        column = pa.array([*([[1.0]] * (count - 1) if recording else [[1]] * (count - 1)), recording], kind)
        write(tmp_path / f"fsdd/default/{split}-00000-of-00001.parquet", audio=column, label=[0] * count)
    with pytest.raises(ValueError, match="is no recording: expected whole numbers of 16 bits"):
        SpokenDigits(data=str(tmp_path)).prepare()


def test_a_text_that_is_none_is_named_by_its_row(tmp_path):
    texts = {"train": ["a"] * 59 + [None], "test": ["a"] * 20}
    write_texts(tmp_path, "stanfordnlp/imdb", texts, {split: [0] * count for split, count in COUNTS.items()})
    with pytest.raises(ValueError, match=r"row 59 of the train split of stanfordnlp/imdb .* is no text"):
        IMDB(data=str(tmp_path)).prepare()


def test_a_set_that_is_not_on_the_hub_says_that_it_needs_a_folder():
    with pytest.raises(ValueError, match=r"fsdd is not on the hub; give a data folder that holds it \(--task.data, or"):
        SpokenDigits().prepare()


def test_a_long_first_decoding_says_how_far_it_has_come(made_up, monkeypatch, capfd):
    task, *_ = made_up
    monkeypatch.setattr("holdfast.tasks.waiting.EVERY", 0.0)
    task.prepare()
    written = capfd.readouterr().err
    assert f"decoding {task.table.repository} (train): 60 of 60\n" in written
    assert f"decoding {task.table.repository} (test): 20 of 20\n" in written


def test_a_longest_length_of_nothing_is_refused():
    with pytest.raises(ValueError, match="IMDB expects max_length to be a whole number of at least 1, got 0"):
        IMDB(max_length=0)


@pytest.mark.slow
@pytest.mark.skipif("HOLDFAST_DATA" not in os.environ, reason="HOLDFAST_DATA names no folder with the real sets")
@pytest.mark.parametrize(
    ("kind", "longest", "test"), [(IMDB, 13_704, 25_000), (SpokenDigits, 18_262, 300)], ids=["imdb", "fsdd"]
)
def test_the_real_sets_are_whole_and_batches_come_fast(kind, longest, test):
    task = kind()
    assert task.steps == longest
    assert len(task.examples("test")) == test
    assert torch.bincount(task.examples("test").labels).tolist() == [test // task.classes] * task.classes
    task.training_batch(0, 32, seed=0)
    started = time.perf_counter()
    batches = [task.training_batch(step, 32, seed=0) for step in range(1, 60)]
    assert (time.perf_counter() - started) / 59 < 0.05
    steps = sum(batch.inputs.shape[0] * batch.size for batch in batches)
    assert sum(int(batch.lengths.sum()) for batch in batches) / steps > 0.9
