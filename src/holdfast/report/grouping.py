"""Runs sorted into comparisons: one a task, one row a model.

Runs that differ in nothing but the seed make a row; anything else that differs (a width, a learning rate) makes another
row, and its name then says what.
"""

import json
from collections.abc import Sequence
from statistics import fmean

from holdfast.report import numbers
from holdfast.report.comparison import Comparison, Row
from holdfast.report.run import Json, Run
from holdfast.training.settings import MOVABLE, flattened

# Where a run was computed and what it wrote on the way is no part of the question it answers.
CIRCUMSTANCES = frozenset({"threads", "accelerator", "evaluation_batch_size", "report_every", "tensorboard"})


def comparisons(runs: Sequence[Run]) -> list[Comparison]:
    """The runs sorted into one comparison a task: by the tasks' names, the shorter sequences first."""
    tasks: dict[str, list[Run]] = {}
    for run in runs:
        tasks.setdefault(_fingerprint(_task(run)), []).append(run)
    titles = _told_apart([(_title(group[0]), _task(group[0])) for group in tasks.values()])
    return sorted(
        (_comparison(title, group) for title, group in zip(titles, tasks.values(), strict=True)),
        key=lambda comparison: (comparison.name, comparison.description.get("steps", 0), comparison.title),
    )


def _comparison(title: str, runs: Sequence[Run]) -> Comparison:
    described = next((run.description["task"] for run in runs if "task" in run.description), {})
    measure, higher = described.get("metric", "loss"), described.get("higher_is_better", False)
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(f"{run.label} {_fingerprint(_question(run))}", []).append(run)
    labels = _told_apart([(group[0].label, _question(group[0])) for group in groups.values()])
    rows = [
        Row(label, tuple(sorted(group, key=lambda run: run.seed)), measure)
        for label, group in zip(labels, groups.values(), strict=True)
    ]
    return Comparison(title, _task(runs[0]), described, tuple(sorted(rows, key=lambda row: _rank(row, higher))))


def _rank(row: Row, higher_is_better: bool) -> tuple[int, float, float, str]:
    """Whole rows first, rows without a number last; among equals the best, then the first to solve the task."""
    if row.result is None:
        return 3, 0.0, 0.0, row.label
    kind = 0 if row.whole else 1 if row.split == "test" else 2
    solved = fmean(row.steps_to_solved) if row.steps_to_solved else float("inf")
    return kind, -row.result.mean if higher_is_better else row.result.mean, solved, row.label


def _task(run: Run) -> Json:
    """What had to be remembered, wherever its data lay."""
    return {key: value for key, value in run.task.items() if f"task.{key}" not in MOVABLE}


def _question(run: Run) -> Json:
    """All that a run was asked to do, without the seed and without the circumstances."""
    training = {key: value for key, value in run.training.items() if key not in CIRCUMSTANCES}
    return {"model": run.model, "training": training} | ({"objective": run.objective} if run.objective else {})


def _fingerprint(settings: Json) -> str:
    return json.dumps(settings, sort_keys=True)


def _title(run: Run) -> str:
    """The task's name for readers, with its lag if that was chosen, otherwise with its length: "Copying, lag 100"."""
    about = run.description.get("task", {})
    name = str(about.get("title") or run.task["name"])
    words = name if name != run.task["name"] else " ".join(map(_word, name.split("-")))
    extent = f", lag {numbers.count(run.task['lag'])}" if "lag" in run.task else ""
    if not extent and about.get("steps"):
        extent = f", {numbers.count(about['steps'])} steps"
    return words[:1].upper() + words[1:] + extent


def _word(word: str) -> str:
    return {"mnist": "MNIST", "cifar10": "CIFAR-10", "fsdd": "FSDD"}.get(word, word)


def _told_apart(named: Sequence[tuple[str, Json]]) -> list[str]:
    """The names; where several are the same, each with the settings in which those differ."""
    names = []
    for name, settings in named:
        rivals = [flattened(other) for other_name, other in named if other_name == name]
        own = flattened(settings)
        apart = [key for key in own if any(rival.get(key) != own[key] for rival in rivals)]
        told = ", ".join(f"{key.rsplit('.', 1)[-1]} {own[key]}" for key in apart)
        names.append(f"{name} ({told})" if told else name)
    return names
