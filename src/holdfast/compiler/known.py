"""What a fingerprint takes as known: Python's own words, and what goes with the version of torch."""

import builtins
import math
import sys
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch
from torch import nn

from holdfast.cells.state import state_type

BEGINNINGS = frozenset([
    "project", "step", "next_state", "make_state", "input_size", "state_sizes", "forward", "parameters", "buffers",
    "named_parameters", "named_buffers", "modules", "named_modules", "children", "named_children",
])  # fmt: skip
"""Attributes that a trace, or torch's way to treat a module, reads of its own accord."""

BUILTINS = frozenset([
    "NotImplemented", "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "float", "frozenset", "hash",
    "int", "isinstance", "issubclass", "len", "list", "map", "max", "min", "range", "reversed", "round", "set",
    "slice", "sorted", "str", "sum", "super", "tuple", "zip",
])  # fmt: skip
"""What Python itself brings, by which no attribute can be read and no code be run that is not named."""

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
TORCH_PLAIN = (torch.dtype, torch.device, torch.layout, torch.memory_format)
DUNDERS = frozenset({"__name__", "__qualname__"})
"""The special attributes that code may name; by others it could read what it does not name."""

BY_ANY_NAME = frozenset({"get_submodule", "get_parameter", "get_buffer", "get_extra_state"})
"""Methods of torch's modules that find attributes by a name which may be put together as the code runs."""

UNUSED = frozenset([
    "__doc__", "__module__", "__dict__", "__weakref__", "__annotations__", "__qualname__", "__abstractmethods__",
    "__parameters__", "__orig_bases__", "__init__", "__new__", "__post_init__",
    "__init_subclass__", "__class_getitem__", "__dataclass_fields__", "__dataclass_params__", "__match_args__",
    "__replace__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__copy__", "__deepcopy__",
    "__static_attributes__", "__firstlineno__", "__annotate__", "__annotate_func__", "__annotations_cache__",
    "__type_params__", "__del__",
])  # fmt: skip
"""Special attributes of classes that Python does not use for what is done with their instances in a step."""

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
BOOKKEEPING = frozenset([
    "_non_persistent_buffers_set", "_is_full_backward_hook", "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
])  # fmt: skip


def special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def implied(name: str, kind: type) -> bool:
    """Whether Python may use an attribute of a class without its being named."""
    return special(name) and name not in UNUSED and not is_written_by_dataclass(vars(kind)[name], kind)


def is_written_by_dataclass(thing: Any, kind: type) -> bool:
    """Whether a method is what `dataclass` writes: that follows from the fields."""
    thing = getattr(thing, "__wrapped__", thing)
    is_text = isinstance(thing, FunctionType) and thing.__code__.co_filename == "<string>"
    return is_text and "__dataclass_params__" in vars(kind)


@cache
def is_accepted_builtin(name: str, module: str | None) -> bool:
    """Whether code of a module may name a builtin: one by which no attribute is read, or an exception.

    By `type` new objects can be made, whose making is not followed. The library's own cells use it for its name only.
    """
    found = getattr(builtins, name, None)
    if name == "type":
        return (module or "").startswith("holdfast.cells.")
    return name in BUILTINS or (isinstance(found, type) and issubclass(found, BaseException))


def is_of_torch_nn(kind: type) -> bool:
    """Whether a class is one of `torch.nn`, whose code goes with torch's version."""
    return kind.__module__.startswith("torch.nn.") and issubclass(kind, nn.Module) and is_where_it_says(kind)


def is_known(thing: Any) -> bool:
    """Whether a function or a class goes with a version that is told."""
    if thing is state_type:  # with the sources
        return True
    if type(thing) is BuiltinFunctionType:
        inner: Any = torch._C
        owners = (math, inner._nn, inner._fft, inner._linalg, inner._special, inner._VariableFunctions)
        return any(getattr(owner, thing.__name__, None) == thing for owner in owners)
    return isinstance(thing, (type, FunctionType)) and of_torch(thing) and is_where_it_says(thing)


def of_torch(thing: Any) -> bool:
    """Whether a function or a class says that it is torch's."""
    return (thing.__module__ or "").split(".")[0] == "torch"


def is_where_it_says(thing: Any) -> bool:
    """Whether the name of a function or a class leads to it."""
    found: Any = sys.modules.get(thing.__module__)
    for name in thing.__qualname__.split("."):
        found = vars(found).get(name) if found is not None and hasattr(found, "__dict__") else None
    return found is thing
