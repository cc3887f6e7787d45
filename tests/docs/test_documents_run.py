"""What the documents tell a reader to type works."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.layers import CATALOGUE

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs/tutorials").glob("*.md"))]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.filterwarnings("ignore:.* runs on the slow reference:RuntimeWarning")  # as the tutorial says
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_python_in_the_documents_runs(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = blocks(document, "python")
    assert found
    names = {"__name__": "document"}
    for block in found:
        exec(compile(block, str(document), "exec"), names)


def test_every_layer_of_the_catalogue_gets_a_page(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    write = runpy.run_path(str(ROOT / "docs/cell_pages.py"))["write"]
    write(tmp_path)
    pages = {path.stem for path in tmp_path.glob("*.md")}
    assert pages == {*CATALOGUE, "index"}
    text = (tmp_path / "ur-lstm.md").read_text()
    assert "c_t = g c_{t-1} + i tanh(candidate block)" in text
    assert "gu2020improving" in text
    assert "b_refine = -b_forget" in text
    for name in CATALOGUE:
        states, starting, *_ = (tmp_path / f"{name}.md").read_text().partition("## States\n\n")[2].split("\n## ")
        assert re.fullmatch(r"With 32 units, the output first: \w+ \d+(, \w+ \d+)*\.\n", states), name
        assert re.fullmatch(r"Starting values\n\n```text\n\S.*```\n", starting, re.DOTALL), name
    assert "the output first: h 32, c 32." in text
    assert "GatedGRU: Weights and biases U(-1/sqrt(H), 1/sqrt(H))" in (tmp_path / "zoneout-ur-gru.md").read_text()


def test_results_that_are_told_in_words_get_a_page_with_their_pictures(tmp_path):
    runpy.run_path(str(ROOT / "docs/result_pages.py"))["write"](tmp_path)
    page = (tmp_path / "long/index.md").read_text()
    pictures = re.findall(r"!\[[^\]]*\]\((.*?)\)", page)
    assert pictures
    assert all((tmp_path / "long" / picture).exists() for picture in pictures)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_commands_in_the_documents_run_in_order(document, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks(document, "bash") for line in block.splitlines()]
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["holdfast"]:
            assert main(words[1:]) == 0, line
        elif words[:1] == ["make"]:
            assert f"{words[1]}:" in (ROOT / "Makefile").read_text(), line
        else:
            assert words[0] in ("python3", ".venv/bin/pip"), f"not tested: {line}"
    if any("holdfast report" in line for line in lines):
        assert "</html>" in (tmp_path / "report/index.html").read_text()


def test_the_table_in_the_readme_is_that_of_the_records():
    tool = runpy.run_path(str(ROOT / "docs/readme_results.py"))
    assert tool["table"]().strip() in (ROOT / "README.md").read_text()
