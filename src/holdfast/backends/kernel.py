"""A compiled step, ready to be called: its library, and the arrays that it is given."""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import prod

import torch
from torch import Tensor

from holdfast.backends.build import load
from holdfast.backends.pool import POOL
from holdfast.compiler import Program


class Array(ctypes.Structure):
    """`Array` of the runtime."""

    _fields_ = (("data", ctypes.c_void_p), ("stride0", ctypes.c_int64), ("stride1", ctypes.c_int64))


class Arguments(ctypes.Structure):
    """`Arguments` of the runtime, where every field is explained."""

    _fields_ = (
        ("steps", ctypes.c_int64),
        ("batch", ctypes.c_int64),
        ("threads", ctypes.c_int64),
        ("parallel", ctypes.c_void_p),
        ("arrays", ctypes.c_void_p),
        ("input", ctypes.c_void_p),
        ("state", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("last", ctypes.c_void_p),
        ("saved", ctypes.c_void_p),
        ("slots", ctypes.c_int64),
        ("lengths", ctypes.c_void_p),
        ("order", ctypes.c_void_p),
        ("reset", ctypes.c_void_p),
        ("packed", ctypes.c_void_p),
        ("pack", ctypes.c_int64),
        ("poison", ctypes.c_int64),
        ("d_output", ctypes.c_void_p),
        ("d_output_stride", ctypes.c_int64),
        ("d_last", ctypes.c_void_p),
        ("d_input", ctypes.c_void_p),
        ("d_state", ctypes.c_void_p),
        ("sums", ctypes.c_void_p),
    )


@dataclass(frozen=True)
class Masks:
    """Which steps there are, and where the state is fresh.

    Args:
        lengths: (B,) int64, or None if all rows have all steps.
        order: (B,) int64, the rows, longest first; with `lengths`.
        reset: (T, B) bool, or None.
    """

    lengths: Tensor | None = None
    order: Tensor | None = None
    reset: Tensor | None = None

    def window(self, first: int, last: int) -> "Masks":
        """Those of the steps from `first` to before `last`."""
        lengths = None if self.lengths is None else self.lengths - first
        return Masks(lengths, self.order, None if self.reset is None else self.reset[first:last])


PROCESS = os.getpid()
"""The one that has OpenMP's threads."""


def parallel_region() -> int | None:
    """The address of the OpenMP runtime's function that runs work on its threads, if torch has loaded one.

    Kernels share torch's threads in this way; two sets would get in each other's way. A forked child has none of those
    threads, and OpenMP would wait for them: there kernels start threads of their own.
    """
    return openmp() if os.getpid() == PROCESS else None


@cache
def openmp() -> int | None:
    """The address of `GOMP_parallel`."""
    function = getattr(ctypes.CDLL(None), "GOMP_parallel", None)
    return ctypes.cast(function, ctypes.c_void_p).value if function is not None else None


def threads_for(batch: int) -> int:
    """How many threads share the rows of a batch. Others may help them with the columns of their products."""
    return min(torch.get_num_threads(), batch)


class Kernel:
    """The functions of a program, on tensors.

    Args:
        program: what the compiler made.
        poison: fill scratch memory with NaN before use, so that a test sees whatever is read before it is written.
        flags: for the C++ compiler; the usual ones if None.
    """

    def __init__(self, program: Program, *, poison: bool = False, flags: tuple[str, ...] | None = None):
        self.program, self.poison = program, poison
        library = load(program.source, name=program.title, flags=flags)
        self.forward_function, self.backward_function = library.holdfast_forward, library.holdfast_backward
        for function in (self.forward_function, self.backward_function):
            function.argtypes, function.restype = [ctypes.c_void_p], None
        library.holdfast_forward_packed.restype = ctypes.c_int64
        self.packed_size: int = library.holdfast_forward_packed()

    def new(self, *shape: int) -> Tensor:
        """Memory for the kernel to fill."""
        return self.blank(POOL.empty(*shape, dtype=self.program.dtype))

    def blank(self, memory: Tensor) -> Tensor:
        """Memory whose content does not matter."""
        return memory.fill_(torch.nan) if self.poison else memory

    def forward(
        self,
        x: Tensor,
        state: Sequence[Tensor],
        parameters: Sequence[Tensor],
        masks: Masks,
        *,
        keep: bool,
        output: Tensor | None = None,
        saved: Tensor | None = None,
    ):
        """The unroll: output (T, B, H), the last states, and what the backward pass needs if it is to be kept.

        Args:
            output, saved: where to write them; new memory unless given.
        """
        steps, batch = x.shape[:2]
        layout, slots = self.program.layout, steps if keep else min(steps, 2)
        output = self.new(steps, batch, layout.states[0]) if output is None else self.blank(output)
        last = [self.new(batch, size) for size in layout.states]
        saved = self.new(slots, batch, layout.kept_size) if saved is None else self.blank(saved)
        call = Call(self, x, state, self.program.prologue(*parameters), masks)
        call.set(output=output, saved=saved, slots=len(saved))
        call.set_list(last=last)
        self.forward_function(ctypes.addressof(call.arguments))
        return output, last, saved

    def no_sums(self, batch: int) -> Tensor:
        """Zeros (threads, all sums over rows and steps), for `backward` to add to and `epilogue` to read."""
        return torch.zeros(threads_for(batch), sum(self.program.layout.sums), dtype=self.program.dtype)

    def backward(
        self,
        x: Tensor,
        state: Sequence[Tensor],
        parameters: Sequence[Tensor],
        masks: Masks,
        output: Tensor,
        saved: Tensor,
        d_output: Tensor | None,
        d_last: Sequence[Tensor | None],
        sums: Tensor,
        d_input: Tensor | None,
    ) -> list[Tensor]:
        """The gradients of the states; adds to the sums.

        Args:
            d_input: where to write the gradient of x; None if it is not wanted.
        """
        program, batch = self.program, x.shape[1]
        layout = program.layout
        if d_input is None and not program.input_gradient_is_optional:
            d_input = self.new(*x.shape)
        d_state = [self.new(batch, size) for size in layout.states]
        call = Call(self, x, state, program.prologue(*parameters), masks)
        call.set(output=output, saved=saved, slots=len(saved), d_input=d_input, sums=sums)
        zeros = x.new_zeros(layout.states[0]) if d_output is None else None
        call.set(d_output=zeros if d_output is None else d_output.contiguous())
        call.arguments.d_output_stride = 0 if d_output is None else layout.states[0]
        call.set_list(d_last=[None if d is None else d.contiguous() for d in d_last], d_state=d_state)
        self.backward_function(ctypes.addressof(call.arguments))
        return d_state

    def epilogue(self, sums: Tensor, parameters: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        """The gradients of the parameters, from each thread's sums (threads, all of them)."""
        shapes = self.program.sums
        parts = sums.sum(0).split([prod(shape) for shape in shapes])
        return self.program.epilogue(*parameters, *(p.view(shape) for p, shape in zip(parts, shapes, strict=True)))


class Call:
    """The arguments of one call, and all that must stay alive while it runs."""

    def __init__(self, kernel: Kernel, x: Tensor, state: Sequence[Tensor], arrays: Sequence[Tensor], masks: Masks):
        self.alive: list[object] = []
        steps, batch = x.shape[:2]
        self.arguments = Arguments(steps=steps, batch=batch, slots=steps, pack=1, poison=kernel.poison)
        self.arguments.threads = torch.get_num_threads() if steps > 1 else threads_for(batch)
        self.arguments.parallel = parallel_region()
        made = (Array * max(1, len(arrays)))()
        for place, array, matrix in zip(made, arrays, kernel.program.matrices, strict=False):
            array = array if matrix else array.contiguous()
            self.alive.append(array)
            place.data = array.data_ptr()
            place.stride0, place.stride1 = array.stride() if array.ndim == 2 else (0, 0)
        self.alive.append(made)
        self.arguments.arrays = ctypes.addressof(made)
        self.set(input=x, lengths=masks.lengths, order=masks.order, reset=masks.reset)
        self.set_list(state=state)

    def set(self, **values: Tensor | int | None) -> None:
        """Set fields to numbers or to the addresses of tensors."""
        for name, value in values.items():
            if isinstance(value, Tensor):
                assert value.is_contiguous()
                self.alive.append(value)
                value = value.data_ptr()
            setattr(self.arguments, name, value)

    def set_list(self, **values: Sequence[Tensor | None]) -> None:
        """Set fields to the addresses of arrays of addresses."""
        for name, tensors in values.items():
            assert all(tensor is None or tensor.is_contiguous() for tensor in tensors)
            made = (ctypes.c_void_p * len(tensors))(*(None if t is None else t.data_ptr() for t in tensors))
            self.alive += [made, *tensors]
            setattr(self.arguments, name, ctypes.addressof(made))
