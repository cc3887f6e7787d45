"""From names and options to tasks, models and runs."""

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any, NoReturn

import torch
from torch import nn

from holdfast.cli.errors import UserError
from holdfast.layers import CATALOGUE, Entry, Recurrent, known
from holdfast.models import CAUSAL, RIVALS, Blueprint, CausalRival, Model, PooledModel, Rival, SequenceModel
from holdfast.spelling import did_you_mean
from holdfast.tasks import TASKS, Task
from holdfast.training import Choice, ModelCard

TORCHS_OWN = "PyTorch's own attention and layers"
"""What runs models that are no recurrence."""

HIDDEN_SIZE = 128
"""Units of a model unless it is said otherwise."""


Named = Entry | Rival | CausalRival

MODELS: dict[str, Named] = {**CATALOGUE, **RIVALS, **CAUSAL}
"""Every model that has a name: recurrent layers, and networks that are no recurrence."""


def model_named(name: str) -> Named | None:
    """The model of that name, be it a recurrent layer with modifiers before it, as in zoneout-nru; None if none is."""
    return MODELS.get(name) or known(name)


def entry_of(name: str) -> Named:
    """The model of that name.

    Raises:
        UserError: there is none; the message names the nearest.
    """
    found = model_named(str(name))
    return _missing("model", name, MODELS) if found is None else found


def task_of(name: str) -> type[Task]:
    """The task of that name.

    Raises:
        UserError: there is none; the message names the nearest.
    """
    return TASKS[name] if name in TASKS else _missing("task", name, TASKS)


def model_options(entry: Named) -> dict[str, Parameter]:
    """What a model can be told: its width and head, and all that its entry takes except the layout of its input."""
    width = Parameter("hidden_size", Parameter.KEYWORD_ONLY, default=HIDDEN_SIZE, annotation=int)
    head = Parameter("head_sizes", Parameter.KEYWORD_ONLY, default=[], annotation=list[int])
    embedded = Parameter("embedding_size", Parameter.KEYWORD_ONLY, default=None, annotation=int | None)
    dropped = signature(SequenceModel).parameters["dropconnect"]
    if isinstance(entry, Rival):
        return {"hidden_size": width, "head_sizes": head, "dropconnect": dropped, **entry.options()}
    layer = {name: parameter for name, parameter in entry.options().items() if name != "batch_first"}
    return {"hidden_size": width, "embedding_size": embedded, "head_sizes": head, "dropconnect": dropped, **layer}


def build_task(choice: Choice) -> Task:
    """The task with its options.

    Raises:
        ValueError: an option is out of its range.
    """
    return task_of(choice.name)(**choice.options)


def build_model(choice: Choice, task: Task, seed: int) -> Model:
    """The model for a task, its parameters drawn from the seed.

    Raises:
        ValueError: an option is out of its range, or the task asks what the model can't answer.
    """
    entry = entry_of(choice.name)
    if isinstance(entry, Rival) and task.readout != "last step":
        raise ValueError(
            f"{entry.name} gives one answer a sequence, and {task.name} asks at every step; choose a task that asks at "
            "the end, such as digits, or a recurrent model"
        )
    _check_clock(choice, task)
    return blueprint_of(choice, task).build(torch.Generator().manual_seed(seed))


def blueprint_of(choice: Choice, task: Task) -> Blueprint:
    """The model for a task, as plain values."""
    options = dict(choice.options)
    hidden_size, head_sizes, dropconnect = (options.pop(name) for name in ("hidden_size", "head_sizes", "dropconnect"))
    width = options.pop("embedding_size", None)
    if width is None and task.tokens == "symbols":
        width = hidden_size
    return Blueprint(
        name=choice.name,
        input_size=task.input_size,
        output_size=task.output_size,
        hidden_size=hidden_size,
        tokens=task.tokens,
        readout=task.readout,
        embedding_size=width,
        head_sizes=tuple(head_sizes),
        dropconnect=dropconnect,
        options=options,
    )


def card_of(choice: Choice, model: Model, objective: Choice | None = None) -> ModelCard:
    """What the record says of a model with a name, and of what it minimises."""
    entry = entry_of(choice.name)
    return ModelCard(choice.name, dict(choice.options), entry.summary, entry.sources, _backend(model), objective)


def _check_clock(choice: Choice, task: Task) -> None:
    """A clock of time stamps reads the last channel of an input, which must be one, and come as it is.

    Raises:
        ValueError: it reads something else.
    """
    if choice.options.get("clock") != "stamps":
        return
    if not task.stamped:
        raise ValueError(
            f"with --model.clock stamps {choice.name} takes the last channel of its input for the time, and that of "
            f"{task.name} is none; leave the option out to count steps, or choose a task with time stamps, such as "
            f"{next(name for name, known in TASKS.items() if known.stamped)}"
        )
    if choice.options.get("embedding_size") is not None:
        raise ValueError(
            "an embedding would mix the time stamps with the other channels before --model.clock stamps reads them; "
            "leave out --model.embedding_size"
        )


def _backend(model: Model) -> str:
    network = network_of(model)
    return str(network.explain()) if isinstance(network, Recurrent) else TORCHS_OWN


def network_of(model: Model) -> nn.Module:
    """What is between the inputs and the head: a recurrent layer, or a network that is no recurrence."""
    return model.encoder if isinstance(model, PooledModel) else model.layer


def _missing(kind: str, name: str, known: Mapping[str, Any]) -> NoReturn:
    hint = did_you_mean(str(name), known, f"`holdfast list {kind}s` shows those that there are")
    raise UserError(f"there is no {kind} '{name}'; {hint}")
