"""The sections that are races: contenders side by side at one workload, in turns."""

from functools import partial

from holdfast.benchmarks.allocator import KEEPS, USUAL, keep_pages
from holdfast.benchmarks.clock import Effort, race
from holdfast.benchmarks.contenders import holdfast_layer, installed, prepare
from holdfast.benchmarks.gate import numbers, passes, relative
from holdfast.benchmarks.jobs import Job
from holdfast.benchmarks.peak import burst
from holdfast.benchmarks.record import FORWARD, PEAK, TRAINING, Quantity, Record, Timing
from holdfast.benchmarks.workloads import CATALOGUE, DOUBLE, LONG, RAGGED, SMALL, Workload
from holdfast.layers.catalogue import distinct

FLAGSHIPS = ("ur-lstm", "lstm", "gru")
RIVALS = ("nn.LSTM", "nn.GRU")
GUESTS = ("torchrecurrent PeepholeLSTM", "jax.lax.scan LSTM")
TASKS = (FORWARD, TRAINING)
CHECKING = 3.0  # seconds, roughly, before a race: its contenders are built, and proved right


def run_race(
    record: Record,
    section: str,
    workload: Workload,
    labels,
    effort: Effort,
    *,
    tasks=TASKS,
    allocator: str = USUAL,
) -> None:
    """Time those of `labels` that are installed and right, and the machine's peak beside them."""
    if allocator == KEEPS and not keep_pages():
        record.note("this C library can't be told to keep its pages, so that was not measured")
        return
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
            record.note(f"{label} at {workload} is left out: {error}")
            continue
        except Exception as error:  # one that breaks must not take the others' numbers with it
            fault = f"{label} at {workload} broke: {type(error).__name__}: {error}"
        if fault is None:
            taking_part.append(label)
        else:
            record.fault(fault)
    return taking_part


def race_job(section: str, workload: Workload, labels, effort: Effort, *, title: str = "", **options) -> Job:
    """A race as a job; `options` as for `run_race`."""
    run = partial(run_race, section=section, workload=workload, labels=labels, effort=effort, **options)
    seconds = CHECKING + len(options.get("tasks", TASKS)) * effort.seconds
    return Job(f"{title or section} at {workload}", seconds, run)


def shapes(workloads, effort: Effort, *, allocator: str = USUAL, references=FLAGSHIPS) -> list[Job]:
    """The flagships, torch's own layers, and guests, at the shapes of the bars."""
    title = "shapes" if allocator == USUAL else "shapes, pages kept,"
    ours = [f"{model} compiled" for model in FLAGSHIPS] + [f"{model} reference" for model in references]
    jobs = []
    for workload in workloads:
        guests = GUESTS if workload.threads is None else ()  # their threads are not ours to set
        labels = (*ours, *RIVALS, *guests)
        jobs.append(race_job("shapes", workload, labels, effort, title=title, allocator=allocator))
    return jobs


def catalogue(effort: Effort) -> list[Job]:
    """Every step of the catalogue against its own reference; names that differ in how they start have one step."""
    return [
        race_job(
            "catalogue",
            workload,
            (f"{model} compiled", f"{model} reference"),
            effort,
            tasks=(TRAINING,),
            title=f"catalogue, {model}",
        )
        for model in distinct()
        for workload in CATALOGUE
    ]


def double(effort: Effort) -> Job:
    """float64."""
    return race_job("float64", DOUBLE, ("ur-lstm compiled", "lstm compiled", "lstm reference", "nn.LSTM"), effort)


def small(effort: Effort) -> list[Job]:
    """Work so small that what is measured is everything around it, and long sequences of narrow layers."""
    return [race_job("small", workload, ("ur-lstm compiled", "lstm compiled", *RIVALS), effort) for workload in SMALL]


def ragged(record: Record, effort: Effort) -> None:
    """Sequences of many lengths, and a padded batch with the same number of valid steps."""
    lengths = RAGGED.lengths()
    assert lengths is not None
    even = Workload(round(lengths.float().mean().item()), RAGGED.batch, RAGGED.inputs, RAGGED.hidden)
    labels = ("ur-lstm compiled", "lstm compiled", "nn.LSTM")
    kinds = {"ragged": RAGGED, "even": even}
    able = [label for label in fit(record, labels, RAGGED) if label in fit(record, labels, even)]
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
