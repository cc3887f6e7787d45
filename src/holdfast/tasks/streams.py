"""Endless text in rows, read window by window with the state carried: what a language model learns from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Window:
    """Some steps of every row, and the symbols that follow them.

    Args:
        inputs: symbols (T, B) int64.
        targets: (T, B) int64, at each step the symbol after it.
        reset: (T, B) bool, where a row begins anew and the state carried is to be dropped; a layer takes it as it is.
    """

    inputs: Tensor
    targets: Tensor
    reset: Tensor


@dataclass(frozen=True, eq=False)
class CharacterStream:
    """A text cut into rows side by side, each read from its beginning to its end, and then anew.

    With N symbols, B rows have R = (N - 1) // B steps each, row b from symbol b R on. Step s reads the next k2 of them,
    or what is left of the pass; it goes on where step s - 1 ended, so that the state can be carried:

        windows of a pass = ceil(R / k2);   step s begins at k2 (s mod windows)

    A window is addressed by its step alone. What has been read of the text is all but its last N - 1 - B R symbols.

    Args:
        symbols: (N,) whole numbers below `count`, of a type as small as can be; mapped into memory or not.
        alphabet: the character of each symbol, or their number if they are none.

    Raises:
        ValueError: fewer than two symbols.
    """

    symbols: Tensor
    alphabet: str

    def __post_init__(self) -> None:
        if self.symbols.dim() != 1 or len(self.symbols) < 2:
            raise ValueError(f"a stream expects at least two symbols in a row, got shape {tuple(self.symbols.shape)}")

    @property
    def count(self) -> int:
        """How many symbols there are."""
        return len(self.alphabet)

    def windows(self, batch_size: int, k2: int) -> int:
        """Steps of one pass over the text.

        Args:
            batch_size: B, rows.
            k2: steps of a window.

        Raises:
            ValueError: the text is too short for so many rows.
        """
        return -(-self._row(batch_size, k2) // k2)

    def window(self, step: int, batch_size: int, k2: int) -> Window:
        """The window of one training step: the same arguments give the same bits.

        Args:
            step: from 0.
            batch_size: B, rows.
            k2: steps of a window, and from one to the next.

        Raises:
            ValueError: a step below 0, or a text too short for so many rows.
        """
        if step < 0:
            raise ValueError(f"a window expects step >= 0, got {step}")
        row, place = self._row(batch_size, k2), step % self.windows(batch_size, k2)
        first, last = k2 * place, min(k2 * (place + 1), row)
        starts = torch.arange(batch_size) * row
        at = starts + torch.arange(first, last + 1).unsqueeze(1)
        read = self.symbols[at].long()
        reset = torch.zeros(last - first, batch_size, dtype=torch.bool)
        reset[0] = place == 0
        return Window(read[:-1], read[1:], reset)

    def _row(self, batch_size: int, k2: int) -> int:
        row = (len(self.symbols) - 1) // max(batch_size, 1)
        if batch_size < 1 or k2 < 1 or row < 1:
            raise ValueError(
                f"a stream of {len(self.symbols)} symbols expects batch_size from 1 to {len(self.symbols) - 1} and "
                f"k2 >= 1, got batch_size {batch_size} and k2 {k2}"
            )
        return row


def as_written(text: str) -> str:
    """The text itself."""
    return text


def stripped_lines(text: str) -> str:
    """The text without blanks at the ends of its lines: the form in which the Penn Treebank is read by characters."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines())


def read_characters(
    *files: Path, alphabet: str | None = None, clean: Callable[[str], str] = as_written
) -> list[CharacterStream]:
    """Texts as streams over one alphabet.

        parts = [ptb / f"ptb.{part}.txt" for part in ("train", "valid", "test")]
        train, validation, test = read_characters(*parts, clean=stripped_lines)

    Args:
        files: plain text in UTF-8; their streams come in this order.
        alphabet: the characters; those of the first text, sorted, unless given.
        clean: what is done to a text before.

    Raises:
        ValueError: a file is missing or no text, or has characters that are not in the alphabet.
    """
    texts = [clean(_text(file)) for file in files]
    known = "".join(sorted(set(texts[0]))) if alphabet is None else alphabet
    return [CharacterStream(_numbered(text, known, file), known) for text, file in zip(texts, files, strict=True)]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"expected plain text in {file}: {error}; give the path of a text file in UTF-8") from error


def _numbered(text: str, alphabet: str, file: Path) -> Tensor:
    foreign = sorted(set(text) - set(alphabet))
    if foreign:
        raise ValueError(
            f"{file} has characters that are not in the alphabet, among them {''.join(foreign[:10])!r}; "
            "give an alphabet that holds all, or another order of the files"
        )
    points = torch.frombuffer(bytearray(text.encode("utf-32-le")), dtype=torch.int32).long()
    numbers = torch.zeros(int(points.max()) + 1, dtype=torch.uint8 if len(alphabet) <= 256 else torch.int32)
    for number, letter in enumerate(alphabet):
        if ord(letter) < len(numbers):
            numbers[ord(letter)] = number
    return numbers[points]
