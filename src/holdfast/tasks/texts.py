"""Texts that are read on and on, character by character, to say which one comes next."""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

import torch

from holdfast.models import Tokens
from holdfast.objectives import CrossEntropy, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least
from holdfast.tasks.sources import DATA_VARIABLE, data_folder
from holdfast.tasks.streams import CharacterStream, read_characters, stripped_lines
from holdfast.tasks.task import Readout, Split, Task, check_address, check_split

EVALUATED_ROWS, EVALUATED_STEPS = 10, 1000


@dataclass(frozen=True)
class Texts:
    """A text to learn from, one to validate and one to test, over the alphabet of the first."""

    train: CharacterStream
    validation: CharacterStream
    test: CharacterStream


@dataclass(frozen=True, kw_only=True)
class TextTask(Task):
    """Read a text character by character, and say at each which one comes next.

    Inputs are symbols (T, B). A batch goes on where the one before ended, so that the state is carried (`Streamed`). A
    text is cut into `batch_size` rows, each read from its beginning to its end, and then anew (`CharacterStream`); the
    seed has no say in it. Validation and test text are read in ten rows, whole, the state carried too.

    Args:
        stride: steps of a batch.
        data: a folder that holds the text; None takes that of the environment variable HOLDFAST_DATA. A run goes on
            where the folder has moved.

    Raises:
        ValueError: a setting is out of its range, or (at the first batch) the text can't be read.
    """

    endless: ClassVar[bool] = True
    readout: ClassVar[Readout] = "every step"
    tokens: ClassVar[Tokens] = "symbols"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "loss"

    stride: int = 100
    data: str | None = None

    def __post_init__(self) -> None:
        at_least(self, stride=1)

    @abstractmethod
    def texts(self) -> Texts:
        """The three texts.

        Raises:
            ValueError: they can't be read.
        """

    @property
    def input_size(self) -> int:
        return self.texts().train.count

    @property
    def output_size(self) -> int:
        return self.input_size

    @property
    def steps(self) -> int:
        return self.stride

    @property
    def lag(self) -> int:
        return self.stride

    @property
    def chance(self) -> dict[str, float]:
        """The entropy of a single character of the text that is learnt from."""
        shares = torch.bincount(self.texts().train.symbols.long()).double() / len(self.texts().train.symbols)
        return {"loss": float(torch.special.entr(shares).sum())}

    @property
    def chance_statement(self) -> str:
        loss = self.chance["loss"]
        return (
            f"A model without memory knows how often each of the {self.output_size} characters occurs: a loss of "
            f"{loss:.4g} nats, {loss / math.log(2):.3g} bits a character."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def prepare(self) -> None:
        self.texts()

    def training_batch(self, step: int, batch_size: int, *, seed: int) -> Batch:
        check_address(step, batch_size)
        return _batch(self.texts().train, step, batch_size, self.stride)

    def evaluation_batches(self, split: Split, batch_size: int) -> Iterator[Batch]:
        check_split(split, batch_size)
        text: CharacterStream = getattr(self.texts(), split)
        rows = min(batch_size, EVALUATED_ROWS, len(text.symbols) - 1)
        for step in range(text.windows(rows, EVALUATED_STEPS)):
            yield _batch(text, step, rows, EVALUATED_STEPS)


@dataclass(frozen=True, kw_only=True)
class PennTreebank(TextTask):
    """The Penn Treebank by characters, 50 of them: 5.0 million to learn from, 393,042 validate, 442,423 test.

    Lines are stripped, and each ends in a line end. It is not on the hub in this form: ptb/ptb.train.txt, ptb.valid.txt
    and ptb.test.txt have to stand in the data folder.

    Source: marcus1993building
    """

    name: ClassVar[str] = "ptb"
    summary: ClassVar[str] = "go on with the Penn Treebank, character by character, the state carried"
    sources: ClassVar[tuple[str, ...]] = ("marcus1993building", "williams1990efficient")

    def texts(self) -> Texts:
        folder = _inside(self.data, "ptb")
        return _read(*(folder / f"ptb.{part}.txt" for part in ("train", "valid", "test")))


@dataclass(frozen=True, kw_only=True)
class Text(TextTask):
    """Any text by its own characters: the first nine tenths to learn from, a twentieth validates, a twentieth tests.

    Args:
        file: its path, inside the data folder unless it is absolute; UTF-8. Tiny Shakespeare, unless another is given.

    Source: williams1990efficient
    """

    name: ClassVar[str] = "text"
    summary: ClassVar[str] = "go on with any text, character by character, the state carried"
    sources: ClassVar[tuple[str, ...]] = ("williams1990efficient",)

    file: str = "tinyshakespeare/input.txt"

    def texts(self) -> Texts:
        path = Path(self.file).expanduser()
        return _cut(path if path.is_absolute() else _inside(self.data, self.file))


def _batch(text: CharacterStream, step: int, rows: int, steps: int) -> Batch:
    window = text.window(step, rows, steps)
    return Batch(window.inputs, window.targets, reset=window.reset)


def _inside(data: str | None, name: str) -> Path:
    """The path of a file or a folder inside the data folder."""
    folder = data_folder(data)
    if folder is None:
        raise ValueError(f"expected a data folder that holds {name}, got none; give task.data, or set {DATA_VARIABLE}")
    return folder / name


@lru_cache(maxsize=2)
def _read(*files: Path, clean: Callable[[str], str] = stripped_lines) -> Texts:
    return Texts(*read_characters(*files, clean=clean))


@lru_cache(maxsize=2)
def _cut(file: Path) -> Texts:
    """One text in three parts, over all its characters."""
    (whole,) = read_characters(file)
    first, second = (len(whole.symbols) * share // 20 for share in (18, 19))
    if first < 2 or second - first < 2:
        raise ValueError(f"expected a text of at least 40 characters in {file}, got {len(whole.symbols)}")
    parts = whole.symbols[:first], whole.symbols[first:second], whole.symbols[second:]
    return Texts(*(CharacterStream(part, whole.alphabet) for part in parts))
