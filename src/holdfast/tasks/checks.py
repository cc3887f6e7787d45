"""A task's settings, checked when it is made and not when it is drawn from."""

from collections.abc import Collection
from typing import Any


def at_least(task: Any, **smallest: int) -> None:
    """Each named setting is a whole number and not below its smallest value, or None if that is its default.

    Raises:
        ValueError: it is not.
    """
    for setting, bound in smallest.items():
        value = getattr(task, setting)
        absent = value is None and getattr(type(task), setting) is None
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= bound
        if not absent and not fits:
            raise ValueError(f"{_name(task)} expects {setting} to be a whole number of at least {bound}, got {value!r}")


def one_of(task: Any, **choices: Collection[Any]) -> None:
    """Each named setting is one of its choices.

    Raises:
        ValueError: it is not.
    """
    for setting, allowed in choices.items():
        value = getattr(task, setting)
        if value not in allowed:
            listed = ", ".join(repr(choice) for choice in allowed)
            raise ValueError(f"{_name(task)} expects {setting} to be one of {listed}, got {value!r}")


def _name(task: Any) -> str:
    return type(task).__name__
