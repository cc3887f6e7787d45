"""Right first, then fast: no holdfast kernel is timed before its numbers are checked."""

import torch
from torch import Tensor

from holdfast.benchmarks.contenders import ELSEWHERE, holdfast_layer
from holdfast.benchmarks.workloads import Workload, draw
from holdfast.layers import Recurrent

# Largest difference allowed, relative to the largest number of the tensor.
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}
ROUNDING = 5
# The reference in float64 is slow: at large sizes it takes fewer steps.
WORK = 2e8


def passes(label: str, workload: Workload) -> str | None:
    """None if the outputs and gradients of `label` agree with the reference in float64, or else how far they are off.

    Where the reference itself loses more to rounding than the tolerance, as one with rectified units over many steps
    does, the contender may be off a few times as far. A cell that trains by chance is held to the reference in its own
    precision, which draws the same. Contenders from elsewhere, and the reference itself, are taken as they are.
    """
    if label in ELSEWHERE or label.endswith("reference"):
        return None
    layer, oracle = layers(label, workload)
    if by_chance(layer, workload):
        return verdict(label, workload, difference(layer, oracle.to(workload.dtype), workload))
    off, limit = difference(layer, oracle, workload), TOLERANCE[workload.dtype]
    if off > limit:
        plain, _ = layers(f"{label.split()[0]} reference", workload)
        limit = max(limit, ROUNDING * difference(plain, oracle, workload))
    return verdict(label, workload, off, limit)


def stream_passes(label: str, workload: Workload, steps: int = 50) -> str | None:
    """The same for the outputs of single steps."""
    layer, oracle = layers(label, workload)
    x = draw(steps, workload.batch, workload.inputs, seed=1, dtype=workload.dtype)
    state, outputs = None, []
    with torch.no_grad():
        for step in x:
            output, state = layer.step(step, state)
            outputs.append(output)
        right, _ = oracle(x.double())
    return verdict(f"{label}, step by step,", workload, relative(torch.stack(outputs), right))


def verdict(label: str, workload: Workload, off: float, limit: float | None = None) -> str | None:
    """None if that is near enough, or else in words how far it is off."""
    limit = TOLERANCE[workload.dtype] if limit is None else limit
    return (
        None if off <= limit else f"{label} at {workload}: off by {off:.1e} of the largest number, {limit:.0e} allowed"
    )


def difference(layer: Recurrent, oracle: Recurrent, workload: Workload) -> float:
    """The largest difference of an output or a gradient, relative to the largest number of that tensor."""
    steps = min(workload.steps, max(2, int(WORK / (workload.batch * workload.hidden**2))))
    found, right = (numbers(each, workload, steps) for each in (layer, oracle))
    return max(relative(a, b) for a, b in zip(found, right, strict=True))


@torch.no_grad()
def by_chance(layer: Recurrent, workload: Workload) -> bool:
    """Whether what a layer gives changes with the seed."""
    x, outputs = workload.x()[:2], []
    with torch.random.fork_rng(devices=[]):
        for seed in (0, 1):
            torch.manual_seed(seed)
            outputs.append(layer(x.to(workload.dtype))[0])
    return not torch.equal(*outputs)


def layers(label: str, workload: Workload) -> tuple[Recurrent, Recurrent]:
    """The contender, and its reference in float64 with the same parameters."""
    model, backend, *recompute = label.split()
    layer = holdfast_layer(model, workload, backend, "auto" if recompute else None)
    oracle = holdfast_layer(model, workload, "reference").double()
    oracle.load_state_dict(layer.state_dict())
    return layer, oracle


def numbers(layer: torch.nn.Module, workload: Workload, steps: int) -> list[Tensor]:
    """The output without and with a graph, and the gradients of all parameters and of the input; chance from seed 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return _numbers(layer, workload, steps)


def _numbers(layer: torch.nn.Module, workload: Workload, steps: int) -> list[Tensor]:
    layer.zero_grad()
    dtype = next(layer.parameters()).dtype
    x = workload.x()[:steps].to(dtype).requires_grad_()
    lengths = workload.lengths()
    options = {} if lengths is None else {"lengths": lengths.clamp(max=steps)}
    with torch.no_grad():
        quiet = layer(x, **options)[0]
    output = layer(x, **options)[0]
    output.backward(workload.gradient(output.shape[-1])[:steps].to(dtype))
    gradients = [t.grad for t in (x, *layer.parameters())]
    return [quiet, output.detach(), *(gradient for gradient in gradients if gradient is not None)]


def relative(found: Tensor, right: Tensor) -> float:
    """The largest difference over the largest number; infinite where one is no number."""
    scale = right.abs().max().clamp(min=1e-30)
    worst = ((found.double() - right.double()).abs().max() / scale).item()
    return worst if worst == worst else float("inf")
