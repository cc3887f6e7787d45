"""Time warping and padding: say the letter before this one, however slowly time passes.

A sequence of letters, neighbours different, is stretched. Warping repeats each letter; padding follows it with blanks.
With the letters a b c, each over three steps:

    warping   input  a a a b b b c c c     target  - - - a a a b b b
    padding   input  a . . b . . c . .     target  - - - a - - b - -

At `-` nothing is asked (`IGNORE`): there is no letter before the first, and a blank asks for none. The paper's text
leaves both open.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import IGNORE, CrossEntropy, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.symbols import BLANK, certain, one_hot
from holdfast.tasks.synthetic import SyntheticTask
from holdfast.tasks.task import Readout

_LETTERS = 9
_SYMBOLS = 10

Spacing = Literal["uniform", "variable"]
SPACINGS: tuple[Spacing, ...] = ("uniform", "variable")


@dataclass(frozen=True, kw_only=True)
class StretchedTask(SyntheticTask):
    """What warping and padding share: letters, each of which takes up a span of time.

    Inputs are one-hot (10): blank 0, letters 1 to 9.

    Args:
        max_warp: the longest stretch, in steps.
        spacing: "uniform" stretches every letter by `max_warp`, "variable" each by its own draw from 1 to `max_warp`.
        length: steps of a sequence, cut off there.
        evaluation_examples: sequences in the validation set, and in the test set.

    Source: tallec2018can

    Raises:
        ValueError: a setting is out of its range, or `length` has no room for a second letter.
    """

    sources: ClassVar[tuple[str, ...]] = ("tallec2018can",)
    readout: ClassVar[Readout] = "every step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"

    max_warp: int = 50
    spacing: Spacing = "variable"
    length: int = 500

    def __post_init__(self) -> None:
        at_least(self, max_warp=1, length=self.lag + 1, evaluation_examples=1)
        one_of(self, spacing=SPACINGS)

    @property
    def input_size(self) -> int:
        return _SYMBOLS

    @property
    def output_size(self) -> int:
        return _SYMBOLS

    @property
    def steps(self) -> int:
        return self.length

    def settings_at_lag(self, lag: int) -> dict[str, int]:
        """Longer stretches, and a length with as much room for them."""
        return {"max_warp": lag - (self.lag - self.max_warp), "length": max(self.length * lag // self.lag, lag + 1)}

    @property
    def chance(self) -> dict[str, float]:
        return {"loss": math.log(_LETTERS - 1), "accuracy": 1 / (_LETTERS - 1)}

    @property
    def chance_statement(self) -> str:
        return (
            f"A model that sees only the present letter guesses the one before among the {_LETTERS - 1} others: "
            f"a loss of ln {_LETTERS - 1} = {self.chance['loss']:.4g} and {self.chance['accuracy']:.3g} right."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        spans = self._beside_stretch + self._draw_stretches(batch_size, generator)
        letters = _draw_letters(len(spans), batch_size, generator)
        time = torch.arange(self.length).expand(batch_size, -1).contiguous()
        which = torch.searchsorted(spans.cumsum(0).T.contiguous(), time, right=True).T
        here, before = letters.gather(0, which), letters.gather(0, (which - 1).clamp(min=0))
        symbols, targets = self._show(here, before.masked_fill(which == 0, IGNORE), which)
        return Batch(one_hot(symbols, _SYMBOLS), targets)

    @property
    @abstractmethod
    def _beside_stretch(self) -> int:
        """The steps that a letter takes apart from its stretch."""

    @abstractmethod
    def _show(self, here: Tensor, before: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets (T, B), from the letter of each step, the letter before it, and the letter's number."""

    def _draw_stretches(self, batch_size: int, generator: torch.Generator) -> Tensor:
        """Stretches (N, B) of as many letters as fill `length`."""
        if self.spacing == "uniform":
            letters = math.ceil(self.length / (self._beside_stretch + self.max_warp))
            return torch.full((letters, batch_size), self.max_warp)
        return torch.randint(1, self.max_warp + 1, (self.length, batch_size), generator=generator)


@dataclass(frozen=True, kw_only=True)
class Warping(StretchedTask):
    """Each letter is repeated; at every step the letter before the present one must be said."""

    name: ClassVar[str] = "warping"
    summary: ClassVar[str] = "say the letter before this one, each letter repeated for a while"

    @property
    def lag(self) -> int:
        return self.max_warp

    def solve(self, batch: Batch) -> Tensor:
        symbols = batch.inputs.argmax(-1)
        changed = torch.zeros_like(symbols, dtype=torch.bool)
        changed[1:] = symbols[1:] != symbols[:-1]
        before = _latest(changed) - 1
        return certain(symbols.gather(0, before.clamp(min=0)), _SYMBOLS)

    @property
    def _beside_stretch(self) -> int:
        return 0

    def _show(self, here: Tensor, before: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        return here, before


@dataclass(frozen=True, kw_only=True)
class Padding(StretchedTask):
    """Each letter is followed by blanks; at each letter the one before it must be said."""

    name: ClassVar[str] = "padding"
    summary: ClassVar[str] = "say the letter before this one, blanks between the letters"
    least_lag: ClassVar[int] = 2

    @property
    def lag(self) -> int:
        return 1 + self.max_warp

    def solve(self, batch: Batch) -> Tensor:
        symbols = batch.inputs.argmax(-1)
        before = torch.zeros_like(symbols)
        before[1:] = _latest(symbols != BLANK)[:-1]
        return certain(symbols.gather(0, before), _SYMBOLS)

    @property
    def _beside_stretch(self) -> int:
        return 1

    def _show(self, here: Tensor, before: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        first = torch.ones_like(which, dtype=torch.bool)
        first[1:] = which[1:] != which[:-1]
        return here.masked_fill(~first, BLANK), before.masked_fill(~first, IGNORE)


def _draw_letters(count: int, batch_size: int, generator: torch.Generator) -> Tensor:
    """Letters (count, B) from 1 to 9, each unlike the one before it: a walk on the circle that never stands still."""
    start = torch.randint(0, _LETTERS, (1, batch_size), generator=generator)
    strides = torch.randint(1, _LETTERS, (count - 1, batch_size), generator=generator)
    return torch.cat([start, strides]).cumsum(0) % _LETTERS + 1


def _latest(event: Tensor) -> Tensor:
    """For each step the latest step, itself included, at which the event (T, B) happened; 0 before the first."""
    time = torch.arange(len(event)).unsqueeze(1)
    return (time * event).cummax(0).values
