"""Which point is tried next: the next of a grid, or what a search makes of the results so far.

Proposals depend on the space, the seed and the results alone, and a run gives the same result whenever it is made: so a
sweep that was stopped proposes the same points again and finds their runs done.
"""

import math
from importlib.util import find_spec
from typing import Any, Literal, Protocol
from warnings import catch_warnings

from holdfast.cli.errors import UserError
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

    Raises:
        UserError: Optuna is not installed, or what this sampler needs beside it.
    """

    def __init__(self, space: Space, trials: int, *, sampler: Sampler, sampler_seed: int, maximise: bool):
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

    def __len__(self) -> int:
        return self.left

    def next(self) -> Point | None:
        for _ in range(_PATIENCE if self.left else 0):
            trial = self.study.ask()
            point = {name: _suggested(trial, name, values) for name, values in self.space.items()}
            if str(point) not in self.asked:
                self.asked[str(point)] = trial
                self.left -= 1
                return point
            self.study.tell(trial, state=self.failed)
        return None

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
    return float(f"{trial.suggest_float(name, values.low, values.high, log=values.logarithmic):.{_DIGITS}g}")
