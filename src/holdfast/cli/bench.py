"""`holdfast bench`: how fast layers are on this machine."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch
from rich.console import Console

from holdfast.benchmarks.bench import bench
from holdfast.benchmarks.long import Long
from holdfast.benchmarks.plan import FULL, QUICK, Section, jobs_of
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser

ABOUT = (
    "Measures how fast the layers are beside torch's and their own references, and prints which of the library's bars "
    "are met. Leave the machine alone meanwhile."
)
STOPPED = "holdfast: stopped. What was measured is kept: give the same command with --resume to go on."


def main(arguments: Sequence[str]) -> int:
    """Measures and shows; 1 if a layer gave wrong numbers, 130 after Ctrl-C."""
    parser = Parser("bench", "[options]", ABOUT)
    parser.add_argument("--quick", action="store_true", help="a first impression in a minute or two, not all of it")
    parser.add_argument("--only", nargs="+", choices=get_args(Section), metavar="SECTION", help=sections())
    parser.add_argument("--out", type=str, default="report/bench", help="folder for bench.json and the figures")
    parser.add_argument("--threads", type=int | None, default=None, help="for all contenders; torch's own unless given")
    parser.add_argument("--resume", action="store_true", help="go on with the record of a stopped run in --out")
    parser.add_argument("--batch_size", type=int, default=Long.batch, help="of section long: sequences in a step")
    parser.add_argument(
        "--budget", type=float, default=Long.budget / 2**30, help="of section long: GiB that a step may take"
    )
    values = parser.parse_args(arguments)
    if values.threads is not None:
        if values.threads < 1:
            raise UserError(f"--threads must be at least 1, got {values.threads}")
        torch.set_num_threads(values.threads)
    long = Long(values.batch_size, values.budget * 2**30)
    plan = replace(QUICK if values.quick else FULL, long=long)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        right = bench(plan.name, jobs_of(plan, values.only), Path(values.out), console, resume=values.resume)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    return 0 if right else 1


def sections() -> str:
    """What `--help` says of the sections."""
    every, quick = ", ".join(get_args(Section)), ", ".join(QUICK.sections)
    return f"what to measure: {every}; all of it but long unless given, or with --quick {quick}"
