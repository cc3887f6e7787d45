"""Programs are kept as plain data and found without a trace; what is not whole, or of another version, is not taken."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

import holdfast
from holdfast.backends import Compiled, Reference, Work, programs
from holdfast.backends import kernels as making
from holdfast.backends.kernels import Kernels
from holdfast.compiler import Refusal, recipe
from holdfast.compiler.fingerprint import fingerprint
from holdfast.compiler.stored import from_data, key_of, to_data

from .snapshots import program
from .test_fingerprint import TEXT, module
from .workloads import NAMES, ODD, build, results, work_for, worst


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A folder for programs; libraries stay where all tests have theirs."""
    monkeypatch.setattr(programs, "cache_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def traces(monkeypatch) -> list[str]:
    """The names of the cells that were traced."""
    traced, original = [], making.program_of

    def count(cell):
        traced.append(type(cell).__name__)
        return original(cell)

    monkeypatch.setattr(making, "program_of", count)
    return traced


def new_process(quick: Kernels) -> Kernels:
    """Kernels that know of none yet."""
    return Kernels(poison=True, flags=quick.flags)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_survives_as_plain_data(name):
    data = to_data(program(name))
    again = from_data(json.loads(json.dumps(data)))
    assert again == program(name)
    assert key_of(json.loads(json.dumps(data))) == key_of(data)


def test_a_cell_that_another_process_compiled_is_not_traced(cache, kernels, traces):
    cells = [build("ur-lstm", ODD.input, ODD.hidden, dtype=torch.float64)._cell(0) for _ in range(2)]
    new_process(kernels).of(cells[0])
    assert traces == ["GatedLSTM"]
    compiled = Compiled(new_process(kernels))
    work = work_for(cells[1], ODD, ragged=True)
    assert worst(results(compiled, cells[1], work), results(Reference(), cells[1], work))[0] < 1e-10
    assert traces == ["GatedLSTM"]


def test_two_cells_that_are_alike_share_a_kernel(cache, kernels, traces):
    known = new_process(kernels)
    first, second, other = (build("rnn", 3, n)._cell(0) for n in (6, 6, 7))
    assert known.of(first) is known.of(second)
    assert known.of(other) is not known.of(first)
    assert len(traces) == 2


def test_an_edited_cell_is_never_given_the_old_kernel(cache, kernels, traces):
    edits = [("x.tanh()", "x.tanh()"), ("x.tanh()", "x.sigmoid()")]
    for old, new in edits:
        cell = module(TEXT.replace(old, new)).Mine().double()
        torch.nn.init.normal_(cell.weight_hh)
        torch.nn.init.normal_(cell.weight_ih)
        work = work_for(cell, type(ODD)(4, 2, 3, 4))
        found = results(Compiled(new_process(kernels)), cell, work)
        assert worst(found, results(Reference(), cell, work))[0] < 1e-10
    assert len(traces) == len(edits)


def test_a_cell_that_is_changed_after_its_first_call_is_compiled_again(cache, kernels):
    known = new_process(kernels)
    cell = module().Mine()
    before = known.of(cell)
    cell.gate = type(cell.gate)(3.0)
    between = known.of(cell)
    cell.weight_hh = torch.nn.Parameter(torch.zeros(4, 4, dtype=torch.float64))
    cell.weight_ih = torch.nn.Parameter(torch.zeros(4, 3, dtype=torch.float64))
    assert len({before, between, known.of(cell)}) == 3


def test_a_cell_without_a_fingerprint_is_traced_each_time(cache, kernels, traces):
    for _ in range(2):
        cell = module().Mine()
        cell.anything = iter([])
        assert fingerprint(cell) is None
        new_process(kernels).of(cell)
    assert traces == ["Mine"] * 2
    assert not list(cache.glob("*.cell"))


def truncated(path):
    os.truncate(path, path.stat().st_size // 2)


def altered(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def removed(path):
    path.unlink()


def emptied(path):
    path.write_text("")


@pytest.mark.parametrize("damage", [truncated, altered, removed, emptied])
@pytest.mark.parametrize("suffix", [".cell", ".program"])
def test_a_damaged_entry_is_not_taken_and_is_written_anew(cache, damage, suffix):
    programs.remember("0" * 32, program("lstm"))
    (path,) = cache.glob(f"*{suffix}")
    damage(path)
    assert programs.recall("0" * 32) is None
    programs.remember("0" * 32, program("lstm"))
    assert programs.recall("0" * 32) == program("lstm")
    assert not list(cache.glob("*.part"))


def test_a_program_of_another_version_is_not_taken():
    data = to_data(program("lstm"))
    assert from_data(data | {"compiler": "another"}) is None
    assert from_data({name: value for name, value in data.items() if name != "layout"}) is None


def test_a_program_under_the_name_of_another_is_not_taken(cache):
    first, second = programs.keep(program("lstm")), programs.keep(program("gru"))
    assert first is not None
    assert second is not None
    programs.place(first, ".program").replace(programs.place(second, ".program"))
    assert programs.program_of_key(second) is None


@pytest.mark.parametrize("name", ["aten.from_file.default", "aten.add_.Tensor", "os.system", "getitem.__class__"])
def test_a_file_can_ask_for_no_operation_that_is_not_on_the_list(name):
    data = to_data(program("lstm"))
    assert from_data(data | {"prologue": {"inputs": 0, "operations": [[name, [], {}]], "results": []}}) is None


def test_a_program_with_an_unlisted_operation_runs_but_is_not_kept(cache):
    odd = recipe.Recipe(1, (recipe.Operation("aten.linalg_inv.default", (recipe.At(0),), {}),), (1,))
    torch.testing.assert_close(odd(2 * torch.eye(3))[0], torch.eye(3) / 2)
    with pytest.raises(Refusal, match="linalg_inv"):
        recipe.to_data(odd)


def test_the_listed_operations_exist_and_change_nothing():
    for name in recipe.ALLOWED - {recipe.GETITEM}:
        assert not recipe.function_named(name)._schema.is_mutable


def test_nothing_is_kept_once_the_sources_have_changed(cache, monkeypatch):
    monkeypatch.setattr("holdfast.compiler.sources.SOURCES", "another")
    programs.remember("0" * 32, program("lstm"))
    assert not list(cache.iterdir())


def test_a_new_process_traces_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path))
    text = """
import torch, holdfast
from holdfast.backends import kernels
original = kernels.program_of
kernels.program_of = lambda cell: print("traced") or original(cell)
torch.manual_seed(0)
layer = holdfast.make("rnn", 2, 3)
print(layer(torch.ones(2, 1, 2))[0].flatten().tolist())
"""
    first, second = (
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout for _ in "ab"
    )
    assert first == "traced\n" + second
    assert second.startswith("[")


def test_many_threads_make_and_run_one_kernel(cache, kernels, traces):
    known = new_process(kernels)
    cells = [build("rnn", 3, 5, dtype=torch.float64)._cell(0) for _ in range(4)]
    work = [work_for(cell, type(ODD)(50, 3, 3, 5)) for cell in cells]
    expected = [results(Reference(), cell, w) for cell, w in zip(cells, work, strict=True)]
    differences = []

    def run(k: int) -> None:
        found = [results(Compiled(known), cells[k], work[k]) for _ in range(20)]
        differences.extend(worst(values, expected[k])[0] for values in found)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(differences) == 80
    assert max(differences) < 1e-10
    assert len(traces) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_runs_kernels_while_a_thread_of_its_parent_makes_one(cache, kernels):
    known = new_process(kernels)
    layer = holdfast.make("rnn", 3, 5)
    cell = layer._cell(0)
    x = torch.randn(4, 2, 3)
    work = Work(x, cell.initial_state(2, like=x))
    expected = Compiled(known).unroll(cell, work)[0].detach()
    with known.lock:  # as a thread would hold it
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)
            same = torch.equal(Compiled(known).unroll(cell, work)[0].detach(), expected)
            again = isinstance(known.of(holdfast.make("rnn", 3, 5)._cell(0)), type(known.of(cell)))
            os._exit(0 if same and again else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
