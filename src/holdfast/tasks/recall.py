"""What copying and denoising share: ten letters, a long wait, and the letters again."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import IGNORE, CrossEntropy, Objective
from holdfast.tasks.symbols import BLANK
from holdfast.tasks.synthetic import SyntheticTask
from holdfast.tasks.task import Readout

RECALLED = 10
"""How many letters must be kept."""

Counted = Literal["every step", "answers"]
"""Which steps carry loss: all of them (most ask for a blank), or only those where a letter is asked."""


@dataclass(frozen=True, kw_only=True)
class RecallTask(SyntheticTask):
    """Keep ten letters, and say them in order when asked.

    Accuracy counts the recalled letters alone: the blanks, nearly all of the sequence, take no memory.
    """

    readout: ClassVar[Readout] = "every step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"
    unscored: ClassVar[tuple[int, ...]] = (IGNORE, BLANK)

    def settings_at_lag(self, lag: int) -> dict[str, int]:
        return {"lag": lag}

    @property
    @abstractmethod
    def letters(self) -> int:
        """How many letters there are to choose from; they are the symbols 1 to `letters`."""

    @property
    @abstractmethod
    def counted(self) -> Counted:
        """Which steps carry loss."""

    @property
    @abstractmethod
    def mean_length(self) -> float:
        """How many steps a sequence has, on average."""

    @property
    def chance(self) -> dict[str, float]:
        counted = self.mean_length if self.counted == "every step" else RECALLED
        return {"loss": RECALLED * math.log(self.letters) / counted, "accuracy": 1 / self.letters}

    @property
    def chance_statement(self) -> str:
        over = f"the {RECALLED} answers" if self.counted == "answers" else f"{self.mean_length:g} steps"
        return (
            f"A model that knows when to speak, but has forgotten the letters, guesses each among {self.letters}: "
            f"{RECALLED} ln {self.letters} nats over {over} is a loss of {self.chance['loss']:.4g}, "
            f"and {self.chance['accuracy']:.3g} of the letters are right."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def _draw_letters(self, batch_size: int, generator: torch.Generator) -> Tensor:
        return torch.randint(1, self.letters + 1, (RECALLED, batch_size), generator=generator)

    def _nothing_asked(self, steps: int, batch_size: int) -> Tensor:
        """Targets (T, B) before the letters are written into them."""
        return torch.full((steps, batch_size), BLANK if self.counted == "every step" else IGNORE)


def consecutive(first: Tensor, count: int) -> Tensor:
    """The places (count, B) of `count` steps in a row from `first` (B,)."""
    return first + torch.arange(count).unsqueeze(1)
