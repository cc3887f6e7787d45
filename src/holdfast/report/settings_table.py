"""The settings of many runs told briefly: what all share, once; what differs, model by model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.report.comparison import Comparison, Row
from holdfast.report.run import Json, Run
from holdfast.training.settings import flattened

ABSENT = "–"


@dataclass(frozen=True)
class Settings:
    """The settings of a comparison.

    Args:
        task: of the task.
        shared: model and training settings that all rows have in common.
        differing: the others: for each its name and a value for every row.
    """

    task: list[tuple[str, str]]
    shared: list[tuple[str, str]]
    differing: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Environment:
    """One machine and its software, and what ran there.

    Args:
        number: from 1, in the order of the page.
        facts: names and values, as the runs recorded them.
        runs: what ran there.
        first, last: when the first and the last of them started.
    """

    number: int
    facts: list[tuple[str, str]]
    runs: list[Run]
    first: str
    last: str


def settings(comparison: Comparison) -> Settings:
    """What was set."""
    rows = [_settings(row) for row in comparison.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if all(row.label == row.model for row in comparison.rows):
        names.remove("model.name")
    values = {name: [row.get(name, ABSENT) for row in rows] for name in names}
    return Settings(
        task=[(name, _text(value)) for name, value in flattened(comparison.settings).items()],
        shared=[(name, column[0]) for name, column in values.items() if len(set(column)) == 1],
        differing=[(name, column) for name, column in values.items() if len(set(column)) > 1],
    )


def _settings(row: Row) -> dict[str, str]:
    """What was set for a row; where its runs differ, in where they were computed, of each seed."""
    flat = [flattened({"model": run.model, "objective": run.objective, "training": run.training}) for run in row.runs]
    told = {}
    for name in dict.fromkeys(name for settings in flat for name in settings):
        texts = [_text(settings[name]) if name in settings else ABSENT for settings in flat]
        each = (f"{text} (seed {run.seed})" for text, run in zip(texts, row.runs, strict=True))
        told[name] = texts[0] if len(set(texts)) == 1 else ", ".join(each)
    return told


def environments(runs: Sequence[Run]) -> list[Environment]:
    """The distinct environments of these runs."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(json.dumps(_facts(run.environment), sort_keys=True), []).append(run)
    return [_environment(number, group) for number, group in enumerate(groups.values(), start=1)]


def _environment(number: int, group: list[Run]) -> Environment:
    facts = list(_facts(group[0].environment).items())
    starts = sorted(_moment(run.environment["started"]) for run in group if run.environment.get("started"))
    return Environment(number, facts, group, starts[0] if starts else "", starts[-1] if starts else "")


def _facts(environment: Json) -> dict[str, str]:
    """Names and values in words, without the time; of where a run was before, only what was otherwise."""
    now = {name: _text(value) for name, value in environment.items() if name not in ("started", "before")}
    earlier = [_otherwise(_facts(one), now) for one in environment.get("before", ())]
    return now | ({"before": "; then ".join(earlier)} if earlier else {})


def _otherwise(earlier: dict[str, str], now: dict[str, str]) -> str:
    names = (name for name in now | earlier if earlier.get(name) != now.get(name))
    return ", ".join(f"{name} {earlier.get(name, 'not told')}" for name in names)


def _moment(iso: Any) -> str:
    """2026-11-20T09:30:00+00:00 as 2026-11-20 09:30."""
    return str(iso)[:16].replace("T", " ")


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)
