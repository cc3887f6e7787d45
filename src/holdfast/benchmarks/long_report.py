"""Time and memory over the length of the sequences: a picture in two panels, and a table."""

from pathlib import Path

from holdfast.benchmarks.lessons import LEARNERS
from holdfast.benchmarks.long import BATCH, BUDGET, MEASURED, PREDICTED, SECTION, memories, seconds
from holdfast.benchmarks.record import Record

OUT = "out of memory"


def draw_long(record: Record, path: Path) -> bool:
    """Save the picture, in the shape of the lower half of figure 3 of trinh2018learning; False if nothing is known."""
    from matplotlib.figure import Figure

    found = {label: (seconds(record, label), memories(record, label)) for label in LEARNERS if memories(record, label)}
    if not found:
        return False
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for k, (label, (times, sizes)) in enumerate(found.items()):
        style = {"color": f"C{k}", "marker": "o", "label": label}
        left.plot(list(times), list(times.values()), **style)
        right.plot(list(sizes), [size / 2**20 for size in sizes.values()], **style)
    left.set(ylabel=f"seconds for a minibatch of {batch(record)}", yscale="log")
    right.set(ylabel=f"MiB for a minibatch of {batch(record)}", yscale="log")
    budget = record.quantity(SECTION, BUDGET)
    if budget:
        right.axhline(budget / 2**20, color="grey", linestyle="--", label=f"the budget, {budget / 2**30:g} GiB")
    for panel in (left, right):
        panel.set_xlabel("steps of a sequence")
        panel.grid(which="both", alpha=0.3)
    right.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path)
    return True


def batch(record: Record) -> str:
    """How many sequences a step had, in words."""
    size = record.quantity(SECTION, BATCH)
    return "unknown size" if size is None else f"{size:g} sequence{'s'[: size != 1]}"


def write_table(record: Record, path: Path) -> bool:
    """Save the table; False if nothing is known."""
    known = any(memories(record, label) for label in LEARNERS)
    if known:
        path.write_text(f"{table(record)}\n", encoding="utf-8")
    return known


def table(record: Record) -> str:
    """Markdown: what was measured, and a row a contender, a column a length, with seconds and MiB."""
    kinds = (MEASURED, PREDICTED)
    lengths = sorted({t for label in LEARNERS for kind in kinds for t in memories(record, label, kind)})
    budget = record.quantity(SECTION, BUDGET)
    limit = f"; out of memory: more than {budget / 2**30:g} GiB" if budget else ""
    lines = [
        f"A step of {batch(record)}: seconds; MiB beyond what the process held before{limit}.",
        "",
        f"| seconds; MiB | {' | '.join(f'{steps:,}'.replace(',', ' ') for steps in lengths)} |",
        f"| --- |{' ---: |' * len(lengths)}",
    ]
    lines += [f"| {label} | {' | '.join(entry(record, label, steps) for steps in lengths)} |" for label in LEARNERS]
    return "\n".join(lines)


def entry(record: Record, label: str, steps: int) -> str:
    """What is known of a contender at a length."""
    known, expected = memories(record, label), memories(record, label, PREDICTED)
    if steps in known:
        shown = f"{seconds(record, label)[steps]:.2g}; {known[steps] / 2**20:.0f}"
        return f"{shown} ({OUT})" if known[steps] > (record.quantity(SECTION, BUDGET) or float("inf")) else shown
    return f"{OUT} ({expected[steps] / 2**20:.0f} foreseen)" if steps in expected else "not measured"
