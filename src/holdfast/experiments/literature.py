"""What papers report on a task of ours: on the same one if any does, otherwise on the nearest, and then it says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.experiments.published import PUBLISHED, Published

# Variants whose papers give no row of their own stand beside the model that they vary.
SEEN_AS = {
    "forget-lstm": "lstm",
    "peephole-lstm": "lstm",
    "reset-before-gru": "gru",
    "forget-gru": "gru",
    "chrono-janet": "janet",
    "orthogonal-lstm": "lstm",
    "orthogonal-chrono-lstm": "chrono-lstm",
    "orthogonal-gru": "gru",
    "orthogonal-janet": "janet",
    "identity-rnn": "irnn",
}
# Tasks that no paper uses, and the one that comes closest.
NEAREST = {
    "digits": ("mnist", "MNIST has larger scans (28 × 28, 784 steps) and 60 000 of them"),
    "permuted-digits": ("permuted-mnist", "permuted MNIST has larger scans (28 × 28, 784 steps) and 60 000 of them"),
}
TITLES = {
    "mnist": "MNIST, pixel by pixel",
    "permuted-mnist": "permuted MNIST",
    "cifar10": "CIFAR-10, pixel by pixel",
    "stanford-dogs": "Stanford Dogs, pixel by pixel",
    "copying": "copying",
    "adding": "adding",
    "denoising": "denoising",
    "warping": "time warping",
    "padding": "padding",
    "frequency": "frequency discrimination",
}
# Settings that tasks have unless they are given; papers that differ in them are about another task.
USUAL = {"gap": "fixed"}
# Settings of ours that change what is learnt from, though no paper names them.
SUBSETS = ("train_examples",)


AUXILIARY = {"reconstruction": "r-", "prediction": "p-", "labels": ""}


def taught(model: str, objective: Mapping[str, Any]) -> str:
    """A model that minimises more or less than the task's own loss, as papers call it: "r-lstm, truncated to 300".

    One that pays for its updates is called by the price: "skip-lstm, budget 1e-05 a sequence".

    Args:
        model: its name in the catalogue.
        objective: its settings; empty for the task's own loss.
    """
    if not objective:
        return model
    if objective["name"] == "budget":
        weight, per = objective["weight"], objective.get("per", "step")
        return f"{model}, budget {weight:g} a {per}" if weight else model
    name = f"{AUXILIARY.get(objective['name'], objective['name'] + ' ')}{SEEN_AS.get(model, model)}"
    name += ", linear gain" if objective.get("gain") == "linear" else ""
    steps = objective.get("label_truncation")
    return name if steps is None else f"{name}, truncated to {steps}"


@dataclass(frozen=True)
class Literature:
    """What papers report that is nearest to one task of ours.

    Args:
        title: of the papers' task; empty if there is nothing.
        entries: what they report.
        difference: what makes it another task than ours; empty if it is the same.
    """

    title: str
    entries: tuple[Published, ...]
    difference: str

    @property
    def same(self) -> bool:
        """Whether the numbers may be laid beside ours as they are."""
        return bool(self.entries) and not self.difference

    def of(self, model: str, metric: str | None = None) -> tuple[Published, ...]:
        """What they report of that model of the catalogue; outcomes in words go with any metric."""
        name = SEEN_AS.get(model, model)
        own = (entry for entry in self.entries if entry.model == name)
        return tuple(entry for entry in own if metric in (None, entry.metric) or entry.value is None)


def literature(task: Mapping[str, Any]) -> Literature:
    """The published numbers for a task.

    Args:
        task: its settings: "name", and whatever else was chosen.
    """
    name, difference = NEAREST.get(task["name"], (task["name"], ""))
    entries = tuple(entry for entry in PUBLISHED if entry.task == name)
    if not entries:
        return Literature("", (), "")
    if difference:
        return Literature(TITLES[name], entries, difference)
    if subset := [f"{setting} {task[setting]}" for setting in SUBSETS if task.get(setting) is not None]:
        return Literature(f"{TITLES[name]} with all its data", entries, f"ours had {', '.join(subset)}")
    asked = {**USUAL, **task}
    if exact := tuple(entry for entry in entries if entry.settings.items() <= asked.items()):
        return Literature(TITLES[name], exact, "")
    alike = tuple(entry for entry in entries if all(entry.settings.get(key, asked[key]) == asked[key] for key in USUAL))
    return Literature(f"{TITLES[name]} with other settings", alike, _described(alike))


def _described(entries: tuple[Published, ...]) -> str:
    """The settings of the papers, each once: "lag 500; lag 2000"."""
    return "; ".join(dict.fromkeys(setting_words(entry) for entry in entries))


def setting_words(entry: Published) -> str:
    """The settings of one entry, without those that hold for nearly all: "lag 100, convention chandar"."""
    usual = {"convention": ("tallec", "arjovsky"), "gap": ("fixed",)}
    return ", ".join(f"{key} {value}" for key, value in entry.settings.items() if value not in usual.get(key, ()))
