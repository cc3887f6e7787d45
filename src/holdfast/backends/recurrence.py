"""A linear recurrence over time, all steps at once."""

import torch
from torch import Tensor

from holdfast.backends.pool import POOL


def linear_recurrence(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """Every h_t = a_t h_{t-1} + b_t, in O(log T) operations on whole sequences instead of T on single steps.

    Steps are joined in pairs, h_t = (a_t a_{t-1}) h_{t-2} + (a_t b_{t-1} + b_t), pairs in pairs, and so on up a tree;
    then the states between follow on the way down. It takes about 3 T products where the loop takes T. Nothing is
    divided, so it is as exact as the loop.

    Args:
        a: (T, B or 1, width), real or complex.
        b: (T, B, width).
        initial: h before the first step, (B, width).

    Returns:
        h (T, B, width). It can be differentiated any number of times.

    Source: blelloch1990prefix, martin2018parallelizing.
    """
    return LinearRecurrence.apply(a, b, initial)  # pyright: ignore[reportReturnType]


class LinearRecurrence(torch.autograd.Function):
    """Its gradient is the same recurrence backwards: d_t = conj(a_{t+1}) d_{t+1} + (gradient of h_t)."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        h = room_for(b).copy_(b)
        h[0].addcmul_(a[0], initial)
        join(a[1:], h, reverse=False)
        ctx.save_for_backward(a, initial, h)
        return h

    @staticmethod
    def backward(ctx, *gradients: Tensor):
        a, initial, h = ctx.saved_tensors
        d = Reversed.apply(a, gradients[0])
        d_a = against_the_past(d, initial, h).sum_to_size(a.shape) if ctx.needs_input_grad[0] else None
        return d_a, d, a[0].conj() * d[0]


class Reversed(torch.autograd.Function):
    """Every d_t = conj(a_{t+1}) d_{t+1} + g_t, from the last step to the first; the last one is g_T."""

    @staticmethod
    def forward(ctx, a: Tensor, g: Tensor) -> Tensor:
        d = room_for(g).copy_(g)
        join(a[1:].conj().resolve_conj(), d, reverse=True)
        ctx.save_for_backward(a, d)
        return d

    @staticmethod
    def backward(ctx, *gradients: Tensor):
        a, d = ctx.saved_tensors
        h = linear_recurrence(a, gradients[0], torch.zeros_like(d[0]))
        return against_the_past(d, torch.zeros_like(d[0]), h).sum_to_size(a.shape), h


def join(a: Tensor, h: Tensor, *, reverse: bool) -> None:
    """The recurrence in place: h (T, B, width) comes as b and becomes the states.

    Args:
        a: (T - 1, B or 1, width), the factors of all steps but the first, whose factor nothing is multiplied with.
        reverse: whether the recurrence runs from the last step to the first; factors and states stay in order of time.
    """
    levels, stride = [a], 1
    while 2 * stride <= len(h):  # up the tree: the right one of each pair takes in the left one
        right = every(h, 2 * stride - 1, 2 * stride, reverse)
        left = every(h, stride - 1, 2 * stride, reverse, len(right))
        right.addcmul_(every(levels[-1], 0, 2, reverse, len(right)), left)
        odd = every(levels[-1], 2, 2, reverse)
        levels.append(torch.mul(odd, every(levels[-1], 1, 2, reverse, len(odd)), out=room_for(odd)))
        stride *= 2
    for factors in reversed(levels[:-1]):  # down: the left one of each pair takes in the pair before it
        stride //= 2
        left = every(h, 3 * stride - 1, 2 * stride, reverse)
        before = every(h, 2 * stride - 1, 2 * stride, reverse, len(left))
        left.addcmul_(every(factors, 1, 2, reverse, len(left)), before)


def every(x: Tensor, first: int, step: int, reverse: bool, count: int | None = None) -> Tensor:
    """A view of the steps first, first + step, ... of x, at most `count`; counted from the end if `reverse`."""
    there = max(0, -(-(len(x) - first) // step))
    taken = there if count is None else min(count, there)
    if taken == 0:
        return x[:0]
    last = first + (taken - 1) * step
    return x[len(x) - 1 - last : len(x) - first : step] if reverse else x[first : last + 1 : step]


def against_the_past(d: Tensor, initial: Tensor, h: Tensor) -> Tensor:
    """Every d_t times conj(h_{t-1}): the gradient of a_t."""
    before = initial.unsqueeze(0).conj(), h[:-1].conj()
    if torch.is_grad_enabled():
        return torch.cat([d[:1] * before[0], d[1:] * before[1]])
    product = room_for(d)
    torch.mul(d[:1], before[0], out=product[:1])
    torch.mul(d[1:], before[1], out=product[1:])
    return product


def room_for(like: Tensor) -> Tensor:
    """Uninitialised memory for what has the shape of `like`; on the CPU from the pool, since new memory is dear."""
    if like.device.type == "cpu":
        return POOL.empty(*like.shape, dtype=like.dtype)
    return torch.empty(like.shape, dtype=like.dtype, device=like.device)
