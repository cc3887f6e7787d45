"""Kernels as operations of torch's own: what `torch.compile`, `torch.export` and other tracers of torch's see of them.

A kernel is named by the content of its program, so that an exported model runs in any process that finds the program in
the cache: this one, a later one, one on another machine that has compiled the same cell.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import torch
from torch import Tensor

from holdfast.backends.kernel import Kernel, Masks
from holdfast.backends.programs import keep, program_of_key
from holdfast.backends.unroll import backward_over_segments, forward_over_segments

NAMED: dict[str, Kernel] = {}


@cache
def name_of(kernel: Kernel) -> str:
    """The name by which the operations know a kernel; its program is kept in the cache under it, if it can be."""
    name = keep(kernel.program) or f"unkept-{sha256(kernel.program.source.encode()).hexdigest()[:32]}"
    NAMED.setdefault(name, kernel)
    return name


def kernel_named(name: str) -> Kernel:
    """The kernel of that name: this process's, or one made from the program in the cache.

    Raises:
        RuntimeError: there is none; the message says what to do.
    """
    if name not in NAMED:
        program = program_of_key(name)
        if program is None:
            raise RuntimeError(
                f"this model was exported with the kernel {name}, which this version of holdfast does not find in its "
                "cache; run the layer once on this machine, or point HOLDFAST_CACHE to the folder that was in use at "
                "the export; after an upgrade of holdfast, torch or Python, export the model again"
            )
        NAMED[name] = Kernel(program)
    return NAMED[name]


@torch.library.custom_op("holdfast::unroll", mutates_args=())
def unroll(
    kernel: str,
    keep: bool,
    segment: int | None,
    x: Tensor,
    state: Sequence[Tensor],
    parameters: Sequence[Tensor],
    lengths: Tensor | None,
    order: Tensor | None,
    reset: Tensor | None,
) -> list[Tensor]:
    """The output (T, B, H), the last states, and what the backward pass needs, nothing unless `keep`.

    With a segment that is the states between segments, side by side: (segments - 1, B, sum of their widths).
    """
    named, masks, x = kernel_named(kernel), Masks(lengths, order, reset), x.contiguous()
    if not keep or segment is None:
        output, last, saved = named.forward(x, state, parameters, masks, keep=keep)
        return [output, *last, saved if keep else saved.new_empty(0)]
    output, last, anchors = forward_over_segments(named, x, state, parameters, masks, segment)
    joined = [torch.cat(list(anchor), -1) for anchor in anchors]
    return [output, *last, torch.stack(joined) if joined else x.new_empty(0, x.shape[1], widths(named))]


@unroll.register_fake
def _(kernel, keep, segment, x, state, parameters, lengths, order, reset):
    steps, batch = x.shape[:2]
    layout = kernel_named(kernel).program.layout
    last = [x.new_empty(batch, size) for size in layout.states]
    if not keep:
        saved = x.new_empty(0)
    elif segment is None:
        saved = x.new_empty(steps, batch, layout.kept_size)
    else:
        saved = x.new_empty((steps + segment - 1) // segment - 1, batch, widths(kernel_named(kernel)))
    return [x.new_empty(steps, batch, layout.states[0]), *last, saved]


def widths(kernel: Kernel) -> int:
    """How many numbers the states of a row are."""
    return sum(kernel.program.layout.states)


@torch.library.custom_op("holdfast::unroll_backward", mutates_args=())
def unroll_backward(
    kernel: str,
    segment: int | None,
    x: Tensor,
    state: Sequence[Tensor],
    parameters: Sequence[Tensor],
    lengths: Tensor | None,
    order: Tensor | None,
    reset: Tensor | None,
    output: Tensor,
    saved: Tensor,
    d_output: Tensor,
    d_last: Sequence[Tensor],
) -> list[Tensor]:
    """The gradients of x, of the states and of the parameters."""
    named, masks, x = kernel_named(kernel), Masks(lengths, order, reset), x.contiguous()
    d_input = torch.empty_like(x)
    if segment is None:
        sums = named.no_sums(x.shape[1])
        d_state = named.backward(x, state, parameters, masks, output, saved, d_output, d_last, sums, d_input)
        found = [*d_state, *named.epilogue(sums, parameters)]
    else:
        sizes = list(named.program.layout.states)
        anchors = [state, *([part.contiguous() for part in joined.split(sizes, -1)] for joined in saved)]
        found = backward_over_segments(named, x, anchors, parameters, masks, segment, d_output, d_last, d_input)
    filled = [
        torch.zeros_like(p) if d is None else d.clone(memory_format=torch.contiguous_format)
        for d, p in zip(found, (*state, *parameters), strict=True)
    ]
    return [d_input, *filled]


@unroll_backward.register_fake
def _(kernel, segment, x, state, parameters, lengths, order, reset, output, saved, d_output, d_last):
    return [x.new_empty(x.shape), *(part.new_empty(part.shape) for part in (*state, *parameters))]


def keep_for_backward(ctx, inputs, output) -> None:
    """What the gradient is computed from."""
    ctx.kernel, _, ctx.segment, x, state, parameters, *masks = inputs
    ctx.states, ctx.parameters = len(state), len(parameters)
    ctx.save_for_backward(x, *state, *parameters, *masks, output[0], output[-1])


def differentiate(ctx, gradients):
    """The gradients of `unroll`."""
    x, *rest = ctx.saved_tensors
    state, rest = rest[: ctx.states], rest[ctx.states :]
    parameters, (*masks, output, saved) = rest[: ctx.parameters], rest[ctx.parameters :]
    d_output, *d_last, _ = gradients
    found = unroll_backward(ctx.kernel, ctx.segment, x, state, parameters, *masks, output, saved, d_output, d_last)
    d_input, d_state, d_parameters = found[0], found[1 : 1 + ctx.states], found[1 + ctx.states :]
    return None, None, None, d_input, d_state, d_parameters, None, None, None


unroll.register_autograd(differentiate, setup_context=keep_for_backward)


def refuse(ctx, gradients):
    """A gradient of the gradient."""
    raise RuntimeError(
        "a layer within torch.compile or torch.export can be differentiated once; for gradients of gradients, call the "
        "layer itself"
    )


unroll_backward.register_autograd(refuse)
