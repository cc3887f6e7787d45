"""What to say of a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], otherwise: str, *, mark: str = "'") -> str:
    """The question whether the nearest known name was meant, within marks, or something else if none is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {mark}{near[0]}{mark}?" if near else otherwise
