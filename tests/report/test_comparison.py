import json
from collections.abc import Callable
from pathlib import Path
from statistics import stdev

import pytest
from made_up_records import COPYING, DIGITS

from holdfast.report import Comparison, comparisons, read_runs
from holdfast.report.settings_table import settings
from holdfast.report.wording import runs_counted, statuses, steps_to_solved_words

Write = Callable[..., Path]


@pytest.fixture
def compare(tmp_path: Path) -> Callable[[], list[Comparison]]:
    return lambda: comparisons(read_runs([tmp_path]))


def test_runs_are_sorted_into_a_comparison_a_task_and_a_row_a_model(demo: Path):
    copying, digits = comparisons(read_runs([demo]))
    assert (copying.title, digits.title) == ("Copying, lag 100", "Digits, 64 steps")
    assert {row.label for row in copying.rows} == {"lstm", "chrono-lstm", "ur-lstm", "ur-gru", "nru"}
    assert all([run.seed for run in row.runs] == [0, 1, 2] for row in copying.rows)


def test_the_number_of_a_row_is_the_mean_over_its_seeds_with_their_standard_deviation(demo: Path):
    row = next(row for row in comparisons(read_runs([demo]))[1].rows if row.label == "ur-lstm")
    values = [run.summary["test"]["accuracy"] for run in row.runs]
    assert row.result.mean == pytest.approx(sum(values) / 3)
    assert row.result.spread == pytest.approx(stdev(values))


def test_a_single_run_has_no_spread(write: Write, compare: Callable[[], list[Comparison]]):
    write("lstm")
    assert compare()[0].rows[0].result.spread is None


def test_the_best_row_stands_first_and_is_the_best(demo: Path):
    digits = comparisons(read_runs([demo]))[1]
    means = [row.result.mean for row in digits.rows]
    assert means == sorted(means, reverse=True)
    assert digits.best == (digits.rows[0],)


def test_where_lower_is_better_the_lowest_stands_first(write: Write, compare: Callable[[], list[Comparison]]):
    by_loss = {**DIGITS, "description": {**DIGITS["description"], "metric": "loss", "higher_is_better": False}}
    write("lstm", task=by_loss, floor=0.2)
    write("ur-lstm", task=by_loss, floor=0.05)
    assert [row.label for row in compare()[0].rows] == ["ur-lstm", "lstm"]


def test_a_row_with_a_run_that_went_wrong_is_never_the_best(write: Write, compare: Callable[[], list[Comparison]]):
    """Its other runs may be the best of all: choosing among those that went well would be no fair comparison."""
    write("nru", 0, half_way=100, floor=0.0001, stop_when_solved=False)
    write("nru", 1, half_way=100, ending="diverged", stop_when_solved=False)
    write("lstm", 0, half_way=9000)
    write("ur-gru", 0, half_way=8000)
    comparison = compare()[0]
    nru = comparison.rows[-1]
    assert nru.label == "nru"
    assert nru.result.mean > comparison.rows[0].result.mean
    assert nru not in comparison.best
    assert runs_counted(nru) == "1 of 2"


def test_rows_that_print_the_same_are_all_best(write: Write, compare: Callable[[], list[Comparison]]):
    write("lstm", label="one")
    folder = write("lstm", label="two")
    (folder / "summary.json").write_text((folder.parents[1] / "one" / "seed-0" / "summary.json").read_text())
    write("ur-lstm", half_way=9000)
    assert {row.label for row in compare()[0].best} == {"one", "two"}


def test_of_models_near_chance_none_is_the_best(write: Write, compare: Callable[[], list[Comparison]]):
    for model, accuracy in (("lstm", 0.13), ("ur-lstm", 0.14)):
        path = write(model, half_way=9000) / "summary.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"test": {"loss": 0.17, "accuracy": accuracy}}))
    assert compare()[0].best == ()


def test_a_lone_model_is_not_called_the_best(write: Write, compare: Callable[[], list[Comparison]]):
    write("lstm")
    assert compare()[0].best == ()


