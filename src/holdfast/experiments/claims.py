"""What an experiment says will come out, in a form that finished runs confirm or refute."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Verdict = Literal["met", "not met", "open"]
Measured = Literal["result", "steps to solved", "operations"]
"""What a claim is judged by: the task's measure on the test set, when a run solved it, or what a sequence costs."""


@dataclass(frozen=True)
class Outcome:
    """What one finished run came to.

    Args:
        value: the task's measure on the test set; None if the run diverged.
        higher_is_better: whether a larger value is a better one.
        steps_to_solved: when it first met the task's criterion; None if it never did.
        operations: multiply-adds of the layer's products in a sequence of the test set; None if they are not known.
    """

    value: float | None
    higher_is_better: bool
    steps_to_solved: int | None
    operations: float | None = None

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
    """It solves the task in every run, and on average after fewer steps than the other, if that does at all."""
    sentence = f"{model} solves it after fewer steps than {than}"
    return Claim(sentence, (model, than), _sooner, "steps to solved")


def better(model: str, than: str, *, by: float = 0.0) -> Claim:
    """Its mean on the test set is better than that of the other.

    Args:
        model, than: labels.
        by: at least by how much, in the unit of the task's measure.
    """
    margin = f" by at least {by:g}" if by else ""
    return Claim(f"{model} does better than {than}{margin}", (model, than), lambda *runs: _lead(*runs) > by)


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
    """The mean number of steps to the solution; infinite if a run never gets there."""
    return fmean(math.inf if run.steps_to_solved is None else run.steps_to_solved for run in runs)


def _goodness(runs: Sequence[Outcome]) -> float:
    return fmean(run.goodness for run in runs)


def _saves(runs: Sequence[Outcome], others: Sequence[Outcome], *, by: float) -> bool:
    cost, other = _operations(runs), _operations(others)
    return cost < other if by == 1 else by * cost <= other


def _operations(runs: Sequence[Outcome]) -> float:
    return fmean(run.operations for run in runs if run.operations is not None)


def _lead(runs: Sequence[Outcome], others: Sequence[Outcome]) -> float:
    """How much better the first mean is; of two models that both diverged, neither leads."""
    one, other = _goodness(runs), _goodness(others)
    return 0.0 if one == other else one - other
