"""What may befall a cache: many builders at once, killed ones, damaged files, forks."""

import os
import signal
import time

import pytest

from holdfast.backends.build import CompileError, Loader
from holdfast.backends.libraries.lock import locked
from libraries.conftest import ANSWER


def load_anew(source: str, *, name: str):
    """Load as a new process would."""
    return Loader().load(source, name=name)


def only(cache, suffix: str):
    (found,) = cache.glob(f"*{suffix}")
    return found


def test_eight_processes_at_once_compile_once(cache, compiler, start):
    compiler.behave(f'sleep 0.5; exec {compiler.real} "$@"')
    processes = [start(f"print(load({ANSWER % 1!r}, name='one').answer())") for _ in range(8)]
    assert [process.communicate() for process in processes] == [("1\n", "")] * 8
    assert compiler.calls == 1


def truncated(cache):
    library = only(cache, ".so")
    os.truncate(library, library.stat().st_size // 2)


def altered(cache):
    library = only(cache, ".so")
    content = bytearray(library.read_bytes())
    content[len(content) // 2] ^= 1
    library.write_bytes(content)


def removed(cache):
    only(cache, ".so").unlink()


def with_a_torn_hash(cache):
    note = only(cache, ".json")
    os.truncate(note, note.stat().st_size // 2)


def with_an_empty_hash(cache):
    os.truncate(only(cache, ".json"), 0)


def without_a_hash(cache):
    only(cache, ".json").unlink()


def with_a_note_of_another_kind(cache):
    only(cache, ".json").write_text("[1, 2]")


@pytest.mark.parametrize(
    "damaged",
    [
        truncated,
        altered,
        removed,
        with_a_torn_hash,
        with_an_empty_hash,
        without_a_hash,
        with_a_note_of_another_kind,
    ],
)
def test_a_damaged_library_is_built_again_and_never_loaded(cache, compiler, start, damaged):
    program = f"print(load({ANSWER % 2!r}, name='two').answer())"
    assert start(program).communicate()[0] == "2\n"
    damaged(cache)
    assert start(program).communicate() == ("2\n", "")
    assert compiler.calls == 2
    assert start(program).communicate()[0] == "2\n"
    assert compiler.calls == 2


def test_a_killed_compiler_leaves_nothing_that_is_taken_for_a_library(cache, compiler):
    compiler.behave('head -c 5000 /dev/urandom > "$made"; kill -9 $$')
    with pytest.raises(CompileError, match="SIGKILL"):
        load_anew(ANSWER % 3, name="three")
    assert [path.suffix for path in cache.iterdir()] == [".lock"]
    compiler.behave(f'exec {compiler.real} "$@"')
    assert load_anew(ANSWER % 3, name="three").answer() == 3


def test_a_killed_builder_leaves_neither_a_lock_nor_a_library(cache, compiler, start):
    compiler.behave('head -c 5000 /dev/urandom > "$made"; sleep 60')
    builder = start(f"load({ANSWER % 4!r}, name='four')")
    wait_until(lambda: list(cache.glob("*.part/kernel.so")))
    os.killpg(builder.pid, signal.SIGKILL)
    builder.wait()
    compiler.behave(f'exec {compiler.real} "$@"')
    begin = time.monotonic()
    assert load_anew(ANSWER % 4, name="four").answer() == 4
    assert time.monotonic() - begin < 20
    assert sorted(path.suffix for path in cache.iterdir()) == [".cpp", ".json", ".lock", ".so"]


def test_a_suspended_builder_delays_others_but_does_not_stop_them(cache, tmp_path):
    path = tmp_path / "lock"
    with locked(path) as first, locked(path, patience=0.05) as second:
        assert (first, second) == (True, False)
    with locked(path, patience=0.05) as third:
        assert third


def test_a_lock_that_was_cleared_while_it_was_held_is_taken_anew(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        path.unlink()
        with locked(path, patience=0.05) as alone:
            assert alone


def test_a_child_of_a_builder_that_dies_does_not_keep_its_lock(cache, tmp_path, start):
    path = tmp_path / "lock"
    program = f"""
import os, pathlib, threading, time
from holdfast.backends.libraries.lock import locked
inside = threading.Event()
def hold():
    with locked(pathlib.Path({str(path)!r})):
        inside.set()
        time.sleep(60)
threading.Thread(target=hold, daemon=True).start()
inside.wait()
if os.fork() == 0:
    print("child", flush=True)
    time.sleep(60)
time.sleep(60)
"""
    parent = start(program.replace("os.fork()", "fork_quietly()").replace("import os,", QUIETLY + "import os,", 1))
    assert parent.stdout.readline() == "child\n"
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    with locked(path, patience=2) as alone:
        assert alone
    os.killpg(parent.pid, signal.SIGKILL)


# Python warns, rightly, of a fork of a process with threads; data loaders do it all the same.
QUIETLY = """
def fork_quietly():
    import os, warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()
"""


def test_a_forked_child_runs_and_builds_kernels_even_if_a_thread_was_building_one(cache, compiler, start):
    compiler.behave(f'sleep 1; exec {compiler.real} "$@"')
    program = f"""{QUIETLY}
import os, threading, time, pathlib
first = load({ANSWER % 5!r}, name="five")
thread = threading.Thread(target=lambda: load({ANSWER % 6!r}, name="six"))
thread.start()
while not list(pathlib.Path({str(cache)!r}).glob("six*.part")):
    time.sleep(0.01)
child = fork_quietly()
if child == 0:
    right = first.answer() == 5 and load({ANSWER % 7!r}, name="seven").answer() == 7
    right = right and load({ANSWER % 6!r}, name="six").answer() == 6
    os._exit(0 if right else 1)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert start(program).communicate(timeout=30) == ("0\n", "")
    assert compiler.calls == 3


def wait_until(true) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
