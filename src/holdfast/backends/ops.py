"""Kernels as operations of torch's own, for `torch.export` and whatever else traces tensors that have no values.

A kernel is named by its number in this process, so an exported program runs in the process that exported it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from holdfast.backends.kernel import Kernel, Masks

NUMBERED: list[Kernel] = []


def number_of(kernel: Kernel) -> int:
    """The number by which the operations know a kernel."""
    if kernel not in NUMBERED:
        NUMBERED.append(kernel)
    return NUMBERED.index(kernel)


@torch.library.custom_op("holdfast::unroll", mutates_args=())
def unroll(
    number: int,
    x: Tensor,
    state: Sequence[Tensor],
    parameters: Sequence[Tensor],
    lengths: Tensor | None,
    order: Tensor | None,
    reset: Tensor | None,
) -> list[Tensor]:
    """The output (T, B, H), the last states, and what the backward pass needs."""
    masks = Masks(lengths, order, reset)
    output, last, saved = NUMBERED[number].forward(x.contiguous(), state, parameters, masks, keep=True)
    return [output, *last, saved]


@unroll.register_fake
def _(number, x, state, parameters, lengths, order, reset):
    steps, batch = x.shape[:2]
    layout = NUMBERED[number].program.layout
    last = [x.new_empty(batch, size) for size in layout.states]
    return [x.new_empty(steps, batch, layout.states[0]), *last, x.new_empty(steps, batch, layout.kept_size)]


@torch.library.custom_op("holdfast::unroll_backward", mutates_args=())
def unroll_backward(
    number: int,
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
    d_input, d_state, d_parameters = NUMBERED[number].backward(
        x.contiguous(),
        state,
        parameters,
        Masks(lengths, order, reset),
        output,
        saved,
        d_output,
        d_last,
        input_gradient=True,
    )
    assert d_input is not None
    filled = [
        torch.zeros_like(p) if d is None else d.clone(memory_format=torch.contiguous_format)
        for d, p in zip(d_parameters, parameters, strict=True)
    ]
    return [d_input, *d_state, *filled]


@unroll_backward.register_fake
def _(number, x, state, parameters, lengths, order, reset, output, saved, d_output, d_last):
    return [x.new_empty(x.shape), *(part.new_empty(part.shape) for part in (*state, *parameters))]


def keep_for_backward(ctx, inputs, output) -> None:
    """What the gradient is computed from."""
    ctx.number, x, state, parameters, *masks = inputs
    ctx.states, ctx.parameters = len(state), len(parameters)
    ctx.save_for_backward(x, *state, *parameters, *masks, output[0], output[-1])


def differentiate(ctx, gradients):
    """The gradients of `unroll`."""
    x, *rest = ctx.saved_tensors
    state, rest = rest[: ctx.states], rest[ctx.states :]
    parameters, (*masks, output, saved) = rest[: ctx.parameters], rest[ctx.parameters :]
    d_output, *d_last, _ = gradients
    found = unroll_backward(ctx.number, x, state, parameters, *masks, output, saved, d_output, d_last)
    d_input, d_state, d_parameters = found[0], found[1 : 1 + ctx.states], found[1 + ctx.states :]
    return None, d_input, d_state, d_parameters, None, None, None


unroll.register_autograd(differentiate, setup_context=keep_for_backward)
