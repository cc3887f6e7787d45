import json
from pathlib import Path

import pytest
from made_up_records import COPYING, Course, write_run

from holdfast.report import comparisons, read_runs
from holdfast.report.markdown import results_markdown
from holdfast.report.page import Section, render, sections
from holdfast.report.results import results_json


@pytest.fixture(scope="module")
def parts(demo: Path) -> list[Section]:
    return sections(comparisons(read_runs([demo])))


def test_the_markdown_is_tables_with_footnotes(parts: list[Section]):
    text = results_markdown(parts)
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert table.count("(best)") == 1
    assert "### Copying, lag 100" in text
    assert "1 solved, 1 diverged, 1 unfinished" in text
    assert "The published numbers are for another task, MNIST" in text
    assert "† written down from memory of the paper, not checked against it." in text


def test_numbers_stand_to_the_right_in_the_markdown(parts: list[Section]):
    header, rule, *_ = results_markdown(parts).split("\n\n")[2].splitlines()
    aligned = dict(zip(header.strip("| ").split(" | "), rule.strip("| ").split(" | "), strict=True))
    assert aligned["test accuracy"] == aligned["parameters"] == "---:"
    assert aligned["model"] == aligned["ended"] == "---"


def test_the_json_has_every_number_unrounded(parts: list[Section]):
    copying, digits = json.loads(results_json(parts))["tasks"]
    assert copying["settings"]["lag"] == 100
    (best,) = (model for model in digits["models"] if model["best"])
    summaries = [json.loads((Path(run["folder"]) / "summary.json").read_text()) for run in best["runs"]]
    assert best["accuracy"]["values"] == [summary["test"]["accuracy"] for summary in summaries]
    (nru,) = (model for model in copying["models"] if model["label"] == "nru")
    assert [run["status"] for run in nru["runs"]] == ["solved", "diverged", "unfinished"]
    assert nru["published"][0]["recalled"] is True
    assert not copying["published_on"]["same_task"]


def test_memory_has_a_column_unless_no_run_knows_it(parts: list[Section], tmp_path: Path):
    rows = [line.split(" | ") for line in results_markdown(parts).split("\n\n")[2].splitlines()]
    assert {row[rows[0].index("MiB of a step")] for row in rows[2:]} == {"100"}
    folder = write_run(tmp_path, COPYING, "lstm", 0, Course())
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({key: summary[key] for key in summary if key != "memory"}))
    (early,) = sections(comparisons(read_runs([tmp_path])))
    assert "MiB" not in results_markdown([early])
    assert "MiB" not in render([early])
    assert "MiB" in render(parts)


def test_what_was_updated_has_columns_where_units_may_rest(parts: list[Section], tmp_path: Path):
    write_run(tmp_path, COPYING, "lstm", 0, Course(seconds_a_step=0.1))
    folder = write_run(tmp_path, COPYING, "lstm", 0, Course(), label="gaussian-lstm")
    summary = json.loads((folder / "summary.json").read_text())
    summary["test"] |= {"openness": 0.1234, "operations": 2_460_000.0}
    (folder / "summary.json").write_text(json.dumps(summary))
    (section,) = sections(comparisons(read_runs([tmp_path])))
    rows = [line.strip("| ").split(" | ") for line in results_markdown([section]).split("\n\n")[2].splitlines()]
    told = {row[0]: row[rows[0].index("test openness") : rows[0].index("test operations") + 1] for row in rows[2:]}
    assert told["gaussian-lstm"] == ["12.34\u202f%", "2\u202f460\u202f000"]
    assert told["lstm"] == ["", ""]
    assert "Test openness" in render([section])
    assert "openness" not in render(parts)
    (copying,) = json.loads(results_json([section]))["tasks"]
    values = {model["label"]: model["openness"] for model in copying["models"]}
    assert values["lstm"] is None
    assert values["gaussian-lstm"]["mean"] == 0.1234
