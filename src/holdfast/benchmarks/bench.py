"""The benchmarks as one command: measure, show, and keep what was measured whatever happens."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from holdfast.benchmarks.bars import judge
from holdfast.benchmarks.contenders import has_compiler
from holdfast.benchmarks.figure import draw
from holdfast.benchmarks.jobs import Job
from holdfast.benchmarks.long_report import draw_long, write_table
from holdfast.benchmarks.progress import told
from holdfast.benchmarks.record import Record, describe_machine
from holdfast.benchmarks.show import show

BUSY = 0.25  # of the cores
DISTURBED = (
    "other work runs on this machine: layers whose threads wait for each other at every step, as torch's do, suffer "
    "more from that than holdfast's, so these ratios flatter holdfast; take them again on a quiet machine, or with "
    "--threads 1"
)
UNCOMPILED = "there is no C++ compiler on this machine, so nothing compiled was measured"
SAME = ("holdfast", "torch", "processor", "cores", "threads", "compiler")
"""What must be the same of a machine for measurements to stand beside each other."""


def bench(mode: str, jobs: Sequence[Job], out: Path, console: Console, *, resume: bool = False) -> bool:
    """Measure, print which bars are met, and leave `bench.json` in `out`, with figures, and a table of long sequences.

    Args:
        mode: "quick" or "full".
        jobs: what is measured. The record is saved after each.
        out: the folder; made if it is not there.
        resume: go on with the unfinished record in `out`.

    Returns:
        Whether all numbers were right.

    Raises:
        KeyboardInterrupt: it was stopped; what was measured until then is shown and saved first.
        ValueError: there is nothing to go on with, or it was measured otherwise.
        OSError: the folder can't be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    record = unfinished(out / "bench.json", mode) if resume else Record(mode, machine=describe_machine())
    if torch.get_num_threads() > 1 and os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
        record.note(DISTURBED)
    if not has_compiler():
        record.note(UNCOMPILED)
    left = [job for job in jobs if job.name not in record.done]
    try:
        for job in told(left, console):
            run(job, record)
            record.save(out / "bench.json", judge(record))
    finally:
        show(record, judge(record), console)
        views = {"bench.svg": draw, "long.svg": draw_long, "long.md": write_table}
        written = [name for name, write in views.items() if write(record, out / name)]
        console.print(f"saved in {out}: {', '.join(['bench.json', *written])}", soft_wrap=True, highlight=False)
    return not record.wrong


def run(job: Job, record: Record) -> None:
    """One job, whole or not at all."""
    before = len(record.timings), len(record.quantities)
    try:
        job.run(record)
    except BaseException:
        del record.timings[before[0] :], record.quantities[before[1] :]
        raise
    record.done.append(job.name)


def unfinished(path: Path, mode: str) -> Record:
    """The record of a run that was stopped, if it was measured as it would be now.

    Raises:
        ValueError: there is none, or another machine, version or number of threads was measured.
    """
    try:
        record = Record.load(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"there is no record to go on with in {path}: {error}") from error
    now = {"mode": mode, **describe_machine()}
    then = {"mode": record.mode, **record.machine}
    other = [f"{key} {then.get(key)} and not {now[key]}" for key in ("mode", *SAME) if then.get(key) != now[key]]
    if other:
        raise ValueError(f"the record in {path} was measured with {', '.join(other)}; leave out --resume to begin anew")
    return record
