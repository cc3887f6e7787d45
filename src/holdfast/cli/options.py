"""The options of tasks, models and training on a parser, and what was given back as settings."""

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

from holdfast.cli.build import Named, entry_of, model_options, task_of
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser, add_options, argument_help, optional
from holdfast.layers import Recurrent
from holdfast.models import CausalRival, PooledModel, Rival, SequenceModel
from holdfast.training import Choice, TrainingSettings

LEFT_OUT = {"form": "code", "refine_bias": "own", "last_start": 0.0}
"""Options of models that settings hold only where they are not these: so runs from before there were such go on."""

MORE = "The options of a task and of a model are shown once they are named: add --help after their names."


def add_config(parser: Parser) -> None:
    """`--config` and `--print_config`."""
    parser.add_argument("--config", action="config", metavar="FILE", help="settings from a YAML or JSON file")


def add_task(parser: Parser, name: str | None) -> None:
    """`--task`, and the options of the task if it is known.

    Raises:
        UserError: there is no task of that name.
    """
    parser.add_argument("--task.name", metavar="NAME", type=str, help="the task; or short, --task NAME")
    if name is not None:
        task = task_of(name)
        title = f"task {name}: {task.summary}"
        add_options(parser, "task", title, signature(task).parameters, argument_help(task.__mro__))


def add_model(parser: Parser, name: str | None) -> None:
    """`--model`, and the options of the model if it is known.

    Raises:
        UserError: there is no model of that name.
    """
    parser.add_argument("--model.name", metavar="NAME", type=str, help="the model; or short, --model NAME")
    if name is not None:
        entry = entry_of(name)
        add_options(parser, "model", f"model {name}: {entry.summary}", model_options(entry), model_help(entry))


def add_training(parser: Parser) -> None:
    """The options of `TrainingSettings`."""
    help = argument_help([TrainingSettings])
    add_options(parser, "training", "training", signature(TrainingSettings).parameters, help)


def add_common(parser: Parser, names: list[str]) -> None:
    """Options that are given to each of several models that has them; unless given, each keeps its own default."""
    help: dict[str, str] = {}
    parameters: dict[str, Parameter] = {}
    for entry in map(entry_of, names):
        help = model_help(entry) | help
        for option, parameter in model_options(entry).items():
            parameters.setdefault(option, optional(parameter))
    add_options(parser, "model", "model: given to each model that has the option", parameters, help)


def model_help(entry: Named) -> dict[str, str]:
    """What the docstrings of its parts say of the options of a model."""
    if isinstance(entry, Rival):
        return argument_help([entry.network, PooledModel]) | {"hidden_size": "width of the steps in the network"}
    if isinstance(entry, CausalRival):
        help = argument_help([entry.network, SequenceModel])
    else:
        initialiser = getattr(entry.initialiser, "func", entry.initialiser)
        help = argument_help([initialiser, *entry.cell_classes(), Recurrent, SequenceModel])
    own = {
        "hidden_size": "units of each cell",
        "embedding_size": "width to which inputs are embedded; null for hidden_size if they are symbols, else for none",
    }
    return help | own


def task_choice(values: Mapping[str, Any]) -> Choice:
    """The task that was chosen.

    Raises:
        UserError: none was.
    """
    if values.get("name") is None:
        raise UserError("no task was named; add --task NAME (`holdfast list tasks` shows them)")
    return Choice.from_dict(values)


def model_choice(name: str, options: Mapping[str, Any]) -> Choice:
    """A model with all its options, those given and the defaults of the others.

    Raises:
        UserError: an option that it does not have, or that is missing or of the wrong type.
    """
    parser = Parser("", "", "")
    add_model(parser, name)
    return model_of(parser.parse_object({"model": {"name": name, **options}}).as_dict()["model"])


def model_of(values: Mapping[str, Any]) -> Choice:
    """The model that a parser gives, with its options."""
    return Choice.from_dict(values).without(LEFT_OUT)
