"""The results for programs: the same numbers as the page, unrounded, as plain JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from holdfast.report.claims import claimed
from holdfast.report.comparison import Row, Statistic
from holdfast.report.page import Section
from holdfast.report.run import Run


def results_json(sections: Sequence[Section]) -> str:
    """All comparisons, best model first, with every run; and what became of the claims of experiments."""
    runs = [run for section in sections for run in section.comparison.runs]
    content = {"tasks": [_task(section) for section in sections], "claims": list(_claims(runs))}
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _claims(runs: Sequence[Run]) -> Iterator[dict[str, str]]:
    for one in claimed(runs):
        for sentence, verdict, measured in one.verdicts:
            yield {"question": one.title, "claim": sentence, "verdict": verdict, "measured": measured}


def _task(section: Section) -> dict[str, Any]:
    comparison = section.comparison
    return {
        "title": comparison.title,
        "settings": dict(comparison.settings),
        "measure": comparison.measure,
        "higher_is_better": comparison.higher_is_better,
        "chance": dict(comparison.description.get("chance", {})),
        "findings": section.findings,
        "models": [_row(section, row) for row in comparison.rows],
        "published_on": {"task": section.literature.title, "same_task": section.literature.same},
    }


def _row(section: Section, row: Row) -> dict[str, Any]:
    steps = row.steps_to_solved
    return {
        "label": row.label,
        "model": dict(row.runs[0].model),
        "parameters": row.parameters,
        "best": row in section.comparison.best,
        "split": row.split,
        **{name: _statistic(row.over(name)) for name in section.columns},
        "seconds": _statistic(row.seconds),
        "memory": _statistic(row.memory),
        "steps_to_solved": _statistic(Statistic(tuple(map(float, steps)))) if steps else None,
        "runs": [_run(run, section.measures) for run in row.runs],
        "published": [asdict(entry) for entry in section.literature.of(row.published_as)],
    }


def _statistic(statistic: Statistic | None) -> dict[str, Any] | None:
    if statistic is None:
        return None
    return {"mean": statistic.mean, "standard_deviation": statistic.spread, "values": list(statistic.values)}


def _run(run: Run, measures: Sequence[str]) -> dict[str, Any]:
    return {
        "folder": str(run.folder),
        "seed": run.seed,
        "status": run.status,
        "message": run.message,
        "steps": run.steps,
        "steps_to_solved": run.steps_to_solved,
        "seconds": run.seconds,
        "memory": run.memory,
        **({"saving": run.saving} if run.saving else {}),
        **{split: {name: run.reached(split, name) for name in measures} for split in ("validation", "test")},
    }
