"""`holdfast probe`: what trained layers remember, and for how long."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

import holdfast
from holdfast.cli.build import network_of
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.runs import Reopened, reopen
from holdfast.layers import Recurrent
from holdfast.models import Model, SequenceModel
from holdfast.probes import LagSearch, Probe, longest_lag, probe
from holdfast.report.figures import png, svg
from holdfast.report.probed import draw_probes
from holdfast.tasks import Task
from holdfast.training.files import place_all
from holdfast.training.record import PROBE

ABOUT = (
    "Measures what trained layers remember, and for how long, on sequences of their task's validation set, before and "
    "after training: the gradient by lag, the time scales, saturation and correlation with time of their gates, how "
    "streamed states forget, the spectrum of the recurrent Jacobian, and the shapes of gates that learn theirs. "
    "Several runs are drawn beside each other."
)
EXAMPLES = 100
"""Sequences with which a lag is judged."""


def main(arguments: Sequence[str]) -> int:
    """Writes probe.json and the figures, and says the most telling numbers."""
    parser = Parser("probe", "RUN ... [--out FOLDER] [options]", ABOUT)
    parser.add_argument("runs", nargs="+", help="folders of runs, each with its settings.json and best.pt")
    parser.add_argument(
        "--out", type=str | None, default=None, help="where numbers and figures go; RUN/probe, of several runs ./probe"
    )
    parser.add_argument("--steps", type=int, default=500, help="longer sequences are cut to so many steps")
    parser.add_argument("--batch_size", type=int, default=16, help="sequences that are measured")
    parser.add_argument("--seed", type=int, default=0, help="of the directions in which gradients are taken")
    parser.add_argument(
        "--longest_lag",
        type=int | None,
        default=None,
        help="also search the longest lag up to this one that the trained model solves, by doubling; not unless given",
    )
    values = parser.parse_args(arguments)
    _check(values.steps, values.batch_size, values.longest_lag)
    runs = _labelled([reopen(Path(run)) for run in values.runs])
    for run in runs.values():
        _check_run(run, values.longest_lag)
    probed: dict[str, dict[str, Any]] = {}
    for label, run in runs.items():
        with _waiting(f"{label}: measuring"):
            probed[label] = _probed(run, values.steps, values.batch_size, values.seed)
            if values.longest_lag is not None:
                probed[label]["longest_lag"] = asdict(_search(run, values.longest_lag))
        print(_told(label, probed[label]))
    out = Path(values.out or (next(iter(runs.values())).folder / PROBE.parent if len(runs) == 1 else PROBE.parent))
    place_all(_files(probed), out)
    print(f"Numbers and figures are in {out}")
    return 0


def _check(steps: int, batch_size: int, limit: int | None) -> None:
    for name, value, least in (("steps", steps, 2), ("batch_size", batch_size, 1), ("longest_lag", limit, 1)):
        if value is not None and value < least:
            raise UserError(f"--{name} must be at least {least}, got {value}")


def _labelled(runs: Sequence[Reopened]) -> dict[str, Reopened]:
    """Each run under its model's name, or the last parts of its folder where that is not enough."""
    names = [run.choice.name for run in runs]
    if len(set(names)) < len(names):
        names = ["/".join(run.folder.resolve().parts[-3:]) for run in runs]
    if len(set(names)) < len(names):
        raise UserError(f"a run is given twice, or two can't be told apart: {', '.join(names)}")
    return dict(zip(names, runs, strict=True))


def _probed(run: Reopened, steps: int, batch_size: int, seed: int) -> dict[str, Any]:
    """What probe.json says of a run."""
    batch = next(iter(run.task.evaluation_batches("validation", batch_size)))
    shortest = len(batch.inputs) if batch.lengths is None else int(batch.lengths.min())
    inputs = batch.inputs[: min(steps, shortest)]
    return {
        "model": run.choice.as_dict(),
        "task": run.settings["task"],
        "run_seed": run.seed,
        "updates": run.step,
        "before": _measured(run.untrained(), inputs, seed).as_dict(),
        "after": _measured(run.model, inputs, seed).as_dict(),
    }


def _measured(model: Model, inputs: Tensor, seed: int) -> Probe:
    layer = network_of(model.eval())
    assert isinstance(layer, Recurrent)
    assert isinstance(model, SequenceModel)
    with torch.no_grad():
        embedded = model.embed(inputs.to(next(model.parameters()).dtype) if inputs.is_floating_point() else inputs)
    return probe(layer, embedded, generator=torch.Generator().manual_seed(seed))


