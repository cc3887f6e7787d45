"""Which point is tried next: the next of a grid, or what a search makes of the results so far.

What a search has proposed is kept in the sweep's folder and comes first when the sweep is started again: so it finds
the runs of these points done, or goes on with them, whatever has changed since, be it the number of workers, the
engine, or a trial that failed and now does not. New proposals depend on the space, the seed, the results so far and the
number of points that are under way: with as many workers a sweep on one machine that was stopped ends as if it had not
been. On Ray they also depend on the order in which trials end, and so two sweeps differ.
"""

import math
from collections import deque
from importlib.util import find_spec
from typing import Any, Literal, Protocol
from warnings import catch_warnings

from holdfast.cli.errors import UserError
from holdfast.cli.sweep.kept import Kept, Parameters
from holdfast.cli.sweep.space import Point, Range, Space, grid

Sampler = Literal["tpe", "random", "cmaes", "qmc"]
_NAMES = {"tpe": "TPESampler", "random": "RandomSampler", "cmaes": "CmaEsSampler", "qmc": "QMCSampler"}
_DIGITS = 4
"""Significant digits of what a search proposes, so that a value can stand in the name of a folder."""
_PATIENCE = 100
"""Proposals in a row that were made before, after which a search has nothing new to say."""


class Proposals(Protocol):
    """Points, one after another."""

    def __len__(self) -> int:
        """How many are left, at most."""
        ...

    def next(self) -> Point | None:
        """The next point; None after the last."""
        ...

    def learn(self, point: Point, value: float | None) -> None:
        """Takes the result of a point, on the validation set; None if there is none: that says nothing of the point."""
        ...

    def shun(self, point: Point) -> None:
        """Takes it that a point is worse than any with a result."""
        ...


class Grid:
    """Every combination in turn.

    Args:
        space: without ranges.
    """

    def __init__(self, space: Space):
        self.left = grid(space)

    def __len__(self) -> int:
        return len(self.left)

    def next(self) -> Point | None:
        return self.left.pop(0) if self.left else None

    def learn(self, point: Point, value: float | None) -> None:
        """A grid learns nothing."""

    def shun(self, point: Point) -> None:
        """A grid learns nothing."""


class Search:
    """What one of Optuna's samplers proposes.

    Args:
        space: what is varied.
        trials: how many points.
        sampler: the method.
        sampler_seed: of its chance.
        maximise: whether a larger result is a better one.
        kept: what it has proposed before, and where more is kept; None for nowhere.

    Raises:
        UserError: Optuna is not installed, or what this sampler needs beside it.
    """

    def __init__(
        self,
        space: Space,
        trials: int,
        *,
        sampler: Sampler,
        sampler_seed: int,
        maximise: bool,
        kept: Kept | None = None,
    ):
        require("optuna", "--trials")
        if sampler == "cmaes":
            require("cmaes", "--sampler cmaes")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with catch_warnings(category=optuna.exceptions.ExperimentalWarning, action="ignore"):
            made = getattr(optuna.samplers, _NAMES[sampler])(seed=sampler_seed)
        self.study: Any = optuna.create_study(sampler=made, direction="maximize" if maximise else "minimize")
        self.failed: Any = optuna.trial.TrialState.FAIL
        self.worst = -math.inf if maximise else math.inf
        self.space, self.left = space, trials
        self.asked: dict[str, Any] = {}
        self.kept, self.earlier = kept, deque(kept.proposals if kept else ())

    def __len__(self) -> int:
        return self.left

    def next(self) -> Point | None:
        if not self.left:
            return None
        trial = self._asked()
        if self.earlier:
            trial = self._again(trial, self.earlier.popleft())
        elif trial is None:
            return None
        elif self.kept is not None:
            self.kept.add(trial.params)
        point = self._point(trial)
        self.asked[str(point)] = trial
        self.left -= 1
        return point

    def _asked(self) -> Any:
        """A trial of a point that was not proposed before; None if the sampler has none."""
        for _ in range(_PATIENCE):
            trial = self.study.ask()
            if str(self._point(trial)) not in self.asked:
                return trial
            self.study.tell(trial, state=self.failed)
        return None

    def _again(self, trial: Any, parameters: Parameters) -> Any:
        """The trial of an earlier proposal, which the sampler may have made again by itself.

        It is asked in any case, so that its chance goes on from where it was.
        """
        if trial is not None and trial.params == parameters:
            return trial
        if trial is not None:
            self.study.tell(trial, state=self.failed)
        self.study.enqueue_trial(parameters)
        return self.study.ask()

    def _point(self, trial: Any) -> Point:
        return {name: _suggested(trial, name, values) for name, values in self.space.items()}

    def learn(self, point: Point, value: float | None) -> None:
        trial = self.asked[str(point)]
        if value is None:
            self.study.tell(trial, state=self.failed)
        else:
            self.study.tell(trial, value)

    def shun(self, point: Point) -> None:
        """Tells an infinite value: samplers that learn go by the order of values, and pass over trials that failed."""
        self.study.tell(self.asked[str(point)], self.worst)


def require(package: str, option: str) -> None:
    """Says at once that the extra is missing.

    Raises:
        UserError: it is.
    """
    if find_spec(package) is None:
        raise UserError(
            f"{option} needs the package {package}, which is not installed; "
            "install it with: pip install 'holdfast[sweep]'"
        )


def _suggested(trial: Any, name: str, values: Any) -> Any:
    if not isinstance(values, Range):
        # By position: a choice may be a list, which Optuna takes for no value.
        return values.values[trial.suggest_int(name, 0, len(values.values) - 1)]
    if values.whole:
        return trial.suggest_int(name, values.low, values.high, log=values.logarithmic)
    rounded = float(f"{trial.suggest_float(name, values.low, values.high, log=values.logarithmic):.{_DIGITS}g}")
    return min(max(rounded, float(values.low)), float(values.high))
