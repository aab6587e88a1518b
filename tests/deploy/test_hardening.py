"""The programs that are shipped have what makes a mistake in memory hard to use."""

from __future__ import annotations

import json
import platform
import re
import subprocess

import pytest

from process import binary

PROGRAMS = ("mutexd", "mutexctl", "mutexd-sandbox")
BUILD_TYPE = re.search(
    r"^CMAKE_BUILD_TYPE:\w+=(.*)$",
    (binary("mutexd").parent.parent / "CMakeCache.txt").read_text(),
    re.MULTILINE,
)[1]

pytestmark = [
    pytest.mark.skipif(BUILD_TYPE == "Debug", reason="only what is shipped is hardened"),
    pytest.mark.parametrize("program", PROGRAMS),
]


def readelf(what: str, program: str) -> str:
    command = ["readelf", "--wide", what, binary(program)]
    return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)


def segment(program: str, name: str) -> str:
    [line] = re.findall(rf"^\s+{name}\s.*$", readelf("--segments", program), re.MULTILINE)
    return line


def test_it_is_loaded_anywhere(program):
    assert re.search(r"Type:\s+DYN", readelf("--file-header", program))
    assert re.search(r"FLAGS_1.*\bPIE\b", readelf("--dynamic", program))


def test_its_tables_of_addresses_are_read_only_from_the_start(program):
    assert segment(program, "GNU_RELRO")
    assert re.search(r"\((FLAGS|FLAGS_1)\).*\b(BIND_)?NOW\b", readelf("--dynamic", program))


def test_its_stack_cannot_be_executed(program):
    assert re.search(r"\sRW\s", segment(program, "GNU_STACK"))


def test_nothing_can_be_written_and_executed(program):
    loaded = re.findall(r"^\s+LOAD\s.*$", readelf("--segments", program), re.MULTILINE)
    assert loaded
    assert not [line for line in loaded if re.search(r"\sRWE\s", line)]


def test_it_looks_for_libraries_only_where_the_system_has_them(program):
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("--dynamic", program))


def test_its_functions_guard_their_stacks(program):
    assert "__stack_chk_fail" in readelf("--dyn-syms", program)


def test_its_library_calls_know_the_sizes_of_buffers(program):
    # Not every program has such a call left, so the compiler's orders count.
    sources = "client" if program == "mutexctl" else "service"
    compiled = json.loads((binary(program).parent.parent / "compile_commands.json").read_text())
    commands = [entry["command"] for entry in compiled if f"/{sources}/" in entry["file"]]
    assert commands
    for command in commands:
        assert "-D_FORTIFY_SOURCE=3" in command
        assert " -O2 " in command, "it does nothing without optimization"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a feature of x86-64")
def test_its_indirect_calls_land_where_they_may(program):
    # The program's own note says so only where all that is linked in does, so look at a function.
    code = subprocess.run(
        ["objdump", "--disassemble=main", binary(program)], capture_output=True, text=True
    ).stdout
    assert "endbr64" in code
