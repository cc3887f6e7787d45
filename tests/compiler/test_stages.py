"""The stages of the compiler, each alone."""

import pytest
import torch

from holdfast.compiler import ir
from holdfast.compiler.index import Index, Split, follow, variable
from holdfast.compiler.keep import choose_kept
from holdfast.compiler.partition import partition
from holdfast.compiler.schedule import schedule
from holdfast.compiler.trace import trace
from holdfast.compiler.verify import verify

from .snapshots import FOLDER, generated
from .workloads import NAMES, build


@pytest.mark.parametrize("name", NAMES)
def test_a_refactoring_prints_the_same_kernel(name):
    assert generated(name) == (FOLDER / f"{name}.cpp").read_text()


def parts_of(name: str):
    traced = trace(build(name, 3, 10)._cell(0), from_input=True)
    return partition(traced, verify(traced))


def row(size: int, name: str = "input") -> ir.Value:
    return ir.Value("input", (), (size,), {"name": name})


def test_a_trace_knows_the_line_of_an_operation():
    traced = trace(build("lstm", 3, 10)._cell(0), from_input=False)
    assert "lstm.py" in traced.lines["tanh"]


def test_parameters_are_worked_on_before_the_loop():
    parts = parts_of("leaky-rnn")
    leak = torch.randn(10)
    weights = [torch.randn(10, 3), torch.randn(10, 10), torch.randn(10)]
    arrays = dict(zip(parts.arrays, parts.prologue(*weights, leak), strict=True))
    assert any(torch.equal(array, leak.sigmoid()) for array in arrays.values())


def test_an_lstm_keeps_its_four_gates_and_the_squashed_memory():
    assert sorted(value.op for value in choose_kept(parts_of("lstm"))) == ["sigmoid"] * 3 + ["tanh"] * 2


def test_cheap_arithmetic_is_done_again_and_not_kept():
    assert sorted(value.op for value in choose_kept(parts_of("ur-lstm"))) == ["sigmoid"] * 3 + ["tanh"] * 2


def test_an_lstm_is_one_loop_forward():
    parts = parts_of("lstm")
    stages = schedule((*parts.new_states, *choose_kept(parts)), frozenset()).stages
    assert [len(stage.loops) for stage in stages] == [1]


def test_a_running_sum_of_a_flip_runs_backwards():
    value = ir.flip(ir.cumsum(ir.flip(row(5), 0), 0), 0)
    assert value.op == "cumsum"
    assert value.attributes["reverse"]


def test_neutral_elements_vanish():
    x = row(5)
    assert ir.elementwise("mul", x, ir.constant(1)) is x
    assert ir.elementwise("add", ir.constant(0), x) is x


def test_a_slice_of_a_concatenation_is_a_slice_of_its_piece():
    first, second = row(3, "a"), row(4, "b")
    both = ir.Value("cat", (first, second), (7,), {"axis": 0})
    found, _, place = follow(ir.part(both, 0, 4, 2), (variable(0),), lambda v: v.op == "input", (2,))
    assert (found, place) == (second, variable(0) + Index(1))


def test_a_loop_over_two_pieces_asks_to_be_cut():
    both = ir.Value("cat", (row(3, "a"), row(4, "b")), (7,), {"axis": 0})
    with pytest.raises(Split) as split:
        follow(both, (variable(0),), lambda v: v.op == "input", (7,))
    assert (split.value.variable, split.value.at) == (0, 3)
