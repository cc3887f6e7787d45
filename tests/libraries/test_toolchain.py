"""A compiler is asked once what it is; after that only if it, or the processor, may be another one."""

import shutil
import sys
from pathlib import Path

import pytest

from holdfast.backends.libraries import machine, toolchain
from holdfast.backends.libraries.machine import identity, instructions

GCC = shutil.which("c++") or ""
pytestmark = pytest.mark.skipif(identity(GCC) is None, reason="no compiler whose program can be told from others")


@pytest.fixture
def asked(cache, monkeypatch):
    """What was asked for."""
    asked, ask = [], toolchain.ask
    monkeypatch.setattr(toolchain, "ask", lambda compiler: asked.append(compiler) or ask(compiler))
    yield asked
    toolchain.probe.cache_clear()


def in_a_new_process() -> toolchain.Toolchain | None:
    toolchain.probe.cache_clear()
    return toolchain.probe(GCC)


def test_a_second_process_does_not_ask(asked):
    assert in_a_new_process() == in_a_new_process()
    assert asked == [GCC]


def test_a_damaged_answer_is_asked_for_again(asked, cache):
    first = in_a_new_process()
    (note,) = cache.glob("*.toolchain")
    note.write_text(note.read_text().replace("g++", "h++").replace("clang", "klang"))
    assert in_a_new_process() == first
    assert asked == [GCC] * 2


def test_another_processor_is_asked_for_again(asked, tmp_path, monkeypatch):
    in_a_new_process()
    other = tmp_path / "cpuinfo"
    other.write_text("model name : another\nflags : sse\n\nmodel name : not read\n")
    monkeypatch.setattr(machine, "CPUINFO", other)
    assert instructions() == ["model name : another", "flags : sse"]
    in_a_new_process()
    assert asked == [GCC] * 2


def test_a_system_that_says_nothing_of_its_processor_is_asked_each_time(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "none")
    in_a_new_process()
    in_a_new_process()
    assert asked == [GCC] * 2


def test_another_compiler_in_its_place_is_another_one(tmp_path):
    here = tmp_path / "g++"
    shutil.copy(sys.executable, here)
    before = identity(str(here))
    here.unlink()
    shutil.copy(Path(GCC).resolve(), here)
    assert None not in (before, identity(str(here)))
    assert before != identity(str(here))


def test_a_script_or_a_wrapper_may_call_any_compiler(tmp_path):
    script, wrapper = tmp_path / "g++", tmp_path / "ccache"
    script.write_text("#!/bin/sh\n")
    shutil.copy(sys.executable, wrapper)
    assert identity(str(script)) is identity(str(wrapper)) is identity(str(tmp_path / "none")) is None
