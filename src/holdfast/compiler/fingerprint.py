"""What a cell's trace depends on, as one hash that is known without a trace; or none, where that can't be told surely.

It is a walk over all that the cell's step and projection can reach: the code that Python would run (the code itself,
not the text of a file, which may have been edited since), the constants and functions that it names, the classes of the
objects that the cell holds, their attributes, and the shapes of its parameters. Attributes are followed by name: one
whose name no reached code contains can't be reached, since code that finds attributes in other ways is not accepted.

Whatever is not known to be plain ends the walk. Such a cell is traced in every process; nothing is assumed.
"""

import hashlib
import math
import sys
from abc import ABC, ABCMeta
from collections.abc import Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from holdfast.cells import Cell
from holdfast.compiler.bytecode import global_names
from holdfast.compiler.known import (
    BEGINNINGS,
    BOOKKEEPING,
    BY_ANY_NAME,
    DUNDERS,
    HOOKS,
    PLAIN,
    TORCH_PLAIN,
    implied,
    is_accepted_builtin,
    is_known,
    is_of_torch_nn,
    of_torch,
    special,
)
from holdfast.compiler.sources import SOURCES


class Unsure(Exception):  # noqa: N818  (an answer, not a mistake)
    """Something was met whose meaning can't be told from what is seen of it."""


def fingerprint(cell: Cell) -> str | None:
    """The hash of all that the trace of `cell` depends on; None if that can't be told surely."""
    try:
        told = [*surroundings(), *Walk().of(cell)]
    except (Unsure, RecursionError):
        return None
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def surroundings() -> list[str]:
    """What it depends on apart from the cell."""
    modules: Any = torch.nn.modules.module
    if any(getattr(modules, f"_global{hooks}") for hooks in HOOKS):
        raise Unsure
    switches = (torch.get_default_dtype(), torch.are_deterministic_algorithms_enabled())
    return [sys.version, torch.__version__, str(torch.version.git_version), SOURCES, *map(str, switches)]


