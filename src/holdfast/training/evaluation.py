"""How well a model does on a set that it does not learn from."""

from typing import Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from holdfast.tasks import Batch, Task
from holdfast.training.lessons import measured


@torch.no_grad()
def evaluate(
    fabric: Fabric,
    network: nn.Module,
    model: nn.Module,
    task: Task,
    *,
    split: Literal["validation", "test"],
    batch_size: int,
) -> dict[str, float]:
    """Every measure of the task, and of a model that has its own, as its mean over the counted targets of a whole set.

    Each process takes its rows of every batch, and the sums are added up.

    Args:
        fabric: the processes.
        network: the model, as `fabric.setup` returned it; it is left in training mode.
        model: itself.
        task: gives the set.
        split: "validation" or "test".
        batch_size: sequences evaluated at once, over all processes.
    """
    network.eval()
    totals: dict[str, Tensor] = {}
    for batch in task.evaluation_batches(split, batch_size):
        own = own_rows(fabric, batch)
        # Processes must call the model equally often, or they wait for each other: one without a share looks on.
        rows = (own if own.size else batch.rows(slice(1))).to(fabric.device)
        with fabric.autocast():
            outputs, own_measures = measured(network, model, rows)
            measures = task.measures(outputs, rows)
        for name, sum_and_count in {**measures, **own_measures}.items():
            counted = torch.tensor(sum_and_count, dtype=torch.float64) * (own.size > 0)
            totals[name] = totals.get(name, 0) + counted
    network.train()
    return {name: _mean(fabric, total) for name, total in sorted(totals.items())}


def own_rows(fabric: Fabric, batch: Batch) -> Batch:
    """This process's share of a batch that every process has made for itself."""
    return batch if fabric.world_size == 1 else batch.rows(slice(fabric.global_rank, None, fabric.world_size))


def added(fabric: Fabric, value: Tensor) -> Tensor:
    """A tensor summed over all processes; one alone keeps it as it is, for not every device holds float64."""
    if fabric.world_size == 1:
        return value
    total = fabric.all_reduce(value, reduce_op="sum")
    assert isinstance(total, Tensor)
    return total


def _mean(fabric: Fabric, sum_and_count: Tensor) -> float:
    total, count = added(fabric, sum_and_count)
    return float(total / count)
