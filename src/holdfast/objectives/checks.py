"""The settings of an auxiliary loss, checked when they are made."""

from typing import Any, get_args

from holdfast.objectives.segments import Sharing
from holdfast.objectives.tokens import TokenLoss


def check_auxiliary(settings: Any) -> None:
    """What every auxiliary loss has is in its range.

    Raises:
        ValueError: it is not.
    """
    one_of(settings, anchors=Sharing)
    if settings.token_loss is not None:
        one_of(settings, token_loss=TokenLoss)
    for name in ("segments", "length", "truncation"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise ValueError(f"objective.{name} must be at least 1, got {value}")
    if any(size < 1 for size in settings.head_sizes):
        raise ValueError(f"objective.head_sizes must be at least 1 each, got {tuple(settings.head_sizes)}")


def one_of(settings: Any, **choices: Any) -> None:
    """Each named setting is one of the words of its type.

    Raises:
        ValueError: it is not.
    """
    for name, literal in choices.items():
        if getattr(settings, name) not in get_args(literal):
            known = ", ".join(get_args(literal))
            raise ValueError(f"objective.{name} must be one of {known}, got {getattr(settings, name)!r}")