class Walk:
    """One walk. What was met is told once, and called by its number from then on; the order is always the same."""

    def __init__(self):
        self.told: list[str] = []
        self.met: dict[int, tuple[str, object]] = {}  # by identity; kept, so that no other object takes its place
        self.classes: list[type] = []
        self.modules: list[ModuleType] = []
        self.names: set[str] = set(BEGINNINGS)

    def of(self, cell: Cell) -> list[str]:
        """All that is to be told of a cell."""
        self.value(cell)
        done: set[tuple[int, str]] = set()
        while True:
            found = [item for item in self.reached() if item not in done]
            if not found:
                self.check_patches()
                return self.told
            for place, name in found:
                done.add((place, name))
                self.told.append(f"{place}.{name}={self.attribute(vars(self.holder(place))[name])}")

    def check_patches(self) -> None:
        """Refuse what others have added to torch's classes and is named."""
        for kind in (Tensor, nn.Parameter, nn.Module):
            for name in self.names & vars(kind).keys():
                if isinstance(vars(kind)[name], FunctionType) and not of_torch(vars(kind)[name]):
                    raise Unsure

    def holder(self, place: int) -> Any:
        return self.classes[place] if place >= 0 else self.modules[-1 - place]

    def reached(self) -> list[tuple[int, str]]:
        """Attributes of classes (0, 1, ...) and of modules (-1, -2, ...) that what was met so far can read."""
        held = [
            (k, n) for k, kind in enumerate(self.classes) for n in vars(kind) if n in self.names or implied(n, kind)
        ]
        return sorted(held + [(-1 - k, n) for k, m in enumerate(self.modules) for n in self.names if n in vars(m)])

    def number(self, thing: object) -> str:
        self.met[id(thing)] = (f"#{len(self.met)}", thing)
        return self.met[id(thing)][0]

    def value(self, thing: Any) -> str:
        """What stands for a value; the first time, all about it is told."""
        kind = type(thing)
        if kind in PLAIN:
            return f"{kind.__name__}:{thing!r}"
        if kind in TORCH_PLAIN:
            return str(thing)
        if is_known(thing):
            return f"known:{thing.__module__}.{thing.__qualname__}"
        if isinstance(thing, type):
            raise Unsure  # what it makes when it is called is not followed
        if id(thing) in self.met:
            return self.met[id(thing)][0]
        if kind in (tuple, list, torch.Size):
            return f"{kind.__name__}[{','.join(map(self.value, thing))}]"
        if kind in (set, frozenset):
            return f"{kind.__name__}[{','.join(sorted(map(self.value, thing)))}]"
        if kind is dict:
            return f"dict[{','.join(f'{self.value(k)}={self.value(v)}' for k, v in thing.items())}]"
        if kind is CodeType:
            return self.code(thing)
        if kind is ModuleType:
            return self.module(thing)
        if kind is FunctionType:
            return self.function(thing)
        if isinstance(thing, (Tensor, BuiltinFunctionType)) or not hasattr(thing, "__dict__"):
            raise Unsure
        return self.instance(thing)

    def attribute(self, thing: Any) -> str:
        """What stands for an attribute of a class or a module."""
        if type(thing) is property:
            return f"property[{self.value(thing.fget)},{self.value(thing.fset)}]"
        if type(thing) in (staticmethod, classmethod):
            return f"{type(thing).__name__}[{self.value(thing.__func__)}]"
        return self.value(thing)

    def module(self, module: ModuleType) -> str:
        """A module whose content goes with a version that is told."""
        if module is not math and not module.__name__.startswith("torch.") and module is not torch:
            raise Unsure
        self.modules.append(module)
        name = self.number(module)
        self.told.append(f"{name} module {module.__name__}")
        return name

    def function(self, function: FunctionType) -> str:
        """A function of Python's: its code, its defaults, what it closes over, the globals that it names."""
        if of_torch(function):
            raise Unsure  # it is not where it says it is
        name = self.number(function)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        parts = {
            "code": function.__code__,
            "defaults": function.__defaults__,
            "keyword defaults": function.__kwdefaults__,
            "attributes": vars(function),
        }
        parts |= {f"closure {free}": content(cell) for free, cell in cells if free != "__class__"}
        parts |= {f"global {name}": value for name, value in self.globals(function)}
        self.told.append(f"{name} function {','.join(f'{part}={self.value(v)}' for part, v in parts.items())}")
        return name

    def globals(self, function: FunctionType) -> Iterable[tuple[str, Any]]:
        """The globals that a function reads, apart from the accepted ones of Python itself."""
        for name in global_names(function.__code__):
            if name in function.__globals__:
                yield name, function.__globals__[name]
            elif not is_accepted_builtin(name, function.__module__):
                raise Unsure

    def code(self, code: CodeType) -> str:
        """What a piece of code does, apart from where it stands; the names in it are noted."""
        if any((special(name) and name not in DUNDERS) or name in BY_ANY_NAME for name in code.co_names):
            raise Unsure
        self.names.update(code.co_names)
        told = (
            code.co_code.hex(), code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags,
            code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_exceptiontable.hex(),
        )  # fmt: skip
        return f"code[{told!r},{','.join(map(self.value, code.co_consts))}]"

    def instance(self, thing: Any) -> str:
        """An object: its class and all its attributes."""
        name = self.number(thing)
        parts = {"class": self.kind(type(thing))}
        for key, value in vars(thing).items():
            if isinstance(thing, nn.Module) and key in HOOKS and value:
                raise Unsure
            if isinstance(thing, nn.Module) and key in ("_parameters", "_buffers"):
                parts[key] = ",".join(f"{held}={self.tensor(tensor)}" for held, tensor in value.items())
            elif not isinstance(thing, nn.Module) or key not in BOOKKEEPING:
                parts[key] = self.value(dict(value) if key in ("_modules", *HOOKS) else value)
        self.told.append(f"{name} {','.join(f'{part}={said}' for part, said in parts.items())}")
        return name

    def kind(self, kind: type) -> str:
        """The class of an object, with all that it inherits from."""
        if id(kind) in self.met:
            return self.met[id(kind)][0]
        name = self.number(kind)
        for base in kind.__mro__:
            known = base in (object, ABC) or is_of_torch_nn(base)
            if not known and (type(base) not in (type, ABCMeta) or base.__module__ in sys.stdlib_module_names):
                raise Unsure
            if not known:
                self.classes.append(base)
            self.told.append(f"{name} {base.__qualname__ if not known else f'{base.__module__}.{base.__qualname__}'}")
        return name

    def tensor(self, tensor: Tensor | None) -> str:
        """A parameter or a buffer: only its shape and dtype are seen in a trace, and whether it is another one too."""
        if tensor is None:
            return "None"
        if id(tensor) in self.met:
            return self.met[id(tensor)][0]
        if type(tensor) not in (Tensor, nn.Parameter, nn.Buffer):
            raise Unsure
        return f"{self.number(tensor)} {tuple(tensor.shape)} {tensor.dtype}"


def content(cell: Any) -> Any:
    """What a closure holds."""
    try:
        return cell.cell_contents
    except ValueError:
        raise Unsure from None