def test_runs_with_other_settings_make_a_row_of_their_own_that_says_so(
    write: Write, compare: Callable[[], list[Comparison]]
):
    write("lstm", 0, hidden_size=64)
    write("lstm", 1, hidden_size=128)
    write("lstm", 2, hidden_size=128)
    rows = {row.label: len(row.runs) for row in compare()[0].rows}
    assert rows == {"lstm (hidden_size 64)": 1, "lstm (hidden_size 128)": 2}


def test_threads_do_not_make_another_row(write: Write, compare: Callable[[], list[Comparison]]):
    write("lstm", 0)
    settings = write("lstm", 1) / "settings.json"
    settings.write_text(settings.read_text().replace('"threads": 1', '"threads": 8'))
    assert [len(row.runs) for row in compare()[0].rows] == [2]


def test_what_is_minimised_makes_another_row_beside_another_published_number(
    write: Write, compare: Callable[[], list[Comparison]]
):
    write("lstm", 0)
    path = write("lstm", 1) / "settings.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings | {"objective": {"name": "reconstruction", "label_truncation": 300}}))
    rows = compare()[0].rows
    assert {row.published_as for row in rows} == {"lstm", "r-lstm, truncated to 300"}
    assert {row.model for row in rows} == {"lstm"}


def test_where_the_data_lay_does_not_make_another_comparison(write: Write, compare: Callable[[], list[Comparison]]):
    for seed, data in enumerate(("/here", "/there")):
        write("lstm", seed, task={**DIGITS, "settings": {**DIGITS["settings"], "data": data}})
    (comparison,) = compare()
    assert comparison.title == "Digits, 64 steps"
    assert [len(row.runs) for row in comparison.rows] == [2]
    assert "data" not in comparison.settings


def test_tasks_with_one_title_are_told_apart_by_their_settings(write: Write, compare: Callable[[], list[Comparison]]):
    for side in (8, 28):
        task = {**DIGITS, "settings": {**DIGITS["settings"], "name": "digits", "side": side}}
        write("lstm", task=task, label=f"lstm-{side}")
    assert [comparison.title for comparison in compare()] == [
        "Digits, 64 steps (side 28)",
        "Digits, 64 steps (side 8)",
    ]


def test_shorter_tasks_of_one_name_come_first(write: Write, compare: Callable[[], list[Comparison]]):
    for lag in (1000, 200):
        about = {**COPYING["description"], "lag": lag, "steps": lag + 20}
        write("lstm", task={"settings": {**COPYING["settings"], "lag": lag}, "description": about}, label=f"at-{lag}")
    assert [comparison.title for comparison in compare()] == ["Copying, lag 200", "Copying, lag 1\u202f000"]


def test_statuses_are_told_run_by_run_if_they_differ(demo: Path):
    rows = {row.label: row for row in comparisons(read_runs([demo]))[0].rows}
    assert statuses(rows["ur-lstm"]) == [("solved", "solved")]
    assert [words for _, words in statuses(rows["nru"])] == ["1 solved", "1 diverged", "1 unfinished"]


def test_steps_to_solved_say_how_many_runs_they_are_of(demo: Path):
    rows = {row.label: row for row in comparisons(read_runs([demo]))[0].rows}
    assert steps_to_solved_words(rows["lstm"]) == "not solved"
    assert steps_to_solved_words(rows["nru"]).endswith(" (1 of 3)")
    assert "(" not in steps_to_solved_words(rows["ur-lstm"])


def test_near_chance_is_less_than_a_twentieth_of_the_way_to_perfect(demo: Path):
    copying = comparisons(read_runs([demo]))[0]
    chance = copying.chance
    assert copying.near_chance(chance + 0.04 * (1 - chance))
    assert copying.near_chance(chance - 0.1)
    assert not copying.near_chance(chance + 0.06 * (1 - chance))


def test_settings_that_runs_of_a_row_do_not_share_are_told_seed_by_seed(
    write: Write, compare: Callable[[], list[Comparison]]
):
    for seed, threads in ((0, 1), (1, 8)):
        path = write("lstm", seed=seed) / "settings.json"
        content = json.loads(path.read_text())
        content["training"]["threads"] = threads
        path.write_text(json.dumps(content))
    (comparison,) = compare()
    told = dict(settings(comparison).shared)
    assert told["training.threads"] == "1 (seed 0), 8 (seed 1)"
    assert told["training.steps"] == "2000"
