"""Decoded sets in the cache: written once, whole, and made anew when they are damaged."""

import json
import multiprocessing
import os
import time

import numpy as np
import pytest

from holdfast.tasks.stored import Layout, data_cache, stored

NUMBERS = np.arange(12, dtype=np.int16).reshape(6, 2)


class Writer:
    """Writes the numbers, and counts how often it had to."""

    def __init__(self, numbers=NUMBERS):
        self.numbers, self.calls = numbers, 0

    def __call__(self, place):
        self.calls += 1
        self.numbers.tofile(place / "numbers.bin")
        return {"numbers": Layout("int16", self.numbers.shape)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    return data_cache(tmp_path / "cache")


def places(cache):
    return [path for path in cache.iterdir() if path.is_dir()]


def test_arrays_are_made_once_and_then_read(cache):
    write = Writer()
    for _ in range(2):
        assert np.array_equal(stored("a set", "content", write)["numbers"], NUMBERS)
    assert write.calls == 1


def test_arrays_are_mapped_and_what_is_done_to_them_stays_in_the_process(cache):
    numbers = stored("a set", "content", Writer())["numbers"]
    assert isinstance(numbers, np.memmap)
    numbers[0] = 99
    assert np.array_equal(stored("a set", "content", Writer())["numbers"], NUMBERS)


def test_other_content_is_another_set(cache):
    stored("a set", "content", Writer())
    other = stored("a set", "other content", Writer(NUMBERS + 1))
    assert np.array_equal(other["numbers"], NUMBERS + 1)
    assert len(places(cache)) == 2


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "note cut", "note gone", "note of another kind"])
def test_a_damaged_set_is_made_anew(cache, damage):
    stored("a set", "content", Writer())
    (place,) = places(cache)
    file, note = place / "numbers.bin", place / "arrays.json"
    content = file.read_bytes()
    match damage:
        case "flipped":
            file.write_bytes(content[:5] + b"\xff" + content[6:])
        case "cut":
            file.write_bytes(content[:-4])
        case "gone":
            file.unlink()
        case "note cut":
            note.write_text(note.read_text()[:40])
        case "note gone":
            note.unlink()
        case "note of another kind":
            note.write_text(json.dumps({"arrays": {"numbers": 3}}))
    write = Writer()
    assert np.array_equal(stored("a set", "content", write)["numbers"], NUMBERS)
    assert write.calls == 1
    assert np.array_equal(stored("a set", "content", write)["numbers"], NUMBERS)
    assert write.calls == 1


def test_a_making_that_fails_leaves_nothing(cache):
    def fail(place):
        (place / "numbers.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored("a set", "content", fail)
    assert places(cache) == []


def test_what_a_killed_process_left_is_cleared_away(cache):
    stored("a set", "content", Writer())
    (place,) = places(cache)
    left = cache / f"{place.name}.abc.part"
    place.rename(left)
    stored("a set", "content", Writer())
    assert places(cache) == [place]


def _make(folder, gate, calls):
    os.environ["HOLDFAST_CACHE"] = folder

    def write(place):
        calls.put(1)
        time.sleep(0.2)
        return Writer()(place)

    gate.wait()
    assert np.array_equal(stored("a set", "content", write)["numbers"], NUMBERS)


def test_of_several_processes_one_does_the_work(cache):
    context = multiprocessing.get_context("fork")
    gate, calls = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_make, args=(str(cache.parent), gate, calls)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert calls.qsize() == 1


def test_a_cache_without_room_is_told_with_the_remedy(cache):
    def full(place):
        raise OSError(28, "No space left on device")

    with pytest.raises(ValueError, match=r"a set can't be kept in .*data \(No space left on device\); make room there"):
        stored("a set", "content", full)


def test_nobody_else_can_write_into_the_cache(cache):
    stored("a set", "content", Writer())
    assert cache.stat().st_mode & 0o077 == 0
