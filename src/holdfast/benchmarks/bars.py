"""The bars that holdfast sets itself, and whether a record clears them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log

from holdfast.benchmarks.allocator import KEEPS, USUAL
from holdfast.benchmarks.fresh import MODELS as FIRST
from holdfast.benchmarks.races import FLAGSHIPS
from holdfast.benchmarks.record import FORWARD, TRAINING, Record
from holdfast.benchmarks.streaming import STEP, STREAM
from holdfast.benchmarks.workloads import CATALOGUE, LONG, RAGGED, SHAPES
from holdfast.layers.catalogue import distinct


@dataclass(frozen=True)
class Verdict:
    """One bar.

    Args:
        what: what is measured.
        limit: the bar.
        value: what was found; None if nothing was.
        unit: of both.
        measured, wanted: of how many parts the value is made, and of how many it should be.
        where: the part that decided it, and how many more miss it.
        at_least: whether the value must not be under the limit; otherwise not over it.
    """

    what: str
    limit: float
    value: float | None
    unit: str = ""
    measured: int = 1
    wanted: int = 1
    where: str = ""
    at_least: bool = False

    @property
    def result(self) -> str:
        if self.value is None or self.measured < self.wanted:
            return "not measured"
        return "met" if (self.value >= self.limit if self.at_least else self.value <= self.limit) else "not met"


# (ours, theirs, bar for the geometric mean with the usual allocator, and with one that keeps its pages)
AGAINST_TORCH = (
    ("ur-lstm", "nn.LSTM", 0.60, 0.75),
    ("lstm", "nn.LSTM", 0.60, 0.75),
    ("gru", "nn.GRU", 0.45, 0.45),
    ("ur-lstm", "nn.GRU", 0.45, 0.45),
)
WORST_SHAPE = {USUAL: 0.95, KEEPS: 1.0}
OVER_REFERENCE = {128: 0.25, 256: 0.40, 512: 0.75}


def judge(record: Record) -> list[Verdict]:
    """Every bar, in the order in which they are written down."""
    verdicts = list(against_torch(record))
    verdicts += [over_reference(record, workload) for workload in CATALOGUE]
    verdicts += [share_of_peak(record), ragged(record), *recomputation(record), stream(record), *first_call(record)]
    return verdicts


def against_torch(record: Record) -> Iterator[Verdict]:
    for k, allocator in enumerate((USUAL, KEEPS)):
        suffix = "" if allocator == USUAL else ", pages kept"
        for ours, theirs, *limits in AGAINST_TORCH:
            pair = (f"{ours} compiled", theirs)
            found = {w: record.ratio("shapes", w, pair, TRAINING, allocator) for w in SHAPES}
            ratios = {str(w): estimate.median for w, estimate in found.items() if estimate}
            what = f"{ours} over {theirs}"
            mean = exp(sum(map(log, ratios.values())) / len(ratios)) if ratios else None
            yield Verdict(f"{what}, mean of shapes{suffix}", limits[k], mean, measured=len(ratios), wanted=len(SHAPES))
            yield worst(f"{what}, worst shape{suffix}", WORST_SHAPE[allocator], ratios, len(SHAPES))


def over_reference(record: Record, workload) -> Verdict:
    models = distinct()
    found = {m: record.ratio("catalogue", workload, (f"{m} compiled", f"{m} reference"), TRAINING) for m in models}
    ratios = {model: estimate.median for model, estimate in found.items() if estimate}
    what = f"every cell over its reference, H={workload.hidden}"
    return worst(what, OVER_REFERENCE[workload.hidden], ratios, len(models))


def share_of_peak(record: Record) -> Verdict:
    wide = [workload for workload in SHAPES if workload.hidden >= 256]
    shares = {}
    for workload in wide:
        for model in FLAGSHIPS:
            timing = record.find("shapes", workload, f"{model} compiled", FORWARD)
            share = record.share(timing) if timing else None
            if share is not None:
                shares[f"{model} at {workload}"] = -share
    least = worst("share of the peak, forward, H >= 256", 0.6, shares, len(wide) * len(FLAGSHIPS))
    value = None if least.value is None else -least.value
    return Verdict(least.what, 0.6, value, "", least.measured, least.wanted, least.where, at_least=True)


def ragged(record: Record) -> Verdict:
    models = ("ur-lstm", "lstm")
    pairs = {model: (f"{model} compiled, ragged", f"{model} compiled, even") for model in models}
    found = {model: record.ratio("ragged", RAGGED, pair, TRAINING) for model, pair in pairs.items()}
    ratios = {model: estimate.median for model, estimate in found.items() if estimate}
    return worst("ragged over padded, as many valid steps", 1.15, ratios, len(models))


def recomputation(record: Record) -> Iterator[Verdict]:
    kept, again = "ur-lstm compiled", "ur-lstm compiled recompute"
    more, less = (record.quantity("memory", label) for label in (kept, again))
    share = None if more is None or less is None else less / more
    time = record.ratio("recomputation", LONG, (again, kept), TRAINING)
    yield Verdict("recomputation: memory beyond the output", 0.1, share)
    yield Verdict("recomputation: time", 1.4, time.median if time else None)
    difference = record.quantity("recomputation", "largest relative difference")
    yield Verdict("recomputation: relative difference of gradients", 1e-5, difference)


def stream(record: Record) -> Verdict:
    found = {model: record.find("streaming", STREAM, f"{model} compiled", STEP) for model in FLAGSHIPS}
    steps = {model: timing.estimate.median * 1e6 for model, timing in found.items() if timing}
    return worst("one streaming step, B=1, H=128", 40, steps, len(FLAGSHIPS), unit="µs")


def first_call(record: Record) -> Iterator[Verdict]:
    for name, limit in (("compiled", 6.0), ("from the cache", 0.05)):
        found = {model: record.quantity("first call", f"{model}, {name}") for model in FIRST}
        late = {model: seconds for model, seconds in found.items() if seconds is not None}
        yield worst(f"first call of a new cell, {name}", limit, late, len(found), unit="s")
    yield Verdict("import holdfast, after torch", 0.3, record.quantity("first call", "import holdfast"), "s")


def worst(what: str, limit: float, values: dict[str, float], wanted: int, *, unit: str = "") -> Verdict:
    """The verdict on the largest of `values`."""
    if not values:
        return Verdict(what, limit, None, unit, 0, wanted)
    where = max(values, key=lambda name: values[name])
    others = sum(value > limit for value in values.values()) - 1
    shown = f"{where}, and {others} more above the bar" if others > 0 else where
    return Verdict(what, limit, values[where], unit, len(values), wanted, shown)
