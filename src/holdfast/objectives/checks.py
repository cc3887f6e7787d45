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
    if settings.segments < 1:
        raise ValueError(f"objective.segments must be at least 1, got {settings.segments}")
    if settings.length < 1:
        raise ValueError(f"objective.length must be at least 1, got {settings.length}")
    check_said(settings)


def check_said(settings: Any) -> None:
    """What every loss on the input has is in its range.

    Raises:
        ValueError: it is not.
    """
    if settings.token_loss is not None:
        one_of(settings, token_loss=TokenLoss)
    if settings.truncation is not None and settings.truncation < 1:
        raise ValueError(f"objective.truncation must be at least 1, got {settings.truncation}")
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
