"""An experiment of a paper: a function from a scale to questions, with its source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from inspect import cleandoc
from typing import Any

import yaml

from holdfast.experiments.question import Question, Scale, Settings

Ask = Callable[[Scale], tuple[Question, ...]]
"""What an experiment asks at a scale; its docstring tells paper, published numbers, cost and guesses."""


@dataclass(frozen=True)
class Experiment:
    """One table, figure or claim of a paper.

    Args:
        ask: its questions; the file that it stands in is called after the paper.
        source: the paper, as a key of the bibliography.
    """

    ask: Ask
    source: str

    @property
    def name(self) -> str:
        """Such as gu2020/copy."""
        return f"{self.ask.__module__.rpartition('.')[2]}/{self.ask.__name__.replace('_', '-')}"

    @property
    def text(self) -> str:
        """The whole docstring."""
        return cleandoc(self.ask.__doc__ or "")

    @property
    def summary(self) -> str:
        """Its first line, without the full stop."""
        return self.text.partition("\n")[0].removesuffix(".")


def experiments(source: str, *asks: Ask) -> tuple[Experiment, ...]:
    """The experiments of one paper."""
    return tuple(Experiment(ask, source) for ask in asks)


def settings_file(name: str) -> Settings:
    """The settings that stand in a file of experiments/, such as "trinh2018/ablation"."""
    return yaml.safe_load((files("holdfast.experiments") / "settings" / f"{name}.yaml").read_text(encoding="utf-8"))


def changed(settings: Settings, **changes: Any) -> dict[str, Any]:
    """Settings with some of them changed: a mapping is merged into the one that is there, all else replaces it."""
    result = dict(settings)
    for name, change in changes.items():
        before = result.get(name)
        if isinstance(before, Mapping) and isinstance(change, Mapping):
            change = changed(before, **change)
        result[name] = change
    return result
