"""Copying: ten letters, silence, and the letters again.

The papers mean different tasks by this name; each is a `Layout` here. With g the gap, letters at 0..9 in all of them:

    convention         signal at        answers at       steps    loss over      classes
    tallec             9+g              10+g .. 19+g     g+20     every step     10
    gu                 10+g .. 19+g     10+g .. 19+g     g+20     the answers    10
    chandar            9+g              10+g .. 19+g     g+20     every step     9
    vanderwesthuizen   10+g             11+g .. 20+g     g+21     every step     9
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import IGNORE
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.recall import RECALLED, Counted, RecallTask, consecutive
from holdfast.tasks.symbols import BLANK, certain, one_hot

SIGNAL = 9
_LETTERS = 8
_SYMBOLS = 10

Convention = Literal["tallec", "gu", "chandar", "vanderwesthuizen"]
Gap = Literal["fixed", "per-sequence", "per-batch"]
GAPS: tuple[Gap, ...] = ("fixed", "per-sequence", "per-batch")


@dataclass(frozen=True)
class Layout:
    """Where one paper puts the signal and the answers.

    Args:
        signal: the first step of the signal, counted from the end of the letters and of the gap.
        signal_steps: for how many steps the signal stands.
        answer: the first step of the answers, counted likewise.
        counted: which steps carry loss.
        classes: 10 if the model may (wrongly) answer with the signal, 9 if its output has no unit for it.
    """

    signal: int
    signal_steps: int
    answer: int
    counted: Counted
    classes: int


LAYOUTS: dict[Convention, Layout] = {
    "tallec": Layout(signal=-1, signal_steps=1, answer=0, counted="every step", classes=10),
    "gu": Layout(signal=0, signal_steps=10, answer=0, counted="answers", classes=10),
    "chandar": Layout(signal=-1, signal_steps=1, answer=0, counted="every step", classes=9),
    "vanderwesthuizen": Layout(signal=0, signal_steps=1, answer=1, counted="every step", classes=9),
}


@dataclass(frozen=True, kw_only=True)
class Copying(RecallTask):
    """Ten letters are shown, `lag` steps pass, a signal asks for them, and they must be said in order.

    Inputs are one-hot (10): blank 0, letters 1 to 8, signal 9.

    Args:
        lag: the gap between the letters and their recall, in steps; the longest one if it varies.
        convention: whose task: "tallec" (also Arjovsky's), "gu", "chandar" or "vanderwesthuizen".
        gap: "fixed" is `lag` throughout; "per-sequence" draws each sequence's gap uniformly from 1 to `lag` and ends it
            with its last answer (Henaff, Tallec); "per-batch" draws one gap for a whole batch (Chandar).
        evaluation_examples: sequences in the validation set, and in the test set.

    Source: hochreiter1997long, arjovsky2016unitary, henaff2016recurrent, tallec2018can, gu2020improving,
        chandar2019towards, vanderwesthuizen2018unreasonable

    Raises:
        ValueError: a setting is out of its range.
    """

    name: ClassVar[str] = "copying"
    summary: ClassVar[str] = "remember ten letters over a long gap and say them in order"
    sources: ClassVar[tuple[str, ...]] = (
        "hochreiter1997long",
        "arjovsky2016unitary",
        "henaff2016recurrent",
        "tallec2018can",
        "gu2020improving",
        "chandar2019towards",
        "vanderwesthuizen2018unreasonable",
    )

    # A setting stands in for the contract's read-only property, which a frozen field is too.
    lag: int = 100  # pyright: ignore[reportIncompatibleMethodOverride]
    convention: Convention = "tallec"
    gap: Gap = "fixed"

    def __post_init__(self) -> None:
        at_least(self, lag=self.least_lag, evaluation_examples=1)
        one_of(self, convention=LAYOUTS, gap=GAPS)

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.convention]

    @property
    def input_size(self) -> int:
        return _SYMBOLS

    @property
    def output_size(self) -> int:
        return self.layout.classes

    @property
    def steps(self) -> int:
        return self.lag + self._beside_gap

    @property
    def letters(self) -> int:
        return _LETTERS

    @property
    def counted(self) -> Counted:
        return self.layout.counted

    @property
    def mean_length(self) -> float:
        mean_gap = self.lag if self.gap == "fixed" else (1 + self.lag) / 2
        return mean_gap + self._beside_gap

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        gaps = self._draw_gaps(batch_size, generator)
        letters = self._draw_letters(batch_size, generator)
        steps = int(gaps[0]) + self._beside_gap if self.gap == "per-batch" else self.steps

        symbols = torch.full((steps, batch_size), BLANK)
        symbols[:RECALLED] = letters
        asked = consecutive(RECALLED + gaps + self.layout.signal, self.layout.signal_steps)
        symbols.scatter_(0, asked, SIGNAL)

        targets = self._nothing_asked(steps, batch_size)
        targets.scatter_(0, consecutive(RECALLED + gaps + self.layout.answer, RECALLED), letters)

        lengths = gaps + self._beside_gap if self.gap == "per-sequence" else None
        if lengths is not None:
            targets.masked_fill_(torch.arange(steps).unsqueeze(1) >= lengths, IGNORE)
        return Batch(one_hot(symbols, _SYMBOLS), targets, lengths)

    def solve(self, batch: Batch) -> Tensor:
        symbols = batch.inputs.argmax(-1)
        signal = (symbols == SIGNAL).int().argmax(0)
        answers = torch.full_like(symbols, BLANK)
        first = signal - self.layout.signal + self.layout.answer
        answers.scatter_(0, consecutive(first, RECALLED), symbols[:RECALLED])
        return certain(answers, self.output_size)

    def _draw_gaps(self, batch_size: int, generator: torch.Generator) -> Tensor:
        if self.gap == "fixed":
            return torch.full((batch_size,), self.lag)
        draws = batch_size if self.gap == "per-sequence" else 1
        return torch.randint(1, self.lag + 1, (draws,), generator=generator).expand(batch_size)

    @property
    def _beside_gap(self) -> int:
        """The steps that are not gap: letters, what may stand between, answers."""
        return RECALLED + self.layout.answer + RECALLED
