"""The benchmarks, as one command: `python -m benchmarks --help`."""

import os
import sys
import time
from pathlib import Path

import torch
from jsonargparse import auto_cli
from rich.console import Console

from benchmarks.bars import judge
from benchmarks.figure import draw
from benchmarks.plan import FULL, QUICK, Section, measure
from benchmarks.record import Record, describe_machine
from benchmarks.show import show

BUSY = 0.25  # of the cores
DISTURBED = (
    "other work runs on this machine: layers whose threads wait for each other at every step, as torch's do, suffer "
    "more from that than holdfast's, so these ratios flatter holdfast; take them again on a quiet machine, or with "
    "--threads 1"
)


def bench(
    *,
    quick: bool = False,
    only: list[Section] | None = None,
    out: Path = Path("report/bench"),
    threads: int | None = None,
) -> None:
    """Measure how fast holdfast is beside torch and others, and print which of its bars it clears.

    Args:
        quick: a first impression in a minute; otherwise everything, in some twenty minutes.
        only: sections to run; all of the mode unless given.
        out: folder for `bench.json` and the figure `bench.svg`.
        threads: for torch and holdfast; torch's own number unless given.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    begin = time.monotonic()
    plan = QUICK if quick else FULL
    record = Record("quick" if quick else "full", machine=describe_machine())
    console = Console(width=None if sys.stdout.isatty() else 120)
    if torch.get_num_threads() > 1 and os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
        record.notes.append(DISTURBED)
    for section in only or plan.sections:
        with console.status(f"measuring: {section}"):
            measure(record, section, plan)
    verdicts = judge(record)
    show(record, verdicts, console)
    out.mkdir(parents=True, exist_ok=True)
    record.save(out / "bench.json", verdicts)
    draw(record, out / "bench.svg")
    console.print(f"took {time.monotonic() - begin:.0f} s; saved in {out}", soft_wrap=True)
    sys.exit(1 if record.wrong else 0)


if __name__ == "__main__":
    auto_cli(bench, as_positional=False)
