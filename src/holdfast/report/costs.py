"""What a sequence costs a model in multiply-adds, and what its units save by resting."""

import json
from functools import cache

import torch

from holdfast.cells import Sparing
from holdfast.layers import CATALOGUE
from holdfast.layers.updates import products
from holdfast.report.comparison import Row
from holdfast.report.run import Run
from holdfast.tasks import TASKS
from holdfast.training import Choice

HEAD = ("name", "hidden_size", "embedding_size", "head_sizes", "dropconnect")
"""Options of a model that are not those of its layer."""


def operations_of(run: Run) -> float | None:
    """Multiply-adds of a sequence of the test set; where units may rest those that were recorded, if any were."""
    name = run.model["name"]
    if name in CATALOGUE and issubclass(CATALOGUE[name].cell, Sparing):
        return run.reached("test", "operations")
    return operations_without_rest(run)


def share_of_operations(row: Row) -> float | None:
    """What is left of the operations where units rest, on average over the runs; None where that is not recorded."""
    done, whole = row.over("operations"), operations_without_rest(row.runs[0])
    return done.mean / whole if done and whole else None


def operations_without_rest(run: Run) -> float | None:
    """Multiply-adds of a sequence with all units updated at every step; None of a model or task without a name."""
    steps = run.description.get("task", {}).get("steps")
    if run.model["name"] not in CATALOGUE or run.task["name"] not in TASKS or not steps:
        return None
    try:
        return steps * _products(json.dumps(run.model), json.dumps(run.task))
    except (TypeError, ValueError):  # settings of another version, which is no reason to show nothing of the run
        return None


@cache
def _products(model: str, task: str) -> int:
    """Of a step, from the settings as JSON."""
    options, asked = json.loads(model), Choice.from_dict(json.loads(task))
    what = TASKS[asked.name](**asked.options)
    width = options.get("embedding_size") or (options["hidden_size"] if what.tokens == "symbols" else what.input_size)
    own = {name: value for name, value in options.items() if name not in HEAD}
    entry = CATALOGUE[options["name"]]
    layer = entry.build(width, options["hidden_size"], **own, generator=torch.Generator())
    return sum(products(layer._cell(k)) for k in range(len(layer.cells)))
