"""States as named tuples whose names come from the cell."""

from collections import namedtuple

from torch import Tensor

TYPES: dict[tuple[str, ...], type] = {}


def state_type(names: tuple[str, ...]) -> type:
    """The named tuple with fields `names`, made once for each set of names.

    It is a tuple, so `h, c = state` works as with `torch.nn.LSTM`, and it can be pickled although no module holds it.
    """
    if names not in TYPES:
        made = namedtuple("State", names)  # pyright: ignore[reportUntypedNamedTuple]
        made.__reduce__ = lambda self: (restore_state, (names, tuple(self)))  # pyright: ignore[reportAttributeAccessIssue]
        TYPES.setdefault(names, made)
    return TYPES[names]


def restore_state(names: tuple[str, ...], values: tuple[Tensor, ...]) -> tuple:
    """Rebuild a pickled state."""
    return state_type(names)(*values)
