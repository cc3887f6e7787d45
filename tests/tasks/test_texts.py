"""Texts as tasks without an end."""

import math
import os

import pytest
import torch

from holdfast.tasks import PennTreebank, Text

WORDS = "abc abd abe\n" * 40


@pytest.fixture
def text(tmp_path):
    (tmp_path / "mine.txt").write_text(WORDS)
    return Text(data=str(tmp_path), file="mine.txt", stride=7)


@pytest.fixture
def treebank(tmp_path):
    (tmp_path / "ptb").mkdir()
    for part, times in (("train", 30), ("valid", 2), ("test", 3)):
        (tmp_path / f"ptb/ptb.{part}.txt").write_text(" a bc <unk> \n" * times)
    return PennTreebank(data=str(tmp_path))


def spoken(task, symbols):
    return "".join(task.texts().train.alphabet[symbol] for symbol in symbols)


def test_batches_go_on_where_the_one_before_ended(text):
    batches = [text.training_batch(step, 3, seed=0) for step in range(2)]
    row = (len(WORDS) * 9 // 10 - 1) // 3
    for b in range(3):
        read = torch.cat([batch.inputs[:, b] for batch in batches])
        assert spoken(text, read) == WORDS[b * row : b * row + 14]
        assert spoken(text, torch.cat([batch.targets[:, b] for batch in batches])) == WORDS[b * row + 1 :][:14]
    assert batches[0].reset[0].all()
    assert not batches[0].reset[1:].any()
    assert not batches[1].reset.any()


def test_a_batch_moves_and_is_divided_with_its_resets(text):
    batch = text.training_batch(0, 3, seed=0)
    assert batch.to("meta").reset.is_meta
    assert batch.rows(slice(1)).reset.shape == (7, 1)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_an_evaluation_reads_nearly_all_of_its_text_once(text, split, monkeypatch):
    monkeypatch.setattr("holdfast.tasks.texts.EVALUATED_STEPS", 2)
    batches = list(text.evaluation_batches(split, 4))
    whole = {"validation": WORDS[432:456], "test": WORDS[456:]}[split]
    assert len(batches) > 1
    assert "".join(spoken(text, torch.cat([batch.inputs[:, b] for batch in batches])) for b in range(4)) == whole[:20]
    assert [bool(batch.reset[0].all()) for batch in batches] == [True, *[False] * (len(batches) - 1)]


def test_chance_is_the_entropy_of_a_character(treebank):
    text = "a bc <unk>\n"
    shares = [text.count(letter) / len(text) for letter in set(text)]
    assert treebank.chance["loss"] == pytest.approx(-sum(share * math.log(share) for share in shares))
    assert f"{treebank.chance['loss'] / math.log(2):.3g} bits" in treebank.chance_statement
    assert treebank.output_size == len(set(text))


def test_the_treebank_is_read_without_blanks_at_the_ends_of_lines(treebank):
    assert spoken(treebank, treebank.training_batch(0, 1, seed=0).inputs[:22, 0]) == "a bc <unk>\n" * 2


def test_a_file_may_lie_anywhere(text, tmp_path):
    elsewhere = Text(file=str(tmp_path / "mine.txt"), stride=7)
    assert torch.equal(elsewhere.training_batch(0, 2, seed=0).inputs, text.training_batch(0, 2, seed=0).inputs)


def test_a_text_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("HOLDFAST_DATA", raising=False)
    with pytest.raises(ValueError, match=r"expected a data folder that holds ptb, got none; give task\.data, or set"):
        PennTreebank().prepare()
    with pytest.raises(ValueError, match=r"expected plain text in .*nothing\.txt"):
        Text(data=str(tmp_path), file="nothing.txt").prepare()
    (tmp_path / "short.txt").write_text("short")
    with pytest.raises(ValueError, match=r"expected a text of at least 40 characters in .*short\.txt, got 5"):
        Text(data=str(tmp_path), file="short.txt").prepare()
    with pytest.raises(ValueError, match="stride to be a whole number of at least 1"):
        Text(stride=0)


@pytest.mark.slow
@pytest.mark.skipif("HOLDFAST_DATA" not in os.environ, reason="HOLDFAST_DATA names no folder with the real sets")
def test_the_real_texts_have_their_known_alphabets():
    assert (PennTreebank().output_size, Text().output_size) == (50, 65)
