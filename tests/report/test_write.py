import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.report import write_report

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def report(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([small], tmp_path_factory.mktemp("reports") / "a" / "b").parent


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_report_has_a_page_tables_and_figures_and_nothing_else(report: Path):
    assert set(files(report)) == {
        "index.html",
        "results.md",
        "results.json",
        "figures/1-copying-lag-100.svg",
        "figures/1-copying-lag-100.png",
    }
    assert not list(report.glob(".unfinished-*"))


def test_writing_again_changes_no_byte(report: Path, small: Path):
    before = files(report)
    write_report([small], report)
    assert files(report) == before


def test_files_of_others_in_the_folder_are_left_alone(write: Write, tmp_path: Path):
    write("lstm")
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    write_report([tmp_path], out)
    assert (out / "notes.txt").read_text() == "mine"


def test_paths_may_be_strings(write: Write, tmp_path: Path):
    write("lstm")
    assert write_report([str(tmp_path)], str(tmp_path / "out")).is_file()  # pyright: ignore[reportArgumentType]


def test_a_failure_while_writing_leaves_the_earlier_report_as_it_was(
    report: Path, small: Path, monkeypatch: pytest.MonkeyPatch
):
    before = files(report)
    original = Path.write_bytes

    def full_disk(path: Path, content: bytes) -> int:
        if path.name == "index.html":
            raise OSError(28, "No space left on device")
        return original(path, content)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(ValueError, match=r"No space left on device\); choose another"):
        write_report([small], report)
    monkeypatch.undo()
    assert files(report) == before


def test_the_page_is_the_last_file_to_change(report: Path, small: Path, monkeypatch: pytest.MonkeyPatch):
    moved: list[str] = []
    original = os.replace

    def noted(source: Path, target: Path) -> None:
        moved.append(target.name)
        original(source, target)

    monkeypatch.setattr(os, "replace", noted)
    write_report([small], report)
    assert moved[-1] == "index.html"


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(write: Write, tmp_path: Path):
    write("lstm")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ValueError, match=r"expected a folder to write the report into, got .*out"):
        write_report([tmp_path], tmp_path / "out")


def test_nothing_is_written_if_there_is_nothing_to_report(tmp_path: Path):
    with pytest.raises(ValueError, match="found none"):
        write_report([tmp_path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_json_is_what_a_program_may_read(report: Path):
    assert json.loads((report / "results.json").read_text(encoding="utf-8"))["tasks"][0]["title"] == "Copying, lag 100"
