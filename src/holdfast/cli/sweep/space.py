"""What is varied, as it is written on the command line.

training.learning_rate=1e-3,3e-3        these values
model.hidden_size=16..128               whole numbers from 16 to 128
model.dropout=0.0..0.5                  numbers
training.learning_rate=1e-4..1e-2:log   numbers whose logarithm is uniform
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import yaml

from holdfast.cli.errors import UserError

Point = dict[str, Any]
"""Dotted name of a setting -> its value."""

_RANGE = re.compile(r"(?P<low>[^.\s]+(?:\.\d[^.\s]*)?)\.\.(?P<high>.+?)(?P<log>:log)?")

_LARGEST = 1e300
"""The difference of two such numbers is still one."""


@dataclass(frozen=True)
class Choices:
    """One of these values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`.

    Args:
        low, high: both are whole if whole numbers are meant.
        logarithmic: whether the logarithm is uniform.

    Raises:
        UserError: an end is not finite, low is not below high, or has no logarithm.
    """

    low: float
    high: float
    logarithmic: bool = False

    def __post_init__(self):
        if not max(abs(self.low), abs(self.high)) <= _LARGEST:
            raise UserError(f"--vary expects finite numbers at both ends of a range, got {self.low}..{self.high}")
        if not self.low < self.high:
            raise UserError(f"--vary expects the lower end of a range first, got {self.low}..{self.high}")
        if self.logarithmic and self.low <= 0:
            raise UserError(f"--vary can take the logarithm of numbers above 0 only, got {self.low}..{self.high}:log")

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


Space = dict[str, Choices | Range]


def read_space(words: Sequence[str]) -> Space:
    """The space that the words after `--vary` describe.

    Raises:
        UserError: a word is none of the forms above, or a name or a value is there twice.
    """
    space: Space = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not (name and equals and text):
            raise UserError(f"--vary expects NAME=VALUE,VALUE or NAME=LOW..HIGH, got {word!r}")
        if name in space:
            raise UserError(f"--vary has {name} twice; give all its values at once")
        space[name] = _values(name, text)
    return space


def grid(space: Space) -> list[Point]:
    """Every combination, the last name varying fastest.

    Raises:
        UserError: a range, which has no end of values.
    """
    ranges = [name for name, values in space.items() if isinstance(values, Range)]
    if ranges:
        raise UserError(f"{ranges[0]} has a range of values, which a grid can't visit; add --trials N for a search")
    columns = [values.values for values in space.values() if isinstance(values, Choices)]
    return [dict(zip(space, row, strict=True)) for row in product(*columns)]


def _values(name: str, text: str) -> Choices | Range:
    if found := _RANGE.fullmatch(text):
        low, high = _number(found["low"]), _number(found["high"])
        if isinstance(low, int | float) and isinstance(high, int | float):
            return Range(low, high, found["log"] is not None)
        raise UserError(f"--vary expects numbers at both ends of a range, got {name}={text}")
    try:
        values = tuple(map(_number, yaml.safe_load(f"[{text}]")))
    except yaml.YAMLError:
        raise UserError(f"--vary can't read the values of {name}={text}") from None
    if not values:
        raise UserError(f"--vary expects at least one value for {name}, got {text!r}")
    for later, value in enumerate(values):
        if any(_same(value, earlier) for earlier in values[:later]):
            raise UserError(f"--vary has the value {value} of {name} twice in {text}; give each value once")
    return Choices(values)


def _same(value: Any, other: Any) -> bool:
    """Whether two values mean the same: 1 and 1.0 do, 1 and true do not."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _number(value: Any) -> Any:
    """A word as a number if it is one: YAML takes 1e-3 for a word."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
