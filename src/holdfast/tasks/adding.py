"""Adding: two numbers of a long series are marked; what is their sum?

The papers mark and draw differently, and their thresholds do not carry over:

    convention   values          first mark in      second mark in   solved below
    arjovsky     U(0, 1)         the first half     the last half    a tenth of chance
    campos       U(-0.5, 0.5)    the first tenth    the last half    a hundredth of chance
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import MeanSquaredError, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.synthetic import SyntheticTask
from holdfast.tasks.task import Readout

Convention = Literal["arjovsky", "campos"]


@dataclass(frozen=True)
class Layout:
    """One paper's form of the task.

    Args:
        lowest: the values are uniform over [lowest, lowest + 1).
        first_within: the first mark stands in the first 1/first_within of the sequence.
        solved_within: solved means a loss under 1/solved_within of chance.
    """

    lowest: float
    first_within: int
    solved_within: int


LAYOUTS: dict[Convention, Layout] = {
    "arjovsky": Layout(lowest=0.0, first_within=2, solved_within=10),
    "campos": Layout(lowest=-0.5, first_within=10, solved_within=100),
}


@dataclass(frozen=True, kw_only=True)
class Adding(SyntheticTask):
    """Each step brings a number and a mark; at the end the two marked numbers must be added.

    Inputs (2): a number of unit range, and 1 where it is marked (twice a sequence), else 0. Target: the sum (1).

    Args:
        length: steps of a sequence; at least 10.
        convention: "arjovsky" (one mark in each half, numbers in [0, 1); Tallec and Gu use it too) or "campos" (first
            mark in the first tenth, numbers in [-0.5, 0.5); the marks are Neil's).
        evaluation_examples: sequences in the validation set, and in the test set.

    Source: hochreiter1997long, arjovsky2016unitary, neil2016phased, campos2018skip

    Raises:
        ValueError: a setting is out of its range.
    """

    name: ClassVar[str] = "adding"
    summary: ClassVar[str] = "add the two marked numbers of a long series"
    sources: ClassVar[tuple[str, ...]] = (
        "hochreiter1997long",
        "arjovsky2016unitary",
        "neil2016phased",
        "campos2018skip",
    )
    readout: ClassVar[Readout] = "last step"
    objective: ClassVar[Objective] = MeanSquaredError()
    metric: ClassVar[Literal["accuracy", "loss"]] = "loss"

    least_lag: ClassVar[int] = 10

    length: int = 200
    convention: Convention = "arjovsky"

    def __post_init__(self) -> None:
        at_least(self, length=self.least_lag, evaluation_examples=1)
        one_of(self, convention=LAYOUTS)

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.convention]

    @property
    def input_size(self) -> int:
        return 2

    @property
    def output_size(self) -> int:
        return 1

    @property
    def steps(self) -> int:
        return self.length

    @property
    def lag(self) -> int:
        return self.length

    def settings_at_lag(self, lag: int) -> dict[str, int]:
        return {"length": lag}

    @property
    def chance(self) -> dict[str, float]:
        return {"loss": 2 / 12}

    @property
    def chance_statement(self) -> str:
        return (
            "A model that has forgotten the marked numbers can do no better than to answer the mean of their sum: "
            f"the loss is its variance, 2/12 = {self.chance['loss']:.4g}."
        )

    @property
    def solved_loss(self) -> float:
        """A tenth of chance, or a hundredth, as the convention has it."""
        return self.chance["loss"] / self.layout.solved_within

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        values = torch.rand(self.length, batch_size, generator=generator) + self.layout.lowest
        half = self.length // 2
        first = torch.randint(0, self.length // self.layout.first_within, (1, batch_size), generator=generator)
        second = torch.randint(half, self.length, (1, batch_size), generator=generator)
        marks = torch.zeros_like(values).scatter_(0, torch.cat([first, second]), 1.0)
        sums = values.gather(0, first) + values.gather(0, second)
        return Batch(torch.stack([values, marks], dim=-1), sums.T.contiguous())

    def solve(self, batch: Batch) -> Tensor:
        values, marks = batch.inputs.unbind(-1)
        return (values * marks).sum(0).unsqueeze(-1)
