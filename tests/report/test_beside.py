from holdfast.experiments import literature
from holdfast.report import beside
from holdfast.report.numbers import THIN

PERMUTED = literature({"name": "permuted-mnist"})
DIGITS = literature({"name": "digits"})
COPYING = literature({"name": "copying", "lag": 100, "convention": "tallec", "gap": "fixed"})


def test_on_the_same_task_the_column_is_simply_published():
    assert beside.heading(PERMUTED) == "Published"


def test_on_another_task_the_column_says_so_and_the_caution_says_why():
    assert beside.heading(DIGITS) == "Published on another task: MNIST, pixel by pixel"
    assert "784 steps" in beside.caution(DIGITS)
    assert beside.heading(COPYING) == "Published on another task: copying with other settings"
    assert "lag 500; lag 2000" in beside.caution(COPYING)


def test_one_number_stands_as_it_is_and_several_as_a_range():
    assert beside.cell(PERMUTED, "ur-lstm", "accuracy") == f"96.96{THIN}%"
    assert beside.cell(PERMUTED, "lstm", "accuracy") == f"88 to 95.11{THIN}%"


def test_a_recalled_number_carries_the_mark_and_never_widens_a_checked_range():
    assert beside.cell(PERMUTED, "nru", "accuracy") == f"95.38{THIN}%†"
    assert beside.cell(PERMUTED, "janet", "accuracy") == f"92.5{THIN}%"


def test_a_validation_number_says_so():
    assert beside.cell(PERMUTED, "om-lstm", "accuracy") == f"93.98{THIN}%† (validation)"


def test_outcomes_in_words_are_told_once_each():
    assert beside.cell(COPYING, "chrono-lstm", "accuracy") == "falls to about 0; solves it†"


def test_a_model_that_no_paper_tried_has_an_empty_cell():
    assert beside.cell(PERMUTED, "leaky-rnn", "accuracy") == ""


def test_the_full_list_has_every_number_with_its_source():
    lines = beside.lines(PERMUTED, ["lstm", "nru"])
    assert {line.source for line in lines if line.model == "lstm"} >= {"gu2020improving", "trinh2018learning"}
    (nru,) = (line for line in lines if line.model == "nru")
    assert (nru.reported, nru.on) == (f"95.38{THIN}%†", "test")
    assert "165" in nru.note


def test_lines_that_differ_in_the_setting_alone_are_one():
    (line,) = (line for line in beside.lines(COPYING, ["lstm"]) if line.model == "lstm")
    assert line.on == "lag 500; lag 2000"


def test_what_can_be_had_without_memory_stands_below_the_models():
    lines = beside.lines(COPYING, ["lstm"])
    assert [line.model for line in lines][-2:] == ["memoryless", "memoryless"]


def test_variants_of_one_model_do_not_repeat_its_lines():
    assert beside.lines(PERMUTED, ["lstm", "forget-lstm"]) == beside.lines(PERMUTED, ["lstm"])


def test_what_is_known_of_a_model_says_how_it_was_taught():
    known = beside.known_of("skip-lstm")
    assert any(line.startswith("MNIST, pixel by pixel, budget 0.0001 a sequence (test): 97.3") for line in known)
    assert any("adding, budget 1e-05 a sequence (length 50" in line and "with 53.9" in line for line in known)
    assert not any("truncated" in line or "r-lstm" in line for line in beside.known_of("ur-lstm"))
