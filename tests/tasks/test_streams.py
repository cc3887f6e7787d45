"""Text in rows, window by window."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast
from holdfast.tasks.streams import CharacterStream, read_characters, stripped_lines


def stream(count):
    return CharacterStream(torch.arange(count) % 251, "".join(map(chr, range(251))))


@settings(max_examples=60, deadline=None)
@given(count=st.integers(2, 300), batch_size=st.integers(1, 20), k2=st.integers(1, 40))
def test_a_pass_reads_every_row_from_its_beginning_to_its_end(count, batch_size, k2):
    if count <= batch_size:
        return
    text = stream(count)
    windows = [text.window(step, batch_size, k2) for step in range(text.windows(batch_size, k2))]
    read = torch.cat([window.inputs for window in windows])
    row = (count - 1) // batch_size
    assert torch.equal(read.T.flatten(), torch.arange(batch_size * row) % 251)
    following = torch.cat([window.targets for window in windows])
    assert torch.equal(following.T.flatten(), torch.arange(1, batch_size * row + 1) % 251)


def test_the_state_is_dropped_at_the_beginning_of_a_pass_and_carried_within_it():
    text = stream(101)
    resets = torch.cat([text.window(step, 5, 8).reset for step in range(2 * text.windows(5, 8))])
    assert resets.any(1).nonzero().flatten().tolist() == [0, 20]
    assert resets[0].all()


def test_a_layer_that_carries_its_state_reads_windows_as_it_reads_the_whole():
    text = stream(61)
    layer = holdfast.make("lstm", 1, 4, backend="reference", generator=torch.Generator().manual_seed(0))
    whole = text.window(0, 3, 20)
    expected, _ = layer(whole.inputs.unsqueeze(-1) / 251)
    state, outputs = None, []
    for step in range(2 * text.windows(3, 6)):
        window = text.window(step, 3, 6)
        output, state = layer(window.inputs.unsqueeze(-1) / 251, state, reset=window.reset)
        outputs.append(output)
    torch.testing.assert_close(torch.cat(outputs), torch.cat([expected, expected]))


def test_texts_share_the_alphabet_of_the_first(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("ab é\nb")
    other.write_text("é a")
    first, second = read_characters(one, other)
    assert first.alphabet == second.alphabet == "\n abé"
    assert first.symbols.tolist() == [2, 3, 1, 4, 0, 3]
    assert second.symbols.tolist() == [4, 1, 2]
    assert first.symbols.dtype == torch.uint8


def test_a_text_is_cleaned_before_it_is_numbered(tmp_path):
    (tmp_path / "one.txt").write_text(" a b \n c \n")
    (read,) = read_characters(tmp_path / "one.txt", clean=stripped_lines)
    assert "".join(read.alphabet[symbol] for symbol in read.symbols) == "a b\nc\n"


def test_a_text_with_foreign_characters_is_refused_with_them(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("ab")
    other.write_text("abcd")
    with pytest.raises(ValueError, match=r"other.txt has characters that are not in the alphabet, among them 'cd'"):
        read_characters(one, other)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "noise").write_bytes(b"\xff\xfe\xfd")
    for name in ("noise", "nothing"):
        with pytest.raises(ValueError, match=f"expected plain text in .*{name}"):
            read_characters(tmp_path / name)


@pytest.mark.parametrize(("batch_size", "k2", "step"), [(0, 5, 0), (10, 5, 0), (2, 0, 0), (2, 5, -1)])
def test_windows_that_there_are_not_are_refused(batch_size, k2, step):
    with pytest.raises(ValueError, match="expects"):
        stream(10).window(step, batch_size, k2)


def test_a_text_of_one_symbol_is_refused():
    with pytest.raises(ValueError, match="at least two symbols"):
        CharacterStream(torch.zeros(1), "a")


@pytest.mark.slow
@pytest.mark.skipif("HOLDFAST_DATA" not in os.environ, reason="HOLDFAST_DATA names no folder with the real sets")
def test_the_real_penn_treebank_has_fifty_characters():
    folder = Path(os.environ["HOLDFAST_DATA"]) / "ptb"
    files = [folder / f"ptb.{part}.txt" for part in ("train", "valid", "test")]
    train, validation, test = read_characters(*files, clean=stripped_lines)
    assert train.count == 50
    assert [len(part.symbols) for part in (train, validation, test)] == [5_017_482, 393_042, 442_423]
