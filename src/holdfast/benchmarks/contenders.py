"""Who competes: each contender turns a workload into something that runs, or says that it can't."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import holdfast
from holdfast.backends.build import BuildError, find_toolchain
from holdfast.benchmarks import others
from holdfast.benchmarks.workloads import Workload
from holdfast.layers import Recurrent, lookup

STAND_IN = 1000  # for options without a default, such as the longest lag; no part in how long a step takes


@dataclass(frozen=True)
class Run:
    """One contender at one workload, ready to go.

    Args:
        forward: the outputs, without a graph.
        training: forward and backward, to gradients of all parameters; the input needs none.
        products, training_products: floating-point operations of the matrix products of both; 0 if unknown.
    """

    forward: Callable[[], object]
    training: Callable[[], object]
    products: int = 0
    training_products: int = 0


def holdfast_layer(model: str, workload: Workload, backend: str, recompute=None) -> Recurrent:
    """The layer of the catalogue with always the same parameters."""
    options: dict[str, Any] = dict.fromkeys(lookup(model).required(), STAND_IN)
    generator = torch.Generator().manual_seed(0)
    options |= {"generator": generator, "dtype": workload.dtype, "backend": backend, "recompute": recompute}
    return holdfast.make(model, workload.inputs, workload.hidden, **options)


def holdfast_run(model: str, workload: Workload, backend: str, recompute=None) -> Run:
    layer = holdfast_layer(model, workload, backend, recompute)
    lengths = workload.lengths()
    options = {} if lengths is None else {"lengths": lengths}
    return module_run(layer, workload.x(), workload.gradient(layer.output_size), **options)


def torch_run(kind: type[nn.Module], workload: Workload) -> Run:
    torch.manual_seed(0)
    layer = kind(workload.inputs, workload.hidden, dtype=workload.dtype)
    x, gradient, lengths = workload.x(), workload.gradient(workload.hidden), workload.lengths()
    if lengths is not None:
        x = pack_padded_sequence(x, lengths, enforce_sorted=False)
        gradient = gradient.reshape(-1, workload.hidden)[: len(x.data)]
    return module_run(layer, x, gradient)


def module_run(layer: nn.Module, x, gradient: Tensor, **options) -> Run:
    """A layer with torch's interface, driven as a training loop would."""

    def forward():
        with torch.no_grad():
            return layer(x, **options)

    def training():
        layer.zero_grad(set_to_none=True)
        output = layer(x, **options)[0]
        output = output if isinstance(output, Tensor) else output.data
        output.backward(gradient)

    rows = gradient.shape[0] * (gradient.shape[1] if gradient.dim() == 3 else 1)
    weights = {name: parameter.numel() for name, parameter in layer.named_parameters() if parameter.dim() == 2}
    from_input = sum(count for name, count in weights.items() if "weight_ih" in name)  # the input needs no gradient
    total = sum(weights.values())
    return Run(forward, training, 2 * rows * total, 2 * rows * (3 * total - from_input))


def prepare(label: str, workload: Workload) -> Run:
    """The run named by `label`: "ur-lstm compiled", "lstm reference", "ur-lstm compiled recompute", "nn.LSTM", ..."""
    if label in ELSEWHERE:
        return ELSEWHERE[label](workload)
    model, backend, *recompute = label.split()
    return holdfast_run(model, workload, backend, "auto" if recompute else None)


ELSEWHERE: dict[str, Callable[[Workload], Run]] = {
    "nn.LSTM": partial(torch_run, nn.LSTM),
    "nn.GRU": partial(torch_run, nn.GRU),
    "torchrecurrent PeepholeLSTM": lambda workload: module_run(
        others.torchrecurrent_layer(workload), workload.x(), workload.gradient(workload.hidden)
    ),
    "jax.lax.scan LSTM": lambda workload: Run(*others.jax_functions(workload)),
}


def installed(label: str) -> bool:
    """Whether that contender can take part on this machine."""
    package = {"torchrecurrent PeepholeLSTM": "torchrecurrent", "jax.lax.scan LSTM": "jax"}.get(label)
    if package:
        return others.is_installed(package)
    return label in ELSEWHERE or label.split()[1] != "compiled" or has_compiler()


def has_compiler() -> bool:
    """Whether kernels can be compiled on this machine."""
    try:
        find_toolchain()
    except BuildError:
        return False
    return True
