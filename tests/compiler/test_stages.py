"""The stages of the compiler, each alone."""

import pytest
import torch

from holdfast.compiler import ir
from holdfast.compiler.index import Index, Split, follow, variable
from holdfast.compiler.keep import choose_kept
from holdfast.compiler.merge import merge, narrow, shared, summed
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


def test_buffers_are_not_differentiated():
    parts = parts_of("lmu")
    cell = build("lmu", 3, 10)._cell(0)
    assert sum(value is not None for value in gradients_of(parts)) == len(list(cell.parameters()))
    assert (cell.memory_size, cell.memory_size) not in [c.shape for c in parts.contractions]


def gradients_of(parts):
    """What the epilogue yields, one for each parameter and buffer."""
    return parts.epilogue.results


def test_a_buffer_of_whole_numbers_stays_one():
    cell = build("urnn", 3, 10)._cell(0)
    parts = parts_of("urnn")
    (weight, *_) = parts.prologue(*cell.parameters(), *cell.buffers())
    torch.testing.assert_close(weight if weight.shape == (20, 20) else weight.T, weight)
    assert not cell.permutation.is_floating_point()


def test_an_lstm_keeps_its_four_gates_and_squashes_its_memory_again():
    assert sorted(value.op for value in choose_kept(parts_of("lstm"))) == ["sigmoid"] * 3 + ["tanh"]


def test_cheap_arithmetic_is_done_again_and_not_kept():
    assert sorted(value.op for value in choose_kept(parts_of("ur-lstm"))) == ["sigmoid"] * 3 + ["tanh"]


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


def weight(name: str, rows: int, columns: int) -> ir.Value:
    return ir.Value("parameter", (), (rows, columns), {"name": name})


def product(rows: ir.Value, name: str, columns: int) -> ir.Value:
    return ir.Value("mm", (rows, weight(name, rows.size, columns)), (columns,))


def test_a_sum_of_products_becomes_one_product():
    x, h, bias = row(3, "input"), row(4, "state0"), ir.Value("parameter", (), (8,), {"name": "bias"})
    total = ir.elementwise("add", ir.elementwise("add", product(x, "w", 8), bias), product(h, "v", 8))
    found = summed((total,))[total]
    (together, rest), (first, _, second, _) = found.args, found.args[0].args
    assert (found.op, together.op, rest, first, second) == ("add", "mm", bias, x, h)


def test_a_product_that_is_read_elsewhere_stays_alone():
    x, h = row(3, "input"), row(4, "state0")
    first = product(x, "w", 8)
    total = ir.elementwise("add", first, product(h, "v", 8))
    assert summed((total, first))[total] is total


def test_products_of_the_same_rows_become_slices_of_one():
    h = row(4, "state0")
    found, joined = shared((ir.elementwise("mul", one := product(h, "v", 8), other := product(h, "w", 8)),))
    assert joined == {"v_and_w": ["v", "w"]}
    assert found[one].args[0] is found[other].args[0]
    assert found[one].args[0].shape == (16,)


def test_a_product_with_one_number_is_elementwise():
    total = ir.elementwise("tanh", product(row(1), "w", 8))
    assert narrow((total,))[total].args[0].op == "mul"


def test_what_is_kept_is_not_merged_away():
    parts = parts_of("gru")
    kept = choose_kept(parts)
    _, merged = merge(parts, kept)
    assert [value.shape for value in merged] == [value.shape for value in kept]


def test_an_lstm_multiplies_once_a_step():
    parts = parts_of("lstm")
    parts, kept = merge(parts, choose_kept(parts))
    (stage,) = schedule((*parts.new_states, *kept), frozenset()).stages
    assert [len(value.args) for value in stage.products] == [4]
