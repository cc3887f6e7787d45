"""One question of an experiment: a task, the models that are asked, and what is claimed of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from holdfast.experiments.claims import Claim
from holdfast.experiments.literature import literature, taught
from holdfast.experiments.published import Published
from holdfast.training.settings import MOVABLE, TrainingSettings, flattened

Settings = Mapping[str, Any]
"""What a settings file of `holdfast compare` holds: task, models, model, objective, training, seeds."""
Scale = Literal["small", "full"]
SCALES: tuple[Scale, ...] = ("small", "full")
LABELS, OF_LABELS = "labels", ("name", "label_truncation")
"""The plain objective, and all that can be said of it: what is said for the other models' does not touch it."""
USUAL_TRAINING = asdict(TrainingSettings())
"""What holds of training unless it is said."""
UNSAID = "its default"
"""Stands for the value of an option that is not given."""
NOT_IN_PAPER = "not in the paper"
"""The one departure of a model that the paper does not have."""


@dataclass(frozen=True)
class Question:
    """One task, the models that are asked, and what is claimed of them.

    Args:
        name: of its folder.
        settings: the runs; `models` maps labels to a name and options.
        claims: what should come out.
        paper: the settings of the paper, where ours differ from them on purpose; None if ours are meant to be those.
        places: the tables or figures that are asked about, where the paper tells of the same models in others too.
        aliases: how the paper's numbers call a model that its settings do not tell from another.
    """

    name: str
    settings: Settings
    claims: tuple[Claim, ...] = ()
    paper: Settings | None = None
    places: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The models, as they are called here."""
        return tuple(self.settings["models"])

    def about(self, label: str) -> tuple[Claim, ...]:
        """The claims about one model."""
        return tuple(claim for claim in self.claims if claim.models[0] == label)

    def published(self, label: str, source: str) -> tuple[Published, ...]:
        """What a paper reports of a model on its own form of the task, as far as that is the one that is asked here.

        Of several models that it calls alike the first has it.
        """
        name = self._name_in_papers(label)
        if any(self._name_in_papers(other) == name for other in self.labels[: self.labels.index(label)]):
            return ()
        known = literature((self.paper or self.settings)["task"])
        found = known.of(name) if known.same else ()
        return tuple(
            entry for entry in found if entry.source == source and entry.where in (self.places or (entry.where,))
        )

    def _name_in_papers(self, label: str) -> str:
        if label in self.aliases:
            return self.aliases[label]
        paper = self.paper or self.settings
        asked = declared(paper, label) if label in paper["models"] else declared(self.settings, label)
        objective = asked["objective"]
        plain = objective["name"] == LABELS and objective.get("label_truncation") is None
        return taught(asked["model"]["name"], {} if plain else objective)

    def departures(self, label: str) -> list[str]:
        """Where a model's runs are asked to differ from the paper's: "task.lag 200 instead of 480"."""
        if self.paper is None:
            return []
        if label not in self.paper["models"]:
            return [NOT_IN_PAPER]
        ours, theirs = (flattened(declared(settings, label)) for settings in (self.settings, self.paper))
        return _differences(ours, theirs, {**theirs, **ours})

    def strays(self, label: str, recorded: Settings) -> list[str]:
        """Where a recorded run is not the one that is asked for; what the question leaves open may be anything."""
        asked, found = flattened(declared(self.settings, label)), flattened(recorded)
        found.setdefault("objective.name", "labels")
        own = self.settings["models"][label] or {}
        return _differences(found, asked, [name for name in asked if name in found or not _for_some(name, own)])


def declared(settings: Settings, label: str) -> dict[str, dict[str, Any]]:
    """What settings say of one model's runs: its own options go before those that are for all."""
    own = {"name": label, **(settings["models"][label] or {})}
    objective = own.pop("objective", {})
    objective = {"name": objective} if isinstance(objective, str) else objective
    objective = {"name": LABELS, **settings.get("objective", {}), **objective}
    if objective["name"] == LABELS:
        objective = {name: value for name, value in objective.items() if name in OF_LABELS}
    return {
        "task": dict(settings["task"]),
        "model": {**settings.get("model", {}), **own},
        "objective": objective,
        "training": dict(settings.get("training", {})),
    }


def _for_some(name: str, own: Mapping[str, Any]) -> bool:
    """Whether an option is said for all models, and so for those that have it."""
    part, _, option = name.partition(".")
    return part == "objective" or (part == "model" and option not in own)


def _differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """One "name ours instead of theirs" for each name in which the two differ; what neither side says is as usual."""
    pairs = {name: (ours.get(name, _usual(name)), theirs.get(name, _usual(name))) for name in names}
    return [
        f"{name} {_word(own)} instead of {_word(other)}"
        for name, (own, other) in pairs.items()
        if name not in MOVABLE and own != other
    ]


def _usual(name: str) -> Any:
    """The default of a setting of training; of others it is not known here."""
    return USUAL_TRAINING.get(name.removeprefix("training."), UNSAID)


def _word(value: Any) -> str:
    return "none" if value is None else str(value)
