"""The cache as the command line shows it."""

import pytest

from holdfast.backends.build import FLAGS, Loader
from holdfast.backends.cache_command import clear_cache, duration, list_cache
from holdfast.backends.libraries.store import entries
from libraries.conftest import ANSWER


@pytest.fixture
def filled(cache, compiler, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    loader = Loader()
    loader.load(ANSWER % 1, name="first")
    loader.load(ANSWER % 2, name="second", flags=(*FLAGS, "-O1"))
    return cache


def test_the_list_shows_what_was_compiled_newest_first(filled, capsys):
    list_cache()
    shown = capsys.readouterr().out
    assert shown.index("second") < shown.index("first")
    assert "-fno-trapping-math -O1" in shown
    for entry in entries(filled).values():
        assert entry.sha256[:12] in shown
    assert f"2 kernels, 3{shown.split('2 kernels, 3')[1].split()[0]} kB, in {filled}" in shown


def test_clearing_removes_all_that_was_compiled_and_nothing_else(filled, capsys):
    (filled / f"step-{'0' * 32}.program").write_text("{}")
    mine = filled / "package.json"
    mine.write_text("{}")
    clear_cache()
    assert list(filled.iterdir()) == [mine]
    assert f"kB set free in {filled}" in capsys.readouterr().out
    list_cache()
    assert "0 kernels" in capsys.readouterr().out


def test_a_kernel_in_use_outlives_the_cache(filled):
    library = Loader().load(ANSWER % 1, name="first")
    clear_cache()
    assert library.answer() == 1


def test_an_absent_cache_is_empty(cache, capsys):
    list_cache()
    clear_cache()
    assert "0 kernels" in capsys.readouterr().out
    assert not cache.exists()


def test_ages_are_told_in_the_largest_unit_of_which_there_are_two():
    assert [duration(s) for s in (-1, 90, 300, 7200, 2e5)] == ["0 s", "90 s", "5 min", "2 h", "2 d"]
