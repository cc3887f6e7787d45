"""A fast kernel with one derivative, and the reference for every further one."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from holdfast.cells import Cell


def first_order(fast, slow, cell: Cell, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """`fast(cell, x, state)`, whose gradient, if it is itself to be differentiated, is that of `slow`.

    Args:
        fast, slow: functions of a cell, x (T, B, I) and a state to a tuple of tensors, equal but for speed.
    """
    if not torch.is_grad_enabled():
        return fast(cell, x, state)
    names, parameters = zip(*cell.named_parameters(), strict=True)
    run_fast, run_slow = (Unroll(cell, names, function) for function in (fast, slow))
    return FirstOrder.apply(run_fast, run_slow, x, *state, *parameters)


class Unroll(nn.Module):
    """`function(cell, x, state)` as a function of one flat list of tensors: x, the states, the parameters."""

    def __init__(self, cell: Cell, names: tuple[str, ...], function):
        super().__init__()
        self.cell, self.names, self.function = cell, names, function

    def forward(self, x: Tensor, state: tuple[Tensor, ...]):
        return self.function(self.cell, x, state)

    def flat(self, tensors) -> tuple[Tensor, ...]:
        x, *state = tensors[: -len(self.names)]
        values = {f"cell.{n}": v for n, v in zip(self.names, tensors[-len(self.names) :], strict=True)}
        return functional_call(self, values, (x, tuple(state)))


class FirstOrder(torch.autograd.Function):
    """Runs the fast function on a graph of its own; differentiates that graph, or the slow function's if need be."""

    @staticmethod
    def forward(ctx, run_fast: Unroll, run_slow: Unroll, *tensors: Tensor):
        with torch.enable_grad():
            inner = [t.detach().requires_grad_(t.requires_grad) for t in tensors]
            outputs = run_fast.flat(inner)
        # saved, and not kept on ctx: what the graph holds is then freed once the backward pass is done
        ctx.save_for_backward(*tensors, *inner, *outputs)
        ctx.run_slow, ctx.count = run_slow, len(tensors)
        return tuple(output.detach() for output in outputs)

    @staticmethod
    def backward(ctx, *gradients: Tensor):
        wanted = [i for i, needed in enumerate(ctx.needs_input_grad[2:]) if needed]
        saved, n = ctx.saved_tensors, ctx.count
        inner, outputs = saved[n : 2 * n], saved[2 * n :]
        if torch.is_grad_enabled():  # create_graph=True: the gradient itself must be differentiable
            inner, outputs = saved[:n], ctx.run_slow.flat(saved[:n])
        found = torch.autograd.grad(
            outputs,
            [inner[i] for i in wanted],
            gradients,
            create_graph=torch.is_grad_enabled(),
            retain_graph=True,
            allow_unused=True,
        )
        by_position = dict(zip(wanted, found, strict=True))
        return None, None, *(by_position.get(i) for i in range(n))
