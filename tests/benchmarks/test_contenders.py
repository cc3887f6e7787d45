"""Contenders compute what they say, and wrong ones are not timed."""

import torch
from torch import nn

from holdfast.backends.build import NoCompiler
from holdfast.benchmarks import contenders, gate, races
from holdfast.benchmarks.clock import Effort
from holdfast.benchmarks.contenders import Run, installed, prepare, torch_run
from holdfast.benchmarks.gate import difference, passes
from holdfast.benchmarks.peak import burst
from holdfast.benchmarks.record import FORWARD, PEAK, TRAINING, Record
from holdfast.benchmarks.workloads import Workload

TINY = Workload(5, 3, 2, 4)
QUICK = Effort(3, 1)


def test_a_run_does_forward_without_a_graph_and_backward_to_all_parameters():
    run = prepare("lstm reference", TINY)
    output, _ = run.forward()
    assert output.shape == (5, 3, 4)
    assert not output.requires_grad
    assert run.training() is None


def test_training_reaches_all_parameters():
    layer = nn.LSTM(2, 4)
    contenders.module_run(layer, TINY.x(), TINY.gradient(4)).training()
    assert all(parameter.grad is not None for parameter in layer.parameters())


def test_operations_are_those_of_the_matrix_products():
    run = torch_run(nn.LSTM, TINY)
    assert run.products == 2 * 5 * 3 * (4 * 4) * (2 + 4)
    assert run.training_products == 2 * 5 * 3 * (4 * 4) * (2 * 2 + 3 * 4)


def test_torch_takes_ragged_batches_packed():
    ragged = Workload(6, 3, 2, 4, ragged=True)
    run = torch_run(nn.LSTM, ragged)
    assert len(run.forward()[0].data) == ragged.lengths().sum()
    run.training()


def test_the_gate_finds_a_wrong_gradient(monkeypatch):
    assert passes("lstm native", TINY) is None
    true_layer = gate.holdfast_layer

    def wrong_layer(model, workload, backend, recompute=None):
        layer = true_layer(model, workload, backend, recompute)
        if backend == "native":
            next(layer.parameters()).register_hook(lambda gradient: gradient * 1.001)
        return layer

    monkeypatch.setattr(gate, "holdfast_layer", wrong_layer)
    assert 0.9e-3 < difference(*gate.layers("lstm native", TINY), TINY) < 1.1e-3
    assert "off by 1.0e-03" in passes("lstm native", TINY)


def test_the_gate_draws_the_same_chance_for_contender_and_reference():
    layer, _ = gate.layers("zoneout-lstm reference", TINY)
    assert gate.by_chance(layer, TINY)
    assert not gate.by_chance(layer.eval(), TINY)
    layer, other = gate.layers("zoneout-lstm reference", TINY)
    assert difference(layer, other.float(), TINY) == 0


def test_the_gate_asks_no_more_of_a_contender_than_of_the_reference(monkeypatch):
    off = {"lstm native": 5e-4, "lstm reference": 2e-4}
    monkeypatch.setattr(gate, "layers", lambda label, workload: (label, None))
    monkeypatch.setattr(gate, "by_chance", lambda layer, workload: False)
    monkeypatch.setattr(gate, "difference", lambda layer, oracle, workload: off[layer])
    assert passes("lstm native", TINY) is None
    off["lstm reference"] = 0.8e-4
    assert "off by 5.0e-04 of the largest number, 4e-04 allowed" in passes("lstm native", TINY)


def test_a_contender_that_breaks_does_not_end_the_race(monkeypatch):
    def break_down(label, workload):
        if label == "gru native":
            raise NotImplementedError("no kernel for it")

    monkeypatch.setattr(races, "passes", break_down)
    record = Record("quick")
    races.run_race(record, "shapes", TINY, ("lstm native", "gru native"), QUICK)
    assert record.wrong == ["gru native at 5, 3, 2, 4 broke: NotImplementedError: no kernel for it"]
    assert {timing.label for timing in record.timings} - {PEAK} == {"lstm native"}


def test_the_gate_finds_numbers_that_are_none():
    assert gate.relative(torch.tensor([float("nan")]), torch.ones(1)) == float("inf")


def test_a_wrong_contender_is_named_and_not_timed(monkeypatch):
    monkeypatch.setattr(races, "passes", lambda label, workload: "off" if label == "gru native" else None)
    record = Record("quick")
    races.run_race(record, "shapes", TINY, ("lstm native", "gru native"), QUICK)
    assert record.wrong == ["off"]
    assert {timing.label for timing in record.timings} - {PEAK} == {"lstm native"}
    assert {timing.task for timing in record.timings} == {FORWARD, TRAINING}


def test_a_contender_that_can_not_do_the_work_is_left_out_with_its_reason():
    record = Record("quick")
    assert races.fit(record, ["ur-lstm native"], TINY) == []
    assert "torch.nn has no GatedLSTM" in record.notes[0]


def test_guests_take_part_only_if_installed(monkeypatch):
    monkeypatch.setattr("holdfast.benchmarks.others.find_spec", lambda package: None)
    assert not installed("jax.lax.scan LSTM")
    assert installed("nn.LSTM")


def test_every_shape_of_work_is_run(monkeypatch):
    """Each section at small sizes, from end to end."""
    monkeypatch.setattr(races, "SMALL", (TINY,))
    monkeypatch.setattr(races, "DOUBLE", Workload(5, 3, 2, 4, dtype=torch.float64))
    monkeypatch.setattr(races, "RAGGED", Workload(8, 3, 2, 4, ragged=True))
    monkeypatch.setattr(races, "FLAGSHIPS", ("lstm",))
    monkeypatch.setattr(races, "prepare", lambda label, workload: Run(lambda: None, lambda: None, 1))
    monkeypatch.setattr(races, "passes", lambda label, workload: None)
    record = Record("quick")
    for job in (*races.small(QUICK), races.double(QUICK), *races.shapes([TINY], QUICK, references=("lstm",))):
        job.run(record)
    races.ragged(record, QUICK)
    assert {timing.section for timing in record.timings} == {"small", "float64", "ragged", "shapes"}


def test_the_gate_finds_a_stream_that_drifts(monkeypatch):
    assert gate.stream_passes("lstm native", TINY) is None
    true_layers = gate.layers

    def wrong_layers(label, workload):
        layer, oracle = true_layers(label, workload)
        step = layer.step
        layer.step = lambda x, state: (step(x, state)[0] * 1.01, step(x, state)[1])
        return layer, oracle

    monkeypatch.setattr(gate, "layers", wrong_layers)
    assert "step by step, at" in gate.stream_passes("lstm native", TINY)


def test_without_a_compiler_nothing_compiled_takes_part(monkeypatch):
    def none():
        raise NoCompiler("none")

    monkeypatch.setattr(contenders, "find_toolchain", none)
    assert not installed("lstm compiled")
    assert installed("lstm native")


def test_a_burst_counts_its_operations():
    run, operations = burst(1)
    assert run() == operations
    assert burst(2)[1] == 2 * operations
