"""What must be remembered: synthetic tasks of the papers, and real pictures, texts and recordings."""

from holdfast.tasks.adding import Adding
from holdfast.tasks.batch import Batch
from holdfast.tasks.copying import Copying
from holdfast.tasks.denoising import Denoising
from holdfast.tasks.digits import Digits, PermutedDigits, RowDigits
from holdfast.tasks.frequency import Frequency
from holdfast.tasks.hub import CIFAR10, MNIST, PermutedMNIST, Pictures, RowMNIST, StanfordDogs
from holdfast.tasks.recordings import IMDB, DBpedia, SpokenDigits
from holdfast.tasks.streams import CharacterStream, read_characters
from holdfast.tasks.synthetic import SyntheticTask
from holdfast.tasks.task import Readout, Split, Task, Tokens
from holdfast.tasks.texts import PennTreebank, Text
from holdfast.tasks.warping import Padding, Warping

ALL: tuple[type[Task], ...] = (
    Copying,
    Adding,
    Denoising,
    Warping,
    Padding,
    Frequency,
    Digits,
    PermutedDigits,
    RowDigits,
    MNIST,
    PermutedMNIST,
    RowMNIST,
    CIFAR10,
    StanfordDogs,
    Pictures,
    DBpedia,
    IMDB,
    SpokenDigits,
    PennTreebank,
    Text,
)
"""Every task."""

TASKS: dict[str, type[Task]] = {task.name: task for task in ALL}
"""Every task by its name on the command line."""

__all__ = [
    "ALL",
    "CIFAR10",
    "IMDB",
    "MNIST",
    "TASKS",
    "Adding",
    "Batch",
    "CharacterStream",
    "Copying",
    "DBpedia",
    "Denoising",
    "Digits",
    "Frequency",
    "Padding",
    "PennTreebank",
    "PermutedDigits",
    "PermutedMNIST",
    "Pictures",
    "Readout",
    "RowDigits",
    "RowMNIST",
    "Split",
    "SpokenDigits",
    "StanfordDogs",
    "SyntheticTask",
    "Task",
    "Text",
    "Tokens",
    "Warping",
    "read_characters",
]
