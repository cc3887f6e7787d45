"""Sequences of every length to be named at their end: text by characters, and sound by samples."""

import math
from dataclasses import dataclass
from typing import ClassVar

from holdfast.models import Tokens
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least
from holdfast.tasks.classification import Classification
from holdfast.tasks.decoding import Decoder, SoundDecoder, TextDecoder
from holdfast.tasks.examples import Recordings
from holdfast.tasks.sources import HubSequences, Source, data_folder
from holdfast.tasks.tables import Table

ZHANG_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+=<>()[]{}\n"
"""The letters, digits, marks and line end of zhang2015character. Blanks are not in it, nor are accents: to a model they
are all the same symbol, 0. (The paper counts 70 since it lists the hyphen twice.)"""


@dataclass(frozen=True, kw_only=True)
class RecordingTask(Classification):
    """What tasks of ragged sequences share: the official test set, and a validation set out of the training set.

    Args:
        max_length: steps after which a sequence is cut off; None for never.
        data: a folder that holds the set in the hub's layout (owner/name/...); None takes the folder that the
            environment variable HOLDFAST_DATA names, or else the hub. A run goes on where the folder has moved.
        train_examples: train on so many sequences; None for all.
        validation_examples: validate on so many sequences; None for all.

    Raises:
        ValueError: a setting is out of its range, or (at the first batch) the set cannot be read.
    """

    table: ClassVar[Table]
    decoder: ClassVar[Decoder]
    validation_one_in: ClassVar[int] = 10

    max_length: int | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        at_least(self, max_length=1, train_examples=1, validation_examples=1)

    @property
    def source(self) -> Source:
        return HubSequences(self.table, self.decoder, data_folder(self.data), self.validation_one_in, self.max_length)

    @property
    def classes(self) -> int:
        return self.table.classes

    @property
    def steps(self) -> int:
        longest = (self.examples(split).lengths for split in ("train", "validation", "test"))
        return max(int(lengths.max()) for lengths in longest if lengths is not None)


@dataclass(frozen=True, kw_only=True)
class CharacterTask(RecordingTask):
    """Read a text character by character; after its last one, say what it was about.

    Inputs are symbols (T, B): 0 for a blank and for all that is not in the alphabet, and from 1 on its characters. Text
    is in lower case.
    """

    tokens: ClassVar[Tokens] = "symbols"
    decoder: ClassVar[Decoder] = TextDecoder(ZHANG_ALPHABET)
    what: ClassVar[str] = "text"

    @property
    def input_size(self) -> int:
        return 1 + len(ZHANG_ALPHABET)

    def arranged(self, examples: Recordings) -> Batch:
        return Batch(examples.padded().squeeze(-1).long(), examples.labels, examples.lengths)


@dataclass(frozen=True, kw_only=True)
class DBpedia(CharacterTask):
    """DBpedia: the title and the first lines of an article, of 14 kinds; some 300 characters.

    The official sets have 560,000 texts to learn from, 56,000 of which validate, and 70,000 to test.

    Source: zhang2015character, dai2015semi, trinh2018learning
    """

    name: ClassVar[str] = "dbpedia"
    summary: ClassVar[str] = "say what an encyclopaedia's entry is about, read by characters, some 300 steps"
    sources: ClassVar[tuple[str, ...]] = ("zhang2015character", "dai2015semi", "trinh2018learning")
    table: ClassVar[Table] = Table("fancyzhx/dbpedia_14", ("title", "content"), classes=14)


@dataclass(frozen=True, kw_only=True)
class IMDB(CharacterTask):
    """IMDB: a review of a film, for or against; some 1,300 characters, and up to 13,704.

    25,000 reviews to learn from, 2,500 of which validate, and 25,000 to test.

    Source: maas2011learning, dai2015semi
    """

    name: ClassVar[str] = "imdb"
    summary: ClassVar[str] = "say whether a film was liked, its review read by characters, up to 13,704 steps"
    sources: ClassVar[tuple[str, ...]] = ("maas2011learning", "dai2015semi")
    table: ClassVar[Table] = Table("stanfordnlp/imdb", ("text",), classes=2)


@dataclass(frozen=True, kw_only=True)
class SpokenDigits(RecordingTask):
    """A spoken digit as its raw samples, 8,000 a second: 1,148 to 18,262 steps.

    Inputs (1): the sample, from -1 to 1, times `gain`. 2,700 recordings of six speakers to learn from, 270 of which
    validate, and 300 to test. The set is not on the hub in this form: a table `fsdd` with the columns "audio" (samples
    of 16 bits, or a WAV file) and "label" has to stand in the data folder.

    Args:
        gain: what samples are multiplied by. Speech is quiet here: half of the recordings have a root mean square below
            0.05, which weights of the usual size hardly hear; 20 makes it about 1.

    Source: jackson2018free

    Raises:
        ValueError: the gain is not above 0, or another setting is out of its range.
    """

    name: ClassVar[str] = "fsdd"
    summary: ClassVar[str] = "name a spoken digit from its raw samples, up to 18,262 steps"
    sources: ClassVar[tuple[str, ...]] = ("jackson2018free",)
    table: ClassVar[Table] = Table("fsdd", ("audio",))
    decoder: ClassVar[Decoder] = SoundDecoder()
    what: ClassVar[str] = "recording"

    gain: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.gain < math.inf:
            raise ValueError(f"gain must be a number above 0, got {self.gain}")

    @property
    def input_size(self) -> int:
        return 1

    def arranged(self, examples: Recordings) -> Batch:
        return Batch(examples.padded().float() * (self.gain / 2**15), examples.labels, examples.lengths)