def _check_run(run: Reopened, limit: int | None) -> None:
    """A run whose state can be measured, and whose lag can be searched up to the limit if that is asked for.

    Raises:
        UserError: it is not one.
        ValueError: the task can't have a lag as long as the limit.
    """
    if not isinstance(network_of(run.model), Recurrent):
        raise UserError(
            f"{run.choice.name} is no recurrence: it has no state to probe; choose runs of recurrent models"
        )
    if limit is None:
        return
    if _at_lag(run.task, run.task.lag) is None:
        raise UserError(f"{run.task.name} has no lag that could be searched; leave out --longest_lag")
    if limit < run.task.lag:
        raise UserError(f"--longest_lag must be at least the lag of the run, {run.task.lag}, got {limit}")
    _at_lag(run.task, limit)


def _at_lag(task: Task, lag: int) -> Task | None:
    """The task with another lag, and few sequences to judge by; None if its lag is no matter of settings."""
    settings = task.settings_at_lag(lag)
    changes: dict[str, Any] = {} if settings is None else {**settings, "evaluation_examples": EXAMPLES}
    return replace(task, **changes) if changes else None  # pyright: ignore[reportArgumentType]  tasks are dataclasses


def _search(run: Reopened, limit: int) -> LagSearch:
    """The longest lag at which the trained model still meets the criterion of its task."""

    def solves(lag: int) -> bool:
        task = _at_lag(run.task, lag)
        assert task is not None
        return _solved(run.model, task)

    return longest_lag(solves, run.task.lag, limit=limit, least=run.task.least_lag)


@torch.no_grad()
def _solved(model: Model, task: Task) -> bool:
    sums: dict[str, tuple[float, int]] = {}
    for batch in task.evaluation_batches("validation", EXAMPLES):
        for name, (total, count) in task.measures(model(batch.inputs, batch.lengths), batch).items():
            before = sums.get(name, (0.0, 0))
            sums[name] = (before[0] + total, before[1] + count)
    return task.solved({name: total / max(count, 1) for name, (total, count) in sums.items()})


def _told(label: str, found: Mapping[str, Any]) -> str:
    """The most telling numbers, a line each."""
    lines = [f"{label} after {found['updates']} updates, {found['after']['steps']} steps of {found['after']['rows']}"]
    for name in ("before", "after"):
        scales = [scale for gate in found[name]["gates"] for scale in gate["time_scales"] or ()]
        norms = found[name]["gradients"][-1]
        parts = [f"gradient at lag {len(norms)}: {_figure(norms[-1])}"]
        if scales:
            long = sorted(inf if scale is None else scale for scale in scales)
            parts.append(f"units remember {median(long):.3g} steps in the middle, {long[-1]:.3g} at most")
        if found[name]["forgetting"]:
            parts.append(f"of the past {_figure(found[name]['forgetting']['distance'][-1])} is left")
        if shapes := found[name]["shapes"]:
            parts.append(
                f"gates differ from the sigmoid by {max(max(gate['distance']) for gate in shapes):.2g} at most"
            )
        lines.append(f"  {name:<7}{'; '.join(parts)}")
    if search := found.get("longest_lag"):
        lines.append(f"  longest lag solved: {search['longest'] or 'none'}, searched up to {search['limit']}")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "no finite number" if value is None else f"{value:.2g}"


def _files(probed: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """The figures, and the numbers last."""
    drawn = draw_probes(probed)
    pictures = {f"{name}.svg": svg(figure).encode() for name, figure in drawn.items()}
    pictures |= {f"{name}.png": png(figure) for name, figure in drawn.items()}
    numbers = {"format": 1, "holdfast": holdfast.__version__, "runs": _rounded(probed)}
    return {**pictures, PROBE.name: (json.dumps(numbers, allow_nan=False) + "\n").encode()}


def _rounded(value: Any) -> Any:
    """Numbers with six digits that count: the rest is rounding, and makes files long."""
    if isinstance(value, Mapping):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


@contextmanager
def _waiting(words: str) -> Iterator[None]:
    """Shows that something goes on."""
    with Console(file=sys.stderr).status(words):
        yield
