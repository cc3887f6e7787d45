"""What runs save at inference where what rests is not computed, as rows of a table: `holdfast saving` measured it."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from holdfast.report import numbers
from holdfast.report.run import Json, Run
from holdfast.report.wording import machine

HEADER = (
    "model",
    "gates closed",
    "units updated",
    "operations",
    "time over the layer's",
    "over the same code's with all units",
    "test result",
    "seeds",
    "sequences at once",
    "machine",
)


def saved(runs: Mapping[str, Sequence[Run]]) -> tuple[tuple[str, ...], ...]:
    """A row for each model and threshold: means over the runs that were measured, the words of `HEADER`.

    Args:
        runs: by the label of their model.
    """
    return tuple(
        _row(label, threshold, [run for run in those if threshold in _by_threshold(run)])
        for label, those in runs.items()
        for threshold in dict.fromkeys(threshold for run in those for threshold in _by_threshold(run))
    )


def _by_threshold(run: Run) -> dict[float | None, Json]:
    """The numbers by the threshold below which gates are closed; None where cells rest by themselves."""
    return {each["threshold"]: each for each in run.saving["measured"]} if run.saving else {}


def _row(label: str, threshold: float | None, runs: Sequence[Run]) -> tuple[str, ...]:
    records = [run.saving for run in runs if run.saving]
    metric = records[0]["metric"]

    def mean(value: Callable[[Json], float]) -> float:
        return fmean(value(_by_threshold(run)[threshold]) for run in runs)

    def of_all(name: str) -> str:
        return "; ".join(dict.fromkeys(str(record[name]) for record in records))

    return (
        label,
        "those that rest" if threshold is None else f"below {threshold:g}",
        numbers.level("openness", mean(lambda each: each["updated"])),
        numbers.level("openness", mean(lambda each: each["operations"] / each["of"])),
        numbers.plain(mean(lambda each: each["seconds"] / each["layer_seconds"])),
        numbers.plain(mean(lambda each: each["seconds"] / each["whole_seconds"])),
        f"{metric} {numbers.measure(metric, mean(lambda each: each[metric]))}",
        ", ".join(str(run.seed) for run in runs),
        of_all("batch_size"),
        "; ".join(dict.fromkeys(machine(record["environment"]) for record in records)),
    )
