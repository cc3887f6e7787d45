"""A record as tables in the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.benchmarks.allocator import USUAL
from holdfast.benchmarks.bars import Verdict
from holdfast.benchmarks.clock import Estimate
from holdfast.benchmarks.record import PEAK, Record, Timing

COLOURS = {"met": "green", "not met": "red", "not measured": "dim"}


def show(record: Record, verdicts: list[Verdict], console: Console) -> None:
    """Machine, races, quantities, faults, bars."""
    console.print(
        ", ".join(f"{name} {value}" for name, value in record.machine.items()), soft_wrap=True, highlight=False
    )
    for (section, workload, task, allocator), timings in record.races():
        where = "" if allocator == USUAL else f", allocator {allocator}"
        console.print(race_table(f"{section} ({workload}), {task}{where}", timings, record))
    for threads, speed in peaks(record).items():
        on = f"{threads} thread{'s' * (threads > 1)}"
        console.print(f"the machine's measured peak with {on}: {speed / 1e9:.0f} GFLOP/s", highlight=False)
    if record.quantities:
        console.print(quantity_table(record))
    for note in record.notes:
        console.print(f"note: {note}", soft_wrap=True)
    console.print(bar_table(verdicts))
    for fault in record.wrong:
        console.print(f"[red]wrong numbers[/]: {escape(fault)}", soft_wrap=True)


def race_table(title: str, timings: list[Timing], record: Record) -> Table:
    """One row a contender: its time, its share of the machine's peak, and its time over that of torch's layers."""
    rivals = [timing for timing in timings if timing.label.startswith("nn.")]
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("contender", no_wrap=True)
    for heading in ("time", "of peak", *(f"over {rival.label}" for rival in rivals)):
        table.add_column(heading, justify="right", no_wrap=True)
    for timing in timings:
        if timing.label != PEAK:
            share = record.share(timing)
            ratios = (over(timing, rival) for rival in rivals)
            table.add_row(timing.label, duration(timing.estimate), "" if share is None else f"{share:.0%}", *ratios)
    return table


def peaks(record: Record) -> dict[int, float]:
    """Operations a second of the machine's best burst, by the number of threads."""
    return {t.threads: record.peak(t) or 0 for t in record.timings if t.label == PEAK}


def over(timing: Timing, rival: Timing) -> str:
    """One contender's time over another's, by the round."""
    if timing is rival:
        return ""
    return spread(Estimate.of(a / b for a, b in zip(timing.seconds, rival.seconds, strict=True)), "{:.2f}")


def duration(estimate: Estimate) -> str:
    """Milliseconds, or microseconds if it is less than one."""
    unit, scale = ("ms", 1e3) if estimate.median >= 1e-3 else ("µs", 1e6)
    scaled = Estimate(*(scale * value for value in (estimate.median, estimate.low, estimate.high)))
    return f"{spread(scaled, '{:.3g}')} {unit}"


def spread(estimate: Estimate, form: str) -> str:
    """The median and how far the middle half of the samples reaches from it."""
    reach = max(estimate.high - estimate.median, estimate.median - estimate.low)
    return f"{form.format(estimate.median)} ± {form.format(reach)}"


def quantity_table(record: Record) -> Table:
    table = Table("section", "what", "found", title="single measurements", title_justify="left", title_style="bold")
    for quantity in record.quantities:
        table.add_row(quantity.section, quantity.name, amount(quantity.value, quantity.unit))
    return table


def bar_table(verdicts: list[Verdict]) -> Table:
    table = Table(
        title="bars (ratios are of forward + backward)",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("what", "bar", "found", "result"):
        table.add_column(heading)
    for verdict in verdicts:
        limit = f"{'>=' if verdict.at_least else '<='} {amount(verdict.limit, verdict.unit)}"
        found = "" if verdict.value is None else amount(verdict.value, verdict.unit)
        found += f" ({verdict.where})" if verdict.where else ""
        if 0 < verdict.measured < verdict.wanted:
            found += f", {verdict.measured} of {verdict.wanted} measured"
        table.add_row(verdict.what, limit, found, f"[{COLOURS[verdict.result]}]{verdict.result}[/]")
    return table


def amount(value: float, unit: str) -> str:
    """A number of three digits with its unit."""
    if unit == "bytes":
        return f"{value / 2**20:.1f} MiB"
    if unit == "s" and value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} {unit}".rstrip()
