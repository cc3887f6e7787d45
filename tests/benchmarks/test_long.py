"""Time and memory over the length of the sequences."""

import pytest

from holdfast.benchmarks import long
from holdfast.benchmarks.lessons import LEARNERS, training_step
from holdfast.benchmarks.long import MEASURED, PREDICTED, SECTION, Long, cell, foreseen, jobs, memories
from holdfast.benchmarks.long_report import draw_long, table, write_table
from holdfast.benchmarks.record import Quantity, Record
from holdfast.benchmarks.workloads import Workload

LABEL = "Transformer"


@pytest.fixture
def answers(monkeypatch):
    """In place of new processes: a memory of 1 MiB times the square of thousands of steps."""
    asked = []

    def ask(question, label, steps, *sizes):
        asked.append(int(steps))
        return {"seconds": [3.0, 1.5], "extra": 2**20 * (int(steps) / 1000) ** 2}

    monkeypatch.setattr(long, "ask", ask)
    return asked


def measured(budget: float, lengths=(1000, 2000, 4000)) -> Record:
    record, settings = Record("quick"), Long(budget=budget * 2**20, lengths=lengths)
    for job in jobs(settings):
        if job.name.startswith(f"{LABEL} over"):
            job.run(record)
    return record


@pytest.mark.parametrize("label", LEARNERS)
def test_every_way_to_learn_takes_a_step(label):
    training_step(label, Workload(12, 2, 3, 8))()


def test_a_length_that_would_exceed_the_budget_is_foreseen_and_not_tried(answers):
    record = measured(budget=5)
    assert answers == [1000, 2000]
    assert memories(record, LABEL) == {1000: 2**20, 2000: 4 * 2**20}
    assert memories(record, LABEL, PREDICTED) == pytest.approx({4000: 16 * 2**20})
    assert f"| {LABEL} | 1.5; 1 | 1.5; 4 | out of memory (16 foreseen) |" in table(record)


def test_what_was_measured_beyond_the_budget_is_said(answers):
    assert f"| {LABEL} | 1.5; 1 | 1.5; 4 (out of memory) |" in table(measured(budget=2, lengths=(1000, 2000)))


def test_memory_grows_on_by_the_power_by_which_it_grew():
    assert foreseen({1000: 1.0}, 2000) is None
    assert foreseen({1000: 1.0, 2000: 4.0}, 4000) == pytest.approx(16)
    assert foreseen({1000: 1.0, 2000: 1.0}, 4000) == pytest.approx(2)
    assert foreseen({500: 9.0, 1000: 1.0, 2000: 2.0}, 4000) == pytest.approx(4)


def test_names_that_begin_alike_are_told_apart():
    both = ("LSTM, full BPTT", "LSTM, full BPTT, recomputed")
    found = [Quantity(SECTION, long.name(MEASURED, label, 10), k, "bytes") for k, label in enumerate(both)]
    record = Record("quick", quantities=found)
    assert [memories(record, label) for label in both] == [{10: 0}, {10: 1}]


def test_a_record_of_another_batch_is_not_gone_on_with(answers):
    record = measured(budget=5)
    with pytest.raises(ValueError, match="begun with batch size 2, got 3"):
        cell(record, Long(batch=3, budget=5 * 2**20), LABEL, 1000)


def test_the_picture_has_two_panels_and_needs_a_record(answers, tmp_path):
    assert not draw_long(Record("quick"), tmp_path / "none.svg")
    assert draw_long(measured(budget=5), tmp_path / "long.svg")
    drawn = (tmp_path / "long.svg").read_text()
    assert drawn.count('id="axes_') == 2
    for words in (
        "seconds for a minibatch of 2 sequences",
        "MiB for a minibatch of 2 sequences",
        "the budget, 0.00488",
    ):
        assert words in drawn


def test_the_table_is_a_file_that_tells_batch_and_budget(answers, tmp_path):
    assert not write_table(Record("quick"), tmp_path / "none.md")
    assert write_table(measured(budget=2048), tmp_path / "long.md")
    lead, _, header, *_ = (tmp_path / "long.md").read_text().splitlines()
    assert (
        lead
        == "A step of 2 sequences: seconds; MiB beyond what the process held before; out of memory: more than 2 GiB."
    )
    assert header == "| seconds; MiB | 1 000 | 2 000 | 4 000 |"


def test_the_paper_has_eight_lengths_and_settings_are_checked():
    assert Long().lengths == (1600, 2304, 3136, 5184, 6400, 9216, 12544, 16384)
    with pytest.raises(ValueError, match="batch and budget must be above 0"):
        Long(batch=0)
