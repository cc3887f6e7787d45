"""Frequency discrimination: a sine wave, sampled when it pleases; is its period among the wanted ones?"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from holdfast.objectives import CrossEntropy, Objective
from holdfast.tasks.batch import Batch
from holdfast.tasks.checks import at_least, one_of
from holdfast.tasks.symbols import certain
from holdfast.tasks.synthetic import SyntheticTask
from holdfast.tasks.task import Readout

Sampling = Literal["asynchronous", "regular", "oversampled"]
SPACING: dict[Sampling, float | None] = {"asynchronous": None, "regular": 1.0, "oversampled": 0.1}
"""Between samples; None for times drawn at random."""

LEAST, MOST = 15, 125
"""How long a wave is watched, and how many asynchronous samples are taken of it."""
WANTED = (5.0, 6.0)
"""Periods of the first class."""
OTHERS = (1.0, 100.0)
"""Those of the second, without the wanted ones."""

_TRIED = 501
_RESIDUAL = 1e-3


@dataclass(frozen=True, kw_only=True)
class Frequency(SyntheticTask):
    """Samples of a sine wave with the times at which they were taken: has it a period from 5 to 6?

        x_t = (sin(2 pi (time_t / period + phase)), time_t)        time_t ascending, within 0 and 125

    Half of the waves have a period drawn from U(5, 6), class 1; the others one whose logarithm is uniform from 1 to 100
    without 5 to 6, class 0. A wave is watched for 15 to 125 units of time, from any moment on. Inputs (2): the value,
    and the time stamp, which cells with `clock="stamps"` take for their clock. Sequences have their own lengths.

    Args:
        sampling: "asynchronous" (15 to 125 samples at random times), "regular" (1 apart) or "oversampled" (0.1 apart,
            so up to 1,250). Samples 1 apart can't tell periods of 1.2 to 1.25 from those of 5 to 6: with "regular"
            some 0.5 % of the answers are chance.
        evaluation_examples: sequences in the validation set, and in the test set.

    Source: neil2016phased, by the authors' code; there the second class may hold a wanted period now and then. What
        counts as solved is ours.

    Raises:
        ValueError: a setting is out of its range.
    """

    name: ClassVar[str] = "frequency"
    summary: ClassVar[str] = "tell waves of one range of periods from others, by samples with time stamps"
    sources: ClassVar[tuple[str, ...]] = ("neil2016phased",)
    readout: ClassVar[Readout] = "last step"
    objective: ClassVar[Objective] = CrossEntropy()
    metric: ClassVar[Literal["accuracy", "loss"]] = "accuracy"
    stamped: ClassVar[bool] = True

    sampling: Sampling = "asynchronous"

    def __post_init__(self) -> None:
        at_least(self, evaluation_examples=1)
        one_of(self, sampling=SPACING)

    @property
    def input_size(self) -> int:
        return 2

    @property
    def output_size(self) -> int:
        return 2

    @property
    def steps(self) -> int:
        return round(MOST / (SPACING[self.sampling] or 1.0))

    @property
    def lag(self) -> int:
        return self.steps

    @property
    def chance(self) -> dict[str, float]:
        return {"loss": math.log(2), "accuracy": 0.5}

    @property
    def chance_statement(self) -> str:
        return f"A model that has forgotten the wave guesses: a loss of ln 2 = {self.chance['loss']:.4g}, half right."

    @property
    def solved_loss(self) -> float:
        """A tenth of chance."""
        return self.chance["loss"] / 10

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, dtype=torch.float64)

        wanted = torch.randint(0, 2, (batch_size,), generator=generator)
        periods = torch.where(wanted == 1, _between(*WANTED, uniform(batch_size)), _others(uniform(batch_size)))
        watched = _between(LEAST, MOST, uniform(batch_size))
        times, lengths = self._times(watched, uniform(self.steps, batch_size), uniform(batch_size))
        times = times + (MOST - watched) * uniform(batch_size)
        values = (2 * math.pi * (times / periods + uniform(batch_size))).sin()
        read = torch.arange(self.steps).unsqueeze(1) < lengths
        inputs = torch.stack([values, times], -1) * read.unsqueeze(-1)
        return Batch(inputs.float(), wanted, lengths)

    def _times(self, watched: Tensor, places: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        """When samples are taken (T, B), from the beginning of the watch, and how many there are (B,)."""
        spacing = SPACING[self.sampling]
        if spacing is not None:
            times = spacing * torch.arange(self.steps, dtype=watched.dtype).unsqueeze(1)
            return times.expand_as(places), (watched / spacing).long().clamp(max=self.steps)
        lengths = (LEAST + (MOST + 1 - LEAST) * share).long()
        unread = torch.arange(self.steps).unsqueeze(1) >= lengths
        return places.masked_fill(unread, 1.0).sort(0)[0] * watched, lengths

    def solve(self, batch: Batch) -> Tensor:
        """Fits sines of wanted periods; a wave that one of them fits is wanted."""
        assert batch.lengths is not None
        values, times = batch.inputs.double().unbind(-1)
        read = (torch.arange(len(times)).unsqueeze(1) < batch.lengths).double()
        left = [_residual(values * read, times, read, period) for period in torch.linspace(*WANTED, _TRIED).tolist()]
        fits = torch.stack(left).amin(0) < _RESIDUAL
        return certain(fits.long(), self.output_size)


def _between(low: float, high: float, share: Tensor) -> Tensor:
    return low + (high - low) * share


def _others(share: Tensor) -> Tensor:
    """Periods whose logarithm is uniform, without the wanted ones."""
    below = math.log(WANTED[0] / OTHERS[0])
    above = math.log(OTHERS[1] / WANTED[1])
    place = share * (below + above)
    return torch.where(place < below, place.exp() * OTHERS[0], (place - below).exp() * WANTED[1])


def _residual(values: Tensor, times: Tensor, read: Tensor, period: float) -> Tensor:
    """What the nearest sine of a period leaves of each wave (B,), as a share of its energy."""
    angle = 2 * math.pi * times / period
    sine, cosine = angle.sin() * read, angle.cos() * read
    ss, cc, sc = (sine * sine).sum(0), (cosine * cosine).sum(0), (sine * cosine).sum(0)
    ys, yc = (values * sine).sum(0), (values * cosine).sum(0)
    explained = (ys * ys * cc - 2 * ys * yc * sc + yc * yc * ss) / (ss * cc - sc * sc)
    return 1 - explained / values.square().sum(0)
