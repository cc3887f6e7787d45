"""A kernel for LSTMs with time gates that computes the open units alone."""

import ctypes
from functools import cache
from importlib.resources import files

import torch
from torch import Tensor

from holdfast.backends.build import BuildError, load
from holdfast.backends.kernel import parallel_region, threads_for
from holdfast.backends.pool import POOL
from holdfast.compiler.targets.cpp import runtime

FUNCTIONS = {torch.float32: "holdfast_open_units_float32", torch.float64: "holdfast_open_units_float64"}


class Arguments(ctypes.Structure):
    """`OpenUnits` of open_units.hpp, where every field is explained."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("steps", "batch", "inputs", "hidden", "threads")),
        *((name, ctypes.c_void_p) for name in ("parallel", "x", "openness", "weight_ih", "weight_hh", "bias")),
        *((name, ctypes.c_void_p) for name in ("peepholes", "h", "c", "output")),
    )


@cache
def library() -> ctypes.CDLL | None:
    """The compiled kernel; None where it can't be had."""
    own = files("holdfast.backends").joinpath("open_units.hpp").read_text()
    try:
        loaded = load(runtime() + own, name="open units")
    except BuildError:
        return None
    for function in [getattr(loaded, name) for name in FUNCTIONS.values()]:
        function.argtypes, function.restype = [ctypes.c_void_p], None
    return loaded


def can_run(x: Tensor) -> bool:
    """Whether there is a kernel for such an input."""
    return x.device.type == "cpu" and x.dtype in FUNCTIONS and library() is not None


def run_open_units(
    x: Tensor,
    openness: Tensor,
    h: Tensor,
    c: Tensor,
    *,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None,
    peepholes: Tensor | None,
) -> Tensor:
    """The outputs (T, B, H) of an LSTM of which a unit is computed only at the steps at which its gate is above 0.

    Args:
        x: (T, B, I), for which `can_run` holds.
        openness: (T, H), the gates.
        h, c: (B, H), the first state; they become the last one.
        weight_ih, weight_hh, bias: (4H, I), (4H, H), (4H,), in the order input, forget, candidate, output.
        peepholes: (3, H), of the input, forget and output gates.
    """
    given = {"x": x, "openness": openness, "weight_ih": weight_ih, "weight_hh": weight_hh}
    given |= {"bias": bias, "peepholes": peepholes}
    output = POOL.empty(*x.shape[:2], h.shape[1], dtype=x.dtype)
    held = {name: None if tensor is None else tensor.contiguous() for name, tensor in given.items()}
    held |= {"h": h, "c": c, "output": output}
    assert h.is_contiguous()
    assert c.is_contiguous()
    assert all(tensor is None or tensor.dtype == x.dtype for tensor in held.values())
    arguments = Arguments(
        steps=len(x), batch=x.shape[1], inputs=x.shape[2], hidden=h.shape[1], threads=threads_for(x.shape[1]),
        parallel=parallel_region(), **{name: None if t is None else t.data_ptr() for name, t in held.items()},
    )  # fmt: skip
    getattr(library(), FUNCTIONS[x.dtype])(ctypes.addressof(arguments))
    return output
