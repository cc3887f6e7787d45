"""A source becomes a library, once."""

import threading
import time

import pytest

from holdfast.backends.build import FLAGS, CompileError, LoadError, NoCompiler, load
from holdfast.backends.libraries.toolchain import find_toolchain
from libraries.conftest import ANSWER

NAP = '#include <unistd.h>\nextern "C" void nap() { usleep(300000); }'


def test_a_source_becomes_functions(cache, compiler):
    assert load(ANSWER % 42, name="answer").answer() == 42


def test_a_library_is_built_and_loaded_once_in_a_process(cache, compiler):
    assert load(ANSWER % 1, name="one") is load(ANSWER % 1, name="one")
    assert compiler.calls == 1


def test_another_process_takes_it_from_the_cache(cache, compiler, start):
    load(ANSWER % 2, name="two")
    output, errors = start(f"print(load({ANSWER % 2!r}, name='two').answer())").communicate()
    assert (output, errors, compiler.calls) == ("2\n", "", 1)


def test_other_text_and_other_flags_make_other_libraries(cache, compiler):
    sources = [ANSWER % 3, ANSWER % 4, '#ifdef SEVEN\nextern "C" int answer() { return 7; }\n#endif']
    assert load(sources[0], name="n").answer() == 3
    assert load(sources[1], name="n").answer() == 4
    assert not hasattr(load(sources[2], name="n"), "answer")
    assert load(sources[2], name="n", flags=(*FLAGS, "-DSEVEN")).answer() == 7


def test_the_environment_adds_flags_to_the_usual_ones(cache, compiler, monkeypatch):
    source = 'extern "C" int answer() { return ANSWER; }'
    for answer in (8, 9):
        monkeypatch.setenv("HOLDFAST_CXXFLAGS", f"-Og '-DANSWER={answer}'")
        assert load(source, name="n").answer() == answer
    with pytest.raises(CompileError):
        load(source, name="n", flags=FLAGS)


def test_a_name_may_hold_anything(cache, compiler):
    assert load(ANSWER % 5, name="../GatedLSTM(3, 64), ☂ forward").answer() == 5
    assert [path.name.startswith("GatedLSTM-3-64-forward") for path in cache.glob("*.so")] == [True]


def test_many_threads_build_once(cache, compiler):
    found = []
    threads = [threading.Thread(target=lambda: found.append(load(ANSWER % 6, name="six"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert compiler.calls == 1


def test_a_kernel_lets_other_threads_run(cache, compiler):
    library = load(NAP, name="nap")
    naps = [threading.Thread(target=library.nap) for _ in range(8)]
    begin = time.perf_counter()
    for nap in naps:
        nap.start()
    for nap in naps:
        nap.join()
    assert time.perf_counter() - begin < 8 * 0.3 / 2


def test_a_wrong_source_is_shown_with_what_the_compiler_says(cache, compiler):
    with pytest.raises(CompileError, match=r"'broken':\n.*expected") as caught:
        load("int x = ;", name="broken")
    assert caught.value.source == "int x = ;"
    assert "kernel.cpp:1" in caught.value.message
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_without_a_compiler_the_message_says_what_to_install(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCompiler, match=r"none of c\+\+, g\+\+, clang\+\+ is on the PATH.*install"):
        load(ANSWER % 8, name="eight")


def test_a_compiler_that_does_not_run_is_passed_over(cache, compiler, monkeypatch):
    broken = compiler.folder / "c++"
    broken.write_text("#!/bin/sh\nexit 1")
    assert find_toolchain().compiler not in ("", str(broken))
    monkeypatch.setenv("PATH", str(compiler.folder))
    with pytest.raises(NoCompiler, match="did not run"):
        find_toolchain()


def test_a_library_that_the_system_refuses_says_where_it_lay(cache, compiler):
    compiler.behave('echo "not a library" > "$made"')
    with pytest.raises(LoadError, match="HOLDFAST_CACHE"):
        load(ANSWER % 9, name="nine")
