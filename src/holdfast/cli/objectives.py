"""What is minimised, by name: labels alone, or with an auxiliary loss beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, get_args, get_origin

import torch
from torch import nn

from holdfast.cli.build import network_of
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser, add_options, argument_help, optional
from holdfast.layers import Recurrent
from holdfast.models import PooledModel, SequenceModel
from holdfast.objectives import (
    Annealed,
    Assisted,
    Autoencoder,
    Budgeted,
    BudgetSettings,
    CurriculumSettings,
    LanguageModel,
    Prediction,
    PredictionSettings,
    PretrainingSettings,
    Reconstruction,
    ReconstructionSettings,
    SlopeSettings,
    Streamed,
    Widened,
    readable,
)
from holdfast.spelling import did_you_mean
from holdfast.training import Choice

LABELS = "labels"
"""The name of the plain objective."""
OWN_CHANCE = 1 << 31
"""Added to a run's seed, so that an auxiliary network does not start with the model's own numbers."""

LEFT_OUT = {"gain": "last step"}
"""Options that settings hold only where they are not these: so runs from before there was such an option go on."""


@dataclass(frozen=True)
class Entry:
    """An objective with a name.

    Args:
        name: as the command line knows it.
        summary: one line.
        auxiliary: the class of the loss on the inputs beside the labels; None for none.
        settings: the class of its settings.
        learner: the class of what trains in the place of the model, made from it and the settings; None for `Assisted`.
    """

    name: str
    summary: str
    auxiliary: Any = None
    settings: Any = None
    learner: Any = None


OBJECTIVES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(LABELS, "the task's own loss"),
        Entry(
            "reconstruction",
            "with it, segments of the past are to be said again from random anchors (r-LSTM)",
            Reconstruction,
            ReconstructionSettings,
        ),
        Entry(
            "prediction",
            "with it, what follows random anchors is to be foreseen (p-LSTM)",
            Prediction,
            PredictionSettings,
        ),
        Entry(
            "autoregression",
            "with it, the layer itself says at every step which token comes next (LM-LSTM)",
            LanguageModel,
            PretrainingSettings,
        ),
        Entry(
            "autoencoder",
            "with it, the layer says the whole sequence again from its last state (SA-LSTM)",
            Autoencoder,
            PretrainingSettings,
        ),
        Entry(
            "budget",
            "with it, updates have a price, for layers whose units may rest: time gates, cells that skip",
            settings=BudgetSettings,
            learner=Budgeted,
        ),
        Entry(
            "curriculum",
            "Gaussian gates open more and more, until the network is an LSTM",
            settings=CurriculumSettings,
            learner=Widened,
        ),
        Entry(
            "slope",
            "the boundaries of an hm-lstm get a sharper and sharper gradient",
            settings=SlopeSettings,
            learner=Annealed,
        ),
    )
}
"""Every objective."""


def objective_of(name: str) -> Entry:
    """The objective of that name.

    Raises:
        UserError: there is none; the message names the nearest.
    """
    if name not in OBJECTIVES:
        known = f"there are {', '.join(OBJECTIVES)}"
        raise UserError(f"there is no objective '{name}'; {did_you_mean(name, OBJECTIVES, known)}")
    return OBJECTIVES[name]


def objective_options(entry: Entry) -> dict[str, Parameter]:
    """What an objective can be told."""
    own = signature(entry.settings).parameters.values() if entry.settings else ()
    return _options_of_assisted(entry) | {parameter.name: _listed(parameter) for parameter in own}


def add_objective(parser: Parser, name: str | None) -> None:
    """`--objective`, and the options of the objective.

    Raises:
        UserError: there is no objective of that name.
    """
    entry = objective_of(name or LABELS)
    parser.add_argument(
        "--objective.name", metavar="NAME", type=str, default=LABELS, help="; ".join(map(_line, OBJECTIVES))
    )
    title = f"objective {entry.name}: {entry.summary}"
    add_options(parser, "objective", title, objective_options(entry), objective_help(entry))


def add_common_objective(parser: Parser, name: str | None, models: Mapping[str, Mapping[str, Any]]) -> None:
    """`--objective`, and the options of all objectives that models have; unless given, each keeps its own default.

    Args:
        parser: of a comparison.
        name: of the objective that models have unless they bring their own.
        models: label -> what was said of a model.
    """
    parser.add_argument(
        "--objective.name", metavar="NAME", type=str, default=LABELS, help="of models without their own"
    )
    help: dict[str, str] = {}
    parameters: dict[str, Parameter] = {}
    usual = name or LABELS
    names = [usual, *(_brought(model).get("name", usual) for model in models.values())]
    for entry in map(objective_of, dict.fromkeys(names)):
        help = objective_help(entry) | help
        for option, parameter in objective_options(entry).items():
            parameters.setdefault(option, optional(parameter))
    add_options(parser, "objective", "objective: given to each that has the option", parameters, help)


def shared_objective(model: Mapping[str, Any], common: Mapping[str, Any]) -> Choice | None:
    """The objective of one of several models: what it brings itself, and what is said for all."""
    own = _brought(model)
    name = own.get("name", common["name"])
    known = objective_options(objective_of(name))
    return objective_choice(
        {key: value for key, value in common.items() if key in known and value is not None} | own | {"name": name}
    )


def objective_help(entry: Entry) -> dict[str, str]:
    """What the docstrings of its parts say of the options of an objective."""
    help = argument_help([entry.settings, Assisted] if entry.settings else [Assisted])
    return help | {"label_truncation": argument_help([Assisted])["truncation"]}


def objective_choice(values: Mapping[str, Any]) -> Choice | None:
    """The objective that was chosen, with all its options; None for the plain one.

    Raises:
        UserError: an option that it does not have, or of the wrong type.
    """
    parser = Parser("", "", "")
    add_objective(parser, values.get("name"))
    choice = Choice.from_dict(parser.parse_object({"objective": dict(values)}).as_dict()["objective"])
    choice = choice.without(LEFT_OUT)
    return None if choice == Choice(LABELS, {"label_truncation": None}) else choice


def build_learner(
    choice: Choice | None, model: SequenceModel | PooledModel, seed: int, *, endless: bool = False
) -> nn.Module:
    """The model with what helps it to learn; the model itself if nothing does.

    Args:
        choice: the objective; None for the task's own loss.
        model: that is to learn.
        seed: of an auxiliary network.
        endless: whether the task has no end, so that the model's state is carried.

    Raises:
        ValueError: an option is out of its range.
    """
    if endless:
        return _streamed(choice, model)
    if choice is None:
        return model
    network = network_of(model)
    if isinstance(model, PooledModel) or not isinstance(network, Recurrent):
        raise UserError(
            f"objective {choice.name} is for recurrent models, which have a state at every step; a "
            f"{type(network).__name__} learns from whole sequences: give it {{objective: {LABELS}}} of its own, "
            "without a truncation"
        )
    entry, options = objective_of(choice.name), dict(choice.options)
    if entry.learner is not None:
        return entry.learner(model, entry.settings(**options))
    shared = {name: options.pop(name) for name in ("gain", "pretraining", "afterwards") if name in options}
    truncation = options.pop("label_truncation")
    auxiliary = None
    if entry.auxiliary is not None:
        generator = torch.Generator().manual_seed(seed + OWN_CHANCE)
        settings = entry.settings(**{**options, "head_sizes": tuple(options["head_sizes"])})
        auxiliary = entry.auxiliary(readable(model), settings, generator=generator)
    return Assisted(model, auxiliary, truncation=truncation, **shared)


def _streamed(choice: Choice | None, model: SequenceModel | PooledModel) -> nn.Module:
    if isinstance(model, PooledModel) or not isinstance(model.layer, Recurrent):
        raise UserError("a task without an end is for recurrent models, whose state can be carried")
    options = {} if choice is None else dict(choice.options)
    if choice is not None and (choice.name != LABELS or options.keys() > {"label_truncation"}):
        raise UserError(
            "a task without an end is learnt from its labels at every step: give objective labels, with "
            "objective.label_truncation for the window"
        )
    return Streamed(model, window=options.get("label_truncation"))


def _options_of_assisted(entry: Entry) -> dict[str, Parameter]:
    """What all objectives can be told that help a model to learn from its labels."""
    if entry.learner is not None:
        return {}
    of_assisted = signature(Assisted).parameters
    options = {"label_truncation": _option("label_truncation", None, int | None), "gain": of_assisted["gain"]}
    if entry.auxiliary is None:
        return options
    return options | {"pretraining": _option("pretraining", 0, int), "afterwards": of_assisted["afterwards"]}


def _option(name: str, default: Any, annotation: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _listed(parameter: Parameter) -> Parameter:
    """The parameter as a file has it, which knows lists and no tuples."""
    if get_origin(parameter.annotation) is not tuple:
        return parameter
    return parameter.replace(annotation=list[get_args(parameter.annotation)[0]], default=list(parameter.default))


def _brought(model: Mapping[str, Any]) -> dict[str, Any]:
    """The objective that one of several models brings, with what is said of it; a name may stand alone."""
    own = model.get("objective") or {}
    return {"name": own} if isinstance(own, str) else dict(own)


def _line(name: str) -> str:
    return f"{name}: {OBJECTIVES[name].summary}"
