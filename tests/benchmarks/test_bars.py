"""Bars are met, not met, or not measured; nothing in between."""

import json
from io import StringIO

import pytest
from rich.console import Console

from holdfast.benchmarks.allocator import USUAL
from holdfast.benchmarks.bars import Verdict, judge
from holdfast.benchmarks.clock import Estimate
from holdfast.benchmarks.figure import draw
from holdfast.benchmarks.record import FORWARD, PEAK, TRAINING, Quantity, Record, Timing
from holdfast.benchmarks.show import amount, duration, show
from holdfast.benchmarks.streaming import STEP, STREAM
from holdfast.benchmarks.workloads import SHAPES


def timing(workload, label: str, seconds, *, task: str = TRAINING, section: str = "shapes", **more) -> Timing:
    return Timing(section, str(workload), task, USUAL, label, tuple(seconds), **more)


def by_name(record: Record) -> dict[str, Verdict]:
    return {verdict.what: verdict for verdict in judge(record)}


def races(shapes, ours: float) -> Record:
    """A record in which the UR-LSTM takes `ours` of the time of `nn.LSTM`, and 0.9 of it at the last shape."""
    record = Record("full")
    for workload in shapes:
        record.timings += [timing(workload, "nn.LSTM", (1, 2, 4))]
        share = 0.9 if workload is shapes[-1] else ours
        record.timings += [timing(workload, "ur-lstm compiled", (share, 2 * share, 4 * share))]
    return record


def test_an_empty_record_has_measured_nothing():
    assert {verdict.result for verdict in judge(Record("quick"))} == {"not measured"}


def test_ratios_are_paired_by_round():
    ratio = races(SHAPES, 0.5).ratio("shapes", SHAPES[0], ("ur-lstm compiled", "nn.LSTM"), TRAINING)
    assert ratio == Estimate(0.5, 0.5, 0.5)


def test_the_mean_is_geometric_and_the_worst_shape_is_named():
    verdicts = by_name(races(SHAPES, 0.5))
    mean, worst = verdicts["ur-lstm over nn.LSTM, mean of shapes"], verdicts["ur-lstm over nn.LSTM, worst shape"]
    assert mean.value == pytest.approx((0.5**5 * 0.9) ** (1 / 6))
    assert mean.result == "met"
    assert (worst.value, worst.where, worst.result) == (0.9, str(SHAPES[-1]), "met")


def test_a_bar_is_not_met_when_the_mean_is_above_it():
    assert by_name(races(SHAPES, 0.6))["ur-lstm over nn.LSTM, mean of shapes"].result == "not met"


def test_some_of_the_shapes_are_not_all_of_them():
    verdict = by_name(races(SHAPES[:2], 0.1))["ur-lstm over nn.LSTM, mean of shapes"]
    assert (verdict.measured, verdict.wanted, verdict.result) == (2, 6, "not measured")


def test_the_share_of_the_peak_is_that_of_the_worst_and_has_a_floor():
    record = Record("full")
    for workload in SHAPES:
        threads = workload.threads or 2
        record.timings.append(timing(workload, PEAK, (1, 2), task=FORWARD, operations=100, threads=threads))
        for model in ("ur-lstm", "lstm", "gru"):
            work = 59 if (model, workload) == ("gru", SHAPES[4]) else 70
            record.timings.append(
                timing(workload, f"{model} compiled", (1,), task=FORWARD, operations=work, threads=threads)
            )
    verdict = by_name(record)["share of the peak, forward, H >= 256"]
    assert (verdict.value, verdict.where, verdict.result) == (0.59, f"gru at {SHAPES[4]}", "not met")


def test_a_stream_is_judged_in_microseconds():
    record = Record("full")
    for model in ("ur-lstm", "lstm", "gru"):
        record.timings.append(timing(STREAM, f"{model} compiled", (30e-6,), task=STEP, section="streaming"))
    verdict = by_name(record)["one streaming step, B=1, H=128"]
    assert verdict.value == pytest.approx(30)
    assert verdict.result == "met"


def test_memory_is_compared_beyond_the_output():
    record = Record("full", quantities=[Quantity("memory", "ur-lstm compiled", 1000, "bytes")])
    record.quantities.append(Quantity("memory", "ur-lstm compiled recompute", 99, "bytes"))
    verdict = by_name(record)["recomputation: memory beyond the output"]
    assert (verdict.value, verdict.result) == (0.099, "met")


def test_a_record_is_shown_saved_and_drawn(tmp_path):
    record = races(SHAPES, 0.5)
    record.quantities.append(Quantity("recomputation", "largest relative difference", 1e-3, ""))
    record.timings.append(timing(SHAPES[0], PEAK, (1, 1, 1), operations=1e9, threads=2))
    record.quantities.append(Quantity("first call", "import holdfast", 0.07, "s"))
    record.notes.append("a note")
    record.wrong.append("lstm compiled [at x]: off")
    verdicts, screen = judge(record), StringIO()
    show(record, verdicts, Console(file=screen, width=200))
    for shown in ("ur-lstm compiled", "0.50 ± 0.00", "1 GFLOP/s", "70 ms", "a note", "[at x]: off", "not met", "met"):
        assert shown in screen.getvalue()
    record.save(tmp_path / "bench.json", verdicts)
    saved = json.loads((tmp_path / "bench.json").read_text())
    assert saved["timings"][0]["seconds"] == [1, 2, 4]
    assert {bar["result"] for bar in saved["bars"]} == {"met", "not met", "not measured"}
    assert draw(record, tmp_path / "bench.svg")
    assert "ur-lstm compiled" in (tmp_path / "bench.svg").read_text()


def test_a_record_without_shapes_is_not_drawn(tmp_path):
    assert not draw(Record("quick"), tmp_path / "bench.svg")
    assert not (tmp_path / "bench.svg").exists()


def test_times_and_amounts_are_told_in_units_for_people():
    assert duration(Estimate(0.5, 0.4, 0.55)) == "500 ± 100 ms"
    assert duration(Estimate(3e-5, 3e-5, 3e-5)) == "30 ± 0 µs"
    assert [amount(0.05, "s"), amount(6, "s"), amount(3 * 2**20, "bytes"), amount(0.95, "")] == [
        "50 ms",
        "6 s",
        "3.0 MiB",
        "0.95",
    ]
