"""Every value that is varied, tried before anything is trained."""

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from holdfast.cli.build import build_model, build_task
from holdfast.cli.errors import UserError
from holdfast.cli.objectives import build_learner
from holdfast.cli.sweep.space import Choices, Point, Range, Space
from holdfast.cli.sweep.trial import Base

_COMBINATIONS = 64
"""Points in which a value may have to stand before one is accepted: some settings go with certain others only."""


def accepted(base: Base, space: Space) -> Point:
    """A point of the space that can be trained, once each choice and each end of a range is known to stand in one.

    Raises:
        UserError: one stands in none; the message names it.
        ValueError: no point can be trained, because of what is not varied.
    """
    example = _first(base, space)
    for name, values in space.items():
        for value in _ends(values):
            if (error := refusal(base, {**example, name: value})) is not None:
                try:
                    _first(base, {**space, name: Choices((value,))})
                except (UserError, ValueError):
                    raise UserError(f"--vary can't give {name} the value {value}: {error}") from error
    return example


def refusal(base: Base, point: Point) -> UserError | ValueError | None:
    """Why a point can't be trained; None if it can, as far as building what it names tells."""
    try:
        settings = base.settings(point)
        task = build_task(settings.task)
        model = build_model(settings.model, task, settings.seed)
        build_learner(settings.objective, model, settings.seed, endless=task.endless)
    except (UserError, ValueError) as error:
        return error
    return None


def _first(base: Base, space: Space) -> Point:
    """The first point of choices and ends that is accepted.

    Raises:
        UserError, ValueError: why the very first is not, if none is.
    """
    refusals = []
    for point in islice(_corners(space), _COMBINATIONS):
        error = refusal(base, point)
        if error is None:
            return point
        refusals.append(error)
    raise refusals[0]


def _corners(space: Space) -> Iterator[Point]:
    for row in product(*map(_ends, space.values())):
        yield dict(zip(space, row, strict=True))


def _ends(values: Choices | Range) -> tuple[Any, ...]:
    return values.values if isinstance(values, Choices) else (values.low, values.high)
