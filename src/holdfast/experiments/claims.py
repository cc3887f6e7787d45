"""What an experiment says will come out, in a form that finished runs confirm or refute."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Verdict = Literal["met", "not met", "open"]


@dataclass(frozen=True)
class Outcome:
    """What one finished run came to.

    Args:
        value: the task's measure on the test set; None if the run diverged.
        higher_is_better: whether a larger value is a better one.
        steps_to_solved: when it first met the task's criterion; None if it never did.
    """

    value: float | None
    higher_is_better: bool
    steps_to_solved: int | None

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
    """

    sentence: str
    models: tuple[str, ...]
    holds: Callable[..., bool]

    def verdict(self, outcomes: Outcomes) -> Verdict:
        """Open as long as one of its models has no finished run."""
        found = [outcomes.get(model, ()) for model in self.models]
        if not all(found):
            return "open"
        return "met" if self.holds(*found) else "not met"


def solves(model: str) -> Claim:
    """Every run meets the task's criterion."""
    return Claim(f"{model} solves it in every run", (model,), _solved_by_all)


def fails(model: str) -> Claim:
    """No run meets the task's criterion."""
    return Claim(f"{model} solves it in no run", (model,), lambda runs: not any(map(_solved, runs)))


def sooner(model: str, than: str) -> Claim:
    """It solves the task in every run, and on average after fewer steps than the other, if that does at all."""
    return Claim(f"{model} solves it after fewer steps than {than}", (model, than), _sooner)


def better(model: str, than: str, *, by: float = 0.0) -> Claim:
    """Its mean on the test set is better than that of the other.

    Args:
        model, than: labels.
        by: at least by how much, in the unit of the task's measure.
    """
    margin = f" by at least {by:g}" if by else ""
    return Claim(f"{model} does better than {than}{margin}", (model, than), lambda *runs: _lead(*runs) > by)


def level(model: str, other: str, *, within: float) -> Claim:
    """The means of two models on the test set lie no further apart than that."""
    sentence = f"{model} and {other} are within {within:g} of each other"
    return Claim(sentence, (model, other), lambda *runs: abs(_lead(*runs)) <= within)


def accurate(model: str, accuracy: float) -> Claim:
    """Its mean accuracy on the test set is at least that, a fraction."""
    sentence = f"{model} is right in {100 * accuracy:g} % or more of the test set"
    return Claim(sentence, (model,), lambda runs: _goodness(runs) >= accuracy)


def _solved(run: Outcome) -> bool:
    return run.steps_to_solved is not None


def _solved_by_all(runs: Sequence[Outcome]) -> bool:
    return all(map(_solved, runs))


def _sooner(runs: Sequence[Outcome], others: Sequence[Outcome]) -> bool:
    return _solved_by_all(runs) and _steps(runs) < _steps(others)


def _steps(runs: Sequence[Outcome]) -> float:
    """The mean number of steps to the solution; infinite if a run never gets there."""
    return fmean(math.inf if run.steps_to_solved is None else run.steps_to_solved for run in runs)


def _goodness(runs: Sequence[Outcome]) -> float:
    return fmean(run.goodness for run in runs)


def _lead(runs: Sequence[Outcome], others: Sequence[Outcome]) -> float:
    """How much better the first mean is; of two models that both diverged, neither leads."""
    one, other = _goodness(runs), _goodness(others)
    return 0.0 if one == other else one - other
