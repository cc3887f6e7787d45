"""What an experiment says will come out, in a form that finished runs confirm or refute."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Verdict = Literal["met", "not met", "open"]
Measured = Literal["result", "steps to solved", "operations"]
"""What a claim is judged by: the task's measure on the test set, when a run solved it, or what a sequence costs."""
NEAR_CHANCE = 0.05
"""Less than this part of the way from chance to perfect is called near chance."""
ROUNDING = 1e-9
"""A lead that misses its margin by less has it."""


@dataclass(frozen=True)
class Outcome:
    """What one finished run came to.

    Args:
        value: the task's measure on the test set; None if the run diverged.
        higher_is_better: whether a larger value is a better one.
        steps_to_solved: when it first met the task's criterion; None if it never did.
        operations: multiply-adds of the layer's products in a sequence of the test set; None if they are not known.
        chance: the measure of who guesses; None if it is not known.
    """

    value: float | None
    higher_is_better: bool
    steps_to_solved: int | None
    operations: float | None = None
    chance: float | None = None

    @property
    def goodness(self) -> float:
        """The value so that more is better; a run that diverged is worse than any other."""
        if self.value is None:
            return -math.inf
        return self.value if self.higher_is_better else -self.value


Outcomes = Mapping[str, Sequence[Outcome]]
"""Label of a model -> its finished runs, one a seed."""


@dataclass(frozen=True)
class Claim:
    """One sentence that finished runs can refute.

    Args:
        sentence: as readers see it.
        models: labels of the models that it compares; the first is the one that it is about.
        holds: whether it is so, given the outcomes of each of these models in turn.
        measured: what it is judged by.
    """

    sentence: str
    models: tuple[str, ...]
    holds: Callable[..., bool]
    measured: Measured = "result"

    def verdict(self, outcomes: Outcomes) -> Verdict:
        """Open as long as one of its models has no finished run, or one of which is not known what it cost."""
        found = [outcomes.get(model, ()) for model in self.models]
        if not all(found):
            return "open"
        if self.measured == "operations" and any(run.operations is None for runs in found for run in runs):
            return "open"
        return "met" if self.holds(*found) else "not met"


def solves(model: str) -> Claim:
    """Every run meets the task's criterion."""
    return Claim(f"{model} solves it in every run", (model,), _solved_by_all, "steps to solved")


def fails(model: str) -> Claim:
    """No run meets the task's criterion."""
    sentence = f"{model} solves it in no run"
    return Claim(sentence, (model,), lambda runs: not any(map(_solved, runs)), "steps to solved")


def sooner(model: str, than: str) -> Claim:
    """It solves the task in every run, on average after fewer steps than the other takes in those where that does."""
    sentence = f"{model} solves it in every run, sooner than {than} where that does"
    return Claim(sentence, (model, than), _sooner, "steps to solved")


def better(model: str, than: str, *, by: float = 0.0) -> Claim:
    """Its mean on the test set is better than that of the other, and not near chance.

    Args:
        model, than: labels.
        by: at least by how much, in the unit of the task's measure; at 0 any difference will do.
    """
    margin = f" by at least {by:g}" if by else ""
    sentence = f"{model} does better than {than}{margin}"
    return Claim(sentence, (model, than), lambda *runs: _leads(*runs, by=by))


def level(model: str, other: str, *, within: float) -> Claim:
    """The means of two models on the test set lie no further apart than that; one that diverged is level with none."""
    sentence = f"{model} and {other} are within {within:g} of each other"
    return Claim(sentence, (model, other), lambda *runs: abs(_goodness(runs[0]) - _goodness(runs[1])) <= within)


def accurate(model: str, accuracy: float) -> Claim:
    """Its mean accuracy on the test set is at least that, a fraction."""
    sentence = f"{model} is right in {100 * accuracy:g} % or more of the test set"
    return Claim(sentence, (model,), lambda runs: _goodness(runs) >= accuracy)


def cheaper(model: str, than: str, *, by: float = 1.0) -> Claim:
    """A sequence takes it fewer operations than the other, on average over the runs.

    Args:
        model, than: labels.
        by: how many times fewer, at least 1; at 1 any difference will do.
    """
    times = f"{by:g} times fewer" if by > 1 else "fewer"
    sentence = f"{model} takes {times} operations a sequence than {than}"
    return Claim(sentence, (model, than), lambda *runs: _saves(*runs, by=by), "operations")


def _solved(run: Outcome) -> bool:
    return run.steps_to_solved is not None


def _solved_by_all(runs: Sequence[Outcome]) -> bool:
    return all(map(_solved, runs))


def _sooner(runs: Sequence[Outcome], others: Sequence[Outcome]) -> bool:
    return _solved_by_all(runs) and _steps(runs) < _steps(others)


def _steps(runs: Sequence[Outcome]) -> float:
    """The mean number of steps to the solution, over the runs that get there; infinite if none does."""
    steps = [run.steps_to_solved for run in runs if run.steps_to_solved is not None]
    return fmean(steps) if steps else math.inf


def _goodness(runs: Sequence[Outcome]) -> float:
    return fmean(run.goodness for run in runs)


def _saves(runs: Sequence[Outcome], others: Sequence[Outcome], *, by: float) -> bool:
    cost, other = _operations(runs), _operations(others)
    return cost < other if by == 1 else by * cost <= other


def _operations(runs: Sequence[Outcome]) -> float:
    return fmean(run.operations for run in runs if run.operations is not None)


def _leads(runs: Sequence[Outcome], others: Sequence[Outcome], *, by: float) -> bool:
    """Whether the first mean is better; of two models that both diverged neither leads, nor does one near chance."""
    one, other = _goodness(runs), _goodness(others)
    if one == other or _near_chance(runs):
        return False
    return one > other if by == 0 else one - other >= by - ROUNDING


def _near_chance(runs: Sequence[Outcome]) -> bool:
    values = [run.value for run in runs if run.value is not None]
    perfect = 1.0 if runs[0].higher_is_better else 0.0
    return bool(values) and near_chance(fmean(values), chance=runs[0].chance, perfect=perfect)


def near_chance(value: float, *, chance: float | None, perfect: float) -> bool:
    """Whether a value is less than a twentieth of the way from chance to perfect; never where chance is not known."""
    if chance is None or chance == perfect:
        return False
    return (value - chance) / (perfect - chance) < NEAR_CHANCE
