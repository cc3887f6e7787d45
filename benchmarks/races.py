"""The sections that are races: contenders side by side at one workload, in turns."""

from benchmarks.allocator import USUAL
from benchmarks.clock import Effort, race
from benchmarks.contenders import has_backend, holdfast_layer, installed, prepare
from benchmarks.gate import numbers, passes, relative
from benchmarks.peak import burst
from benchmarks.record import FORWARD, PEAK, TRAINING, Quantity, Record, Timing
from benchmarks.workloads import CATALOGUE, DOUBLE, LONG, RAGGED, SMALL, Workload
from holdfast.layers.catalogue import CATALOGUE as MODELS

FLAGSHIPS = ("ur-lstm", "lstm", "gru")
RIVALS = ("nn.LSTM", "nn.GRU")
GUESTS = ("torchrecurrent PeepholeLSTM", "jax.lax.scan LSTM")
TASKS = (FORWARD, TRAINING)


def run_race(
    record: Record, section: str, workload: Workload, labels, effort: Effort, *, tasks=TASKS, allocator: str = USUAL
) -> None:
    """Time those of `labels` that are installed and right, and the machine's peak beside them."""
    with workload.with_threads() as threads:
        runs = {label: prepare(label, workload) for label in fit(record, labels, workload)}
        peak = burst(threads)
        for task in tasks if runs else ():
            functions = {label: run.forward if task == FORWARD else run.training for label, run in runs.items()}
            operations: dict[str, float] = {
                label: run.products if task == FORWARD else run.training_products for label, run in runs.items()
            }
            if peak:
                functions[PEAK], operations[PEAK] = peak
            for label, found in race(functions, effort).items():
                work, seconds = operations[label], tuple(found)
                timing = Timing(section, str(workload), task, allocator, label, seconds, work, threads)
                record.timings.append(timing)


def fit(record: Record, labels, workload: Workload) -> list[str]:
    """Those of `labels` that take part: installed, able to do the work, and right."""
    taking_part = []
    for label in filter(installed, labels):
        try:
            fault = passes(label, workload)
        except ValueError as error:  # the backend says that it can't
            record.notes.append(f"{label} at {workload} is left out: {error}")
            continue
        if fault is None:
            taking_part.append(label)
        elif fault not in record.wrong:
            record.wrong.append(fault)
    return taking_part


def shapes(record: Record, workloads, effort: Effort, *, allocator: str = USUAL, references=FLAGSHIPS) -> None:
    """The flagships, torch's own layers, and guests, at the shapes of the bars."""
    ours = [f"{model} compiled" for model in FLAGSHIPS] + [f"{model} reference" for model in references]
    for workload in workloads:
        guests = GUESTS if workload.threads is None else ()  # their threads are not ours to set
        run_race(record, "shapes", workload, (*ours, *RIVALS, *guests), effort, allocator=allocator)


def catalogue(record: Record, effort: Effort) -> None:
    """Every cell against its own reference."""
    if not has_backend("compiled"):
        return
    for model in MODELS:
        for workload in CATALOGUE:
            labels = (f"{model} compiled", f"{model} reference")
            run_race(record, "catalogue", workload, labels, effort, tasks=(TRAINING,))


def double(record: Record, effort: Effort) -> None:
    """float64."""
    run_race(record, "float64", DOUBLE, ("ur-lstm compiled", "lstm compiled", "lstm reference", "nn.LSTM"), effort)


def small(record: Record, effort: Effort) -> None:
    """Work so small that what is measured is everything around it, and long sequences of narrow layers."""
    for workload in SMALL:
        run_race(record, "small", workload, ("ur-lstm compiled", "lstm compiled", *RIVALS), effort)


def ragged(record: Record, effort: Effort) -> None:
    """Sequences of many lengths, and a padded batch with the same number of valid steps."""
    lengths = RAGGED.lengths()
    assert lengths is not None
    even = Workload(round(lengths.float().mean().item()), RAGGED.batch, RAGGED.inputs, RAGGED.hidden)
    labels = ("ur-lstm compiled", "lstm compiled", "nn.LSTM")
    kinds = {"ragged": RAGGED, "even": even}
    able = fit(record, labels, RAGGED)
    runs = {f"{label}, {kind}": prepare(label, w).training for label in able for kind, w in kinds.items()}
    for label, seconds in race(runs, effort).items():
        record.timings.append(Timing("ragged", str(RAGGED), TRAINING, USUAL, label, tuple(seconds)))


def recomputation(record: Record, effort: Effort) -> None:
    """A long sequence with its activations kept, and recomputed."""
    labels = ("ur-lstm compiled", "ur-lstm compiled recompute", "nn.LSTM")
    run_race(record, "recomputation", LONG, labels, effort, tasks=(TRAINING,))
    if record.find("recomputation", LONG, labels[1], TRAINING):
        kept, again = (holdfast_layer("ur-lstm", LONG, "compiled", recompute) for recompute in (None, "auto"))
        pairs = zip(numbers(again, LONG, LONG.steps), numbers(kept, LONG, LONG.steps), strict=True)
        worst = max(relative(found, expected) for found, expected in pairs)
        record.quantities.append(Quantity("recomputation", "largest relative difference", worst, ""))
