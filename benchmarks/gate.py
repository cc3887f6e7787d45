"""Right first, then fast: no holdfast kernel is timed before its numbers are checked."""

import torch
from torch import Tensor

from benchmarks.contenders import ELSEWHERE, holdfast_layer
from benchmarks.workloads import Workload

# Largest difference allowed, relative to the largest number of the tensor.
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}
# The reference in float64 is slow: at large sizes it takes fewer steps.
WORK = 2e8


def passes(label: str, workload: Workload) -> str | None:
    """None if the outputs and gradients of `label` agree with the reference in float64, or else how far they are off.

    Contenders from elsewhere, and the reference itself, are taken as they are.
    """
    if label in ELSEWHERE or label.endswith("reference"):
        return None
    worst = difference(label, workload)
    if worst <= TOLERANCE[workload.dtype]:
        return None
    return f"{label} at {workload}: off by {worst:.1e} of the largest number, {TOLERANCE[workload.dtype]:.0e} allowed"


def difference(label: str, workload: Workload) -> float:
    """The largest difference of an output or a gradient, relative to the largest number of that tensor."""
    model, backend, *recompute = label.split()
    layer = holdfast_layer(model, workload, backend, "auto" if recompute else None)
    oracle = holdfast_layer(model, workload, "reference").double()
    oracle.load_state_dict(layer.state_dict())
    steps = min(workload.steps, max(2, int(WORK / (workload.batch * workload.hidden**2))))
    found, right = (numbers(each, workload, steps) for each in (layer, oracle))
    return max(relative(a, b) for a, b in zip(found, right, strict=True))


def numbers(layer: torch.nn.Module, workload: Workload, steps: int) -> list[Tensor]:
    """The output, and the gradients of all parameters and of the input."""
    dtype = next(layer.parameters()).dtype
    x = workload.x()[:steps].to(dtype).requires_grad_()
    lengths = workload.lengths()
    options = {} if lengths is None else {"lengths": lengths.clamp(max=steps)}
    output = layer(x, **options)[0]
    output.backward(workload.gradient(output.shape[-1])[:steps].to(dtype))
    gradients = [t.grad for t in (x, *layer.parameters())]
    return [output.detach(), *(gradient for gradient in gradients if gradient is not None)]


def relative(found: Tensor, right: Tensor) -> float:
    scale = right.abs().max().clamp(min=1e-30)
    worst = ((found.double() - right.double()).abs().max() / scale).item()
    return worst if worst == worst else float("inf")
