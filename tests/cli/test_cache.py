"""`holdfast cache` shows and removes compiled kernels and decoded data sets."""

from holdfast.backends.build import load
from holdfast.cli import main
from holdfast.tasks.stored import Layout, stored


def test_the_cache_is_listed_and_cleared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    load('extern "C" int seven() { return 7; }', name="seven")
    assert main(["cache"]) == 0
    assert "1 kernel" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    capsys.readouterr()
    assert main(["cache", "list"]) == 0
    assert "0 kernels" in capsys.readouterr().out


def test_decoded_sets_are_listed_and_cleared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))

    def write(place):
        (place / "numbers.bin").write_bytes(bytes(2000))
        return {"numbers": Layout("uint8", (2000,))}

    stored("owner/birds", "content", write)
    assert main(["cache"]) == 0
    told = capsys.readouterr().out
    assert "owner-birds-" in told
    assert "1 data set, 2." in told
    assert main(["cache", "clear"]) == 0
    assert "kB of data sets set free" in capsys.readouterr().out
    assert main(["cache", "list"]) == 0
    assert "0 data sets" in capsys.readouterr().out
    assert list((tmp_path / "cache/data").iterdir()) == []
