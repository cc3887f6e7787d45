"""Only a folder that nobody else can write is a cache."""

import os
import stat
import warnings
from pathlib import Path

import pytest

from holdfast.backends.build import Loader
from holdfast.backends.libraries.folder import cache_folder, usable, wanted_folder
from libraries.conftest import ANSWER


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Fallback folders are made where the test can see them."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def falls_back(temporary, reason: str) -> Path:
    """Check that the cache is refused for that reason, once, and that kernels are built elsewhere."""
    with pytest.warns(RuntimeWarning, match=f"{reason}.*HOLDFAST_CACHE") as warned:
        folder = cache_folder()
    assert len(warned) == 1
    assert cache_folder() == folder
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    return folder


def test_the_folder_is_private(cache):
    umask = os.umask(0)
    try:
        assert cache_folder() == cache
    finally:
        os.umask(umask)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_the_folder_is_where_the_platform_keeps_what_can_be_made_again(monkeypatch, tmp_path):
    monkeypatch.delenv("HOLDFAST_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert wanted_folder() == tmp_path / ".cache/holdfast"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert wanted_folder() == tmp_path / "other/holdfast"
    monkeypatch.setattr("sys.platform", "darwin")
    assert wanted_folder() == tmp_path / "Library/Caches/holdfast"


def test_the_variable_may_begin_with_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HOLDFAST_CACHE", "~/kernels")
    assert wanted_folder() == tmp_path / "kernels"


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_is_refused_and_nothing_in_it_is_run(cache, compiler, temporary, mode):
    assert Loader().load(ANSWER % 1, name="one").answer() == 1
    (planted,) = cache.glob("*.so")
    planted.chmod(0o700)
    cache.chmod(mode)
    usable.cache_clear()
    folder = falls_back(temporary, "others can write")
    assert Loader().load(ANSWER % 1, name="one").answer() == 1
    assert (folder / planted.name).exists()
    assert compiler.calls == 2


def test_a_folder_of_someone_else_is_refused(cache, temporary, monkeypatch):
    me = os.geteuid()
    cache.mkdir(mode=0o700)
    monkeypatch.setattr("os.geteuid", lambda: me + 1)
    falls_back(temporary, f"belongs to user {me}")


def test_a_folder_that_others_can_replace_is_refused(cache, temporary, tmp_path):
    cache.mkdir(mode=0o700)
    tmp_path.chmod(0o777)
    falls_back(temporary, "others can replace")


def test_a_folder_that_can_not_be_written_is_refused(temporary, monkeypatch, compiler):
    monkeypatch.setenv("HOLDFAST_CACHE", "/proc/holdfast")
    falls_back(temporary, "/proc/holdfast")
    assert Loader().load(ANSWER % 2, name="two").answer() == 2


def test_a_file_in_the_folders_place_is_refused(cache, temporary):
    cache.write_text("")
    falls_back(temporary, "File exists")


def test_a_folder_that_was_removed_is_made_again(cache, compiler):
    cache_folder().rmdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Loader().load(ANSWER % 3, name="three").answer() == 3
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_the_temporary_folder_goes_with_its_process_and_not_with_its_children(tmp_path, compiler, start, monkeypatch):
    monkeypatch.setenv("HOLDFAST_CACHE", "/proc/holdfast")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    program = f"""
import os, sys, warnings
warnings.simplefilter("ignore")
load({ANSWER % 4!r}, name="four")
if os.fork() == 0:
    sys.exit()
os.wait()
print(len(list(__import__("pathlib").Path(os.environ["TMPDIR"]).glob("holdfast-*/*.so"))))
"""
    assert start(program).communicate() == ("1\n", "")
    assert list((tmp_path / "temporary").iterdir()) == []
