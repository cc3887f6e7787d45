"""What of a cell may change between two calls and changes its kernel.

A kernel is made for a cell as it stands: its attributes, those of the modules and of other objects in it, what lists
and dictionaries hold, the shapes of its tensors. It is looked at before every call, so that has to be quick.
"""

from collections.abc import Iterator
from copy import copy
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

PLAIN = (bool, int, float, str, type(None))
CONTAINERS = (dict, list, tuple, set)
OPAQUE = (Tensor, type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)
HELD = ("_parameters", "_buffers")
BESIDES = ("_modules", "_forward_hooks", "_forward_pre_hooks")
BOOKKEEPING = frozenset(vars(nn.Module())) - {"training"}
"""What torch itself keeps in every module."""


class Condition:
    """A cell as it stands at one moment.

    All that its settings are read from is noted beside a copy of it, so that a look at them is one comparison, and no
    object among them can be taken for another one that came to lie where it lay.
    """

    def __init__(self, cell: nn.Module):
        self.now = [holder for _, holder in holders(cell)]
        self.then = [copy(holder) for holder in self.now]
        self.held = [
            holder[name] for holder in self.now for name in HELD if isinstance(holder, dict) and name in holder
        ]
        self.shapes, self.dtype = self.shapes_now(), torch.get_default_dtype()

    def shapes_now(self) -> list:
        return [None if t is None else (t.shape, t.dtype) for held in self.held for t in held.values()]

    def holds(self) -> bool:
        """Whether nothing has changed."""
        try:
            same = self.now == self.then
        except Exception:  # arrays and the like: those that can't be compared are not the same
            return False
        return same and self.shapes == self.shapes_now() and self.dtype == torch.get_default_dtype()

    def number_unlike(self, other: "Condition") -> str | None:
        """The name of the number in which two conditions of a cell differ, if that is all."""
        found = set()
        if len(self.then) != len(other.then) or (self.shapes, self.dtype) != (other.shapes, other.dtype):
            return None
        for mine, its in zip(map(items, self.then), map(items, other.then), strict=True):
            if [name for name, _ in mine] != [name for name, _ in its]:
                return None
            for (name, a), (_, b) in zip(mine, its, strict=True):
                if {type(a), type(b)} <= {int, float}:
                    found |= {name} if a != b else set()
                elif a is not b and not (type(a) in PLAIN and a == b):
                    return None
        return str(found.pop()) if len(found) == 1 else None


def holders(cell: nn.Module) -> Iterator[tuple[tuple, Any]]:
    """Every dictionary and container that holds settings, and the way to it from the cell."""
    seen: set[int] = set()
    todo: list[tuple[tuple, Any]] = [((), cell)]
    while todo:
        path, thing = todo.pop()
        if id(thing) in seen or isinstance(thing, OPAQUE):
            continue
        seen.add(id(thing))
        if type(thing) in CONTAINERS:
            held = thing
        elif hasattr(thing, "__dict__"):
            held = vars(thing)
        else:
            continue
        yield path, held
        todo += [((*path, name), value) for name, value in items(held)]
        if isinstance(thing, nn.Module):
            yield from ((path, held[name]) for name in BESIDES)
            todo += [((*path, name), module) for name, module in thing._modules.items()]


def items(holder: Any) -> list[tuple[Any, Any]]:
    """What may hold more, by name or by place."""
    if isinstance(holder, dict):
        return [(name, value) for name, value in holder.items() if name not in BOOKKEEPING]
    return [] if isinstance(holder, set) else list(enumerate(holder))


def plain_settings(cell: nn.Module) -> tuple[tuple[tuple, Any], ...]:
    """The ways to all plain settings of a cell, and what they are."""
    found = [((*path, name), value) for path, held in holders(cell) for name, value in items(held)]
    return tuple((path, value) for path, value in found if type(value) in PLAIN)


def at(thing: Any, path: tuple) -> Any:
    """What a way leads to."""
    for name in path:
        thing = thing[name] if isinstance(thing, (dict, list, tuple)) else getattr(thing, name)
    return thing
