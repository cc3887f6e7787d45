"""A kernel over a sequence, as a function that autograd can differentiate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from holdfast.backends.kernel import Kernel, Masks


@dataclass(frozen=True)
class Run:
    """What a kernel is to do.

    Args:
        kernel: of the cell.
        states: how many states the cell has.
        masks: ends of rows, and resets.
        segment: steps whose activations are recomputed together in the backward pass; None to keep them all.
        reference: the same in plain PyTorch, from (x or p, states and parameters) to (output, *last states): it serves
            where the gradient itself is to be differentiated.
    """

    kernel: Kernel
    states: int
    masks: Masks
    segment: int | None
    reference: Callable[[Sequence[Tensor]], tuple[Tensor, ...]]

    def __call__(self, x: Tensor, state: Sequence[Tensor], parameters: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The output (T, B, H) and the last states."""
        tensors = (x, *state, *parameters)
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
            return Unrolled.apply(self, *tensors)
        output, last, _ = self.kernel.forward(x, state, parameters, self.masks, keep=False)
        return output, *last


class Unrolled(torch.autograd.Function):
    """Forward: one call of the kernel; backward: another; over segments, a call of each for every segment."""

    @staticmethod
    def forward(ctx, run: Run, x: Tensor, *tensors: Tensor):
        state, parameters = tensors[: run.states], tensors[run.states :]
        ctx.run = run
        if run.segment is None:
            output, last, saved = run.kernel.forward(x, state, parameters, run.masks, keep=True)
            ctx.save_for_backward(x, *tensors, output, saved)
            return output, *last
        output, last, anchors = forward_over_segments(run.kernel, x, state, parameters, run.masks, run.segment)
        ctx.save_for_backward(x, *tensors, *(part for anchor in anchors for part in anchor))
        return output, *last

    @staticmethod
    def backward(ctx, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        if torch.is_grad_enabled() or any(map(is_batched, gradients)):
            return None, *differentiable_gradient(ctx, gradients)
        return None, *gradient(ctx, gradients[0], gradients[1:])


def is_batched(tensor: Tensor) -> bool:
    """Whether a tensor stands for many, under vmap or `is_grads_batched`; kernels can't look into it."""
    functorch = torch._C._functorch  # torch has no public question for this  # pyright: ignore[reportAttributeAccessIssue]
    return functorch.is_batchedtensor(tensor) or functorch.is_legacy_batchedtensor(tensor)


@once_differentiable
def gradient(ctx, d_output: Tensor, d_last: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """The gradients of x, states and parameters, by the kernel."""
    run: Run = ctx.run
    x, *rest = ctx.saved_tensors
    count = len(ctx.needs_input_grad) - 2
    tensors, kept = rest[:count], rest[count:]
    state, parameters = tensors[: run.states], tensors[run.states :]
    wanted = ctx.needs_input_grad[1]
    if run.segment is None:
        output, saved = kept
        sums, d_input = run.kernel.no_sums(x.shape[1]), run.kernel.new(*x.shape) if wanted else None
        d_state = run.kernel.backward(x, state, parameters, run.masks, output, saved, d_output, d_last, sums, d_input)
        return d_input, *d_state, *run.kernel.epilogue(sums, parameters)
    anchors = [state, *(kept[k : k + run.states] for k in range(0, len(kept), run.states))]
    d_input = torch.empty_like(x) if wanted else None
    found = backward_over_segments(
        run.kernel, x, anchors, parameters, run.masks, run.segment, d_output, d_last, d_input
    )
    return d_input, *found


def windows(steps: int, segment: int) -> list[tuple[int, int]]:
    """First step, and the one after the last, of each segment."""
    return [(first, min(first + segment, steps)) for first in range(0, steps, segment)]


def forward_over_segments(
    kernel: Kernel, x: Tensor, state: Sequence[Tensor], parameters: Sequence[Tensor], masks: Masks, segment: int
) -> tuple[Tensor, Sequence[Tensor], list[Sequence[Tensor]]]:
    """The output, the last states, and the states between the segments: nothing else is kept."""
    output = kernel.new(*x.shape[:2], kernel.program.layout.states[0])
    anchors: list[Sequence[Tensor]] = [state]
    for first, end in windows(len(x), segment):
        part, within = output[first:end], masks.window(first, end)
        _, last, _ = kernel.forward(x[first:end], anchors[-1], parameters, within, keep=False, output=part)
        anchors.append(last)
    return output, anchors[-1], anchors[1:-1]


def backward_over_segments(
    kernel: Kernel,
    x: Tensor,
    anchors: Sequence[Sequence[Tensor]],
    parameters: Sequence[Tensor],
    masks: Masks,
    segment: int,
    d_output: Tensor,
    d_state: Sequence[Tensor | None],
    d_input: Tensor | None,
) -> list[Tensor | None]:
    """From the last segment to the first: run it again, keeping what is needed, and go back through it.

    All segments take turns in the same memory.

    Args:
        anchors: the states that each segment begins with.
        d_input: where to write the gradient of x; None if it is not wanted.

    Returns:
        The gradients of the first state and of the parameters.
    """
    layout, (steps, batch, _) = kernel.program.layout, x.shape
    sums = kernel.no_sums(batch)
    longest = min(segment, steps)
    outputs, kept = (kernel.new(longest, batch, size) for size in (layout.states[0], layout.kept_size))
    for (first, end), state in zip(reversed(windows(steps, segment)), reversed(anchors), strict=True):
        part, within = x[first:end], masks.window(first, end)
        output, saved = outputs[: end - first], kept[: end - first]
        kernel.forward(part, state, parameters, within, keep=True, output=output, saved=saved)
        d_part = None if d_input is None else d_input[first:end]
        d_state = kernel.backward(
            part, state, parameters, within, output, saved, d_output[first:end], d_state, sums, d_part
        )
    return [*d_state, *kernel.epilogue(sums, parameters)]


def differentiable_gradient(ctx, gradients: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """The same gradients through the reference, on a graph of their own; kept, if that is to be differentiated."""
    run, needed, again = ctx.run, ctx.needs_input_grad[1:], torch.is_grad_enabled()
    tensors = ctx.saved_tensors[: len(needed)]
    with torch.enable_grad():
        outputs = run.reference(tensors)
        wanted = [tensor for tensor, need in zip(tensors, needed, strict=True) if need]
        found = iter(torch.autograd.grad(outputs, wanted, gradients, create_graph=again, allow_unused=True))
    return tuple(next(found) if need else None for need in needed)
