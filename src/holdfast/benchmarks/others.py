"""Contenders from other packages, for whoever has them installed; holdfast needs none of them."""

from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import nn

from holdfast.benchmarks.workloads import Workload


def is_installed(package: str) -> bool:
    return find_spec(package) is not None


def torchrecurrent_layer(workload: Workload) -> nn.Module:
    """A layer of torchrecurrent, which has no plain LSTM: one with peepholes."""
    from torchrecurrent import PeepholeLSTM  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    return PeepholeLSTM(workload.inputs, workload.hidden, dtype=workload.dtype)


def jax_functions(workload: Workload) -> tuple[Callable[[], object], Callable[[], object]]:
    """An LSTM as `lax.scan`, jitted, with its input product hoisted: forward, and the gradients of its parameters.

    JAX divides the work among as many threads as it likes.
    """
    import jax  # pyright: ignore[reportMissingImports]
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    layer = nn.LSTM(workload.inputs, workload.hidden)
    parameters = [jnp.asarray(parameter.detach().numpy()) for parameter in layer.parameters()]
    x, gradient = (jnp.asarray(t.float().numpy()) for t in (workload.x(), workload.gradient(workload.hidden)))

    def unroll(parameters):
        weight_ih, weight_hh, bias_ih, bias_hh = parameters

        def step(state, p):
            h, c = state
            i, f, g, o = jnp.split(p + h @ weight_hh.T, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((workload.batch, workload.hidden))
        return jax.lax.scan(step, (zeros, zeros), x @ weight_ih.T + bias_ih + bias_hh)[1]

    forward = jax.jit(unroll)
    backward = jax.jit(jax.grad(lambda parameters: (unroll(parameters) * gradient).sum()))
    return lambda: forward(parameters).block_until_ready(), lambda: jax.block_until_ready(backward(parameters))
