import json
from pathlib import Path

import pytest
from tests.report.made_up_records import COPYING, Course, write_run

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
