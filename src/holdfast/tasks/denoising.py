"""Denoising: ten letters scattered over a long silence, and then the letters again.

Unlike copying, the network must choose what to keep. The papers differ; with T the lag:

    convention   letters   anywhere in    marker at   answers at       steps   loss over      classes
    chandar      8         0 .. T-1       T           T+1 .. T+10      T+11    the answers    9
    jing         9         0 .. T+8       T+9         T+10 .. T+19     T+20    every step     10

Jing's code draws the places with replacement, so that letters may overwrite each other, and feeds its marker as a zero
vector; both look like slips. Here places differ and the marker has an input of its own.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.recall import RECALLED, Counted, RecallTask, consecutive
from holdfast.tasks.symbols import BLANK, certain, one_hot

Convention = Literal["chandar", "jing"]


@dataclass(frozen=True)
class Layout:
    """One paper's form of the task.

    Args:
        letters: how many there are to choose from.
        beyond: by how many steps the noisy stretch exceeds the lag.
        counted: which steps carry loss.
    """

    letters: int
    beyond: int
    counted: Counted


LAYOUTS: dict[Convention, Layout] = {
    "chandar": Layout(letters=8, beyond=0, counted="answers"),
    "jing": Layout(letters=9, beyond=RECALLED - 1, counted="every step"),
}


@dataclass(frozen=True, kw_only=True)
class Denoising(RecallTask):
    """Ten letters stand at random places among blanks; after a marker they must be said in order.

    Inputs are one-hot (letters + 2): blank 0, letters 1 to 8 (9 for Jing), then the marker.

    Args:
        lag: the length of the stretch in which the letters hide, in steps (Jing: plus 9); at least 10.
        convention: whose task: "chandar" or "jing".
        evaluation_examples: sequences in the validation set, and in the test set.

    Source: chandar2019towards, jing2019gated

    Raises:
        ValueError: a setting is out of its range.
    """

    name: ClassVar[str] = "denoising"
    summary: ClassVar[str] = "pick ten letters out of a long silence and say them in order"
    sources: ClassVar[tuple[str, ...]] = ("chandar2019towards", "jing2019gated")
    least_lag: ClassVar[int] = RECALLED

    # A setting stands in for the contract's read-only property, which a frozen field is too.
    lag: int = 100  # pyright: ignore[reportIncompatibleMethodOverride]
    convention: Convention = "chandar"

    def __post_init__(self) -> None:
        at_least(self, lag=self.least_lag, evaluation_examples=1)
        one_of(self, convention=LAYOUTS)

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.convention]

    @property
    def input_size(self) -> int:
        return self.letters + 2

    @property
    def output_size(self) -> int:
        return self.letters + 1

    @property
    def steps(self) -> int:
        return self._noisy_steps + 1 + RECALLED

    @property
    def letters(self) -> int:
        return self.layout.letters

    @property
    def counted(self) -> Counted:
        return self.layout.counted

    @property
    def mean_length(self) -> float:
        return self.steps

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        letters = self._draw_letters(batch_size, generator)
        ranks = torch.rand(self._noisy_steps, batch_size, generator=generator)
        places = ranks.topk(RECALLED, dim=0).indices.sort(dim=0).values

        symbols = torch.full((self.steps, batch_size), BLANK)
        symbols.scatter_(0, places, letters)
        symbols[self._noisy_steps] = self.letters + 1

        targets = self._nothing_asked(self.steps, batch_size)
        targets[-RECALLED:] = letters
        return Batch(one_hot(symbols, self.input_size), targets)

    def solve(self, batch: Batch) -> Tensor:
        symbols = batch.inputs.argmax(-1)
        noisy = symbols[: self._noisy_steps]
        letters_first = (noisy == BLANK).int().argsort(dim=0, stable=True)
        answers = torch.full_like(symbols, BLANK)
        first = torch.full((batch.size,), self._noisy_steps + 1)
        answers.scatter_(0, consecutive(first, RECALLED), noisy.gather(0, letters_first))
        return certain(answers, self.output_size)

    @property
    def _noisy_steps(self) -> int:
        return self.lag + self.layout.beyond
