"""What a piece of Python's code names."""

import dis
from collections.abc import Iterator
from functools import cache
from types import CodeType


@cache
def global_names(code: CodeType) -> tuple[str, ...]:
    """The names that `code`, and the functions that are written within it, look up as globals; in order, each once."""
    return tuple(dict.fromkeys(found(code)))


def found(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname.endswith(("_GLOBAL", "_GLOBALS", "_NAME")):  # loads, stores and imports alike
            yield instruction.argval
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from found(part)
