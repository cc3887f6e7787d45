"""What the user of a command did wrong."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake on the command line or in a file; it is told in a line, without a traceback."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str, *, mark: str = "'") -> str:
    """What to say of a name that is not known: the nearest that is, within marks, or something else if none is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {mark}{near[0]}{mark}?" if near else otherwise
