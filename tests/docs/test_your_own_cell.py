"""The tutorial's own cells do what it says of them."""

import re
import runpy
import warnings
from pathlib import Path
from statistics import median

import pytest
import torch

import holdfast
from holdfast.backends import Compiled
from holdfast.benchmarks.clock import Effort, race
from holdfast.benchmarks.contenders import module_run
from holdfast.benchmarks.workloads import CATALOGUE

TUTORIAL = Path(__file__).parents[2] / "docs/tutorials/your-own-cell.md"
BAR = 0.25


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """All that the tutorial's code defines, run as a file."""
    file = tmp_path_factory.mktemp("tutorial") / "own.py"
    file.write_text("\n\n".join(re.findall(r"^```python\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)))
    with warnings.catch_warnings():  # each cell that is refused warns, but once in a process
        warnings.filterwarnings("ignore", "(?s).*runs on the slow reference", RuntimeWarning)
        return runpy.run_path(str(file))


def test_the_oscillator_is_compiled(cells):
    assert set(cells["layer"].explain().backends) == {"compiled"}


@pytest.mark.parametrize(
    ("name", "operation", "line"),
    [
        ("Centred", "mean mixes rows of the batch", "return y - y.mean(0), z"),
        ("Capped", "depends on a value", "if state.y.max() > 1:"),
    ],
)
def test_what_can_not_be_compiled_is_explained_as_the_tutorial_says(cells, name, operation, line, recwarn):
    told = str(holdfast.Recurrent(cells[name], 3, 64).explain())
    assert operation in told
    assert line in told
    shown = next(row for row in TUTORIAL.read_text().splitlines() if row.startswith("backend") and operation in row)
    assert told.startswith(shown.removesuffix(" ...")), "the tutorial shows another text"


@pytest.mark.slow
def test_the_oscillator_is_faster_than_its_reference_by_the_bar(cells):
    workload = CATALOGUE[0]
    assert workload.hidden == 128
    runs, layers = {}, {}
    for backend in ("compiled", "reference"):
        torch.manual_seed(0)
        layers[backend] = holdfast.Recurrent(cells["Oscillator"], workload.inputs, workload.hidden, backend=backend)
        runs[backend] = module_run(layers[backend], workload.x(), workload.gradient(workload.hidden)).training
    assert Compiled().obstacle(layers["compiled"].cells[0]) is None
    torch.testing.assert_close(layers["compiled"](workload.x())[0], layers["reference"](workload.x())[0])
    seconds = race(runs, Effort(rounds=15, seconds=20))
    ratio = median(a / b for a, b in zip(seconds["compiled"], seconds["reference"], strict=True))
    print(f"\nthe oscillator over its reference at H=128: {ratio:.3f}")
    assert ratio <= BAR
