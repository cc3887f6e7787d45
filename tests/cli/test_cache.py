"""`holdfast cache` shows and removes compiled kernels."""

from holdfast.backends.build import load
from holdfast.cli import main


def test_the_cache_is_listed_and_cleared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    load('extern "C" int seven() { return 7; }', name="seven")
    assert main(["cache"]) == 0
    assert "1 kernel" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    capsys.readouterr()
    assert main(["cache", "list"]) == 0
    assert "0 kernels" in capsys.readouterr().out
