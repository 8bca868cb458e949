"""What is given back to the host between two pieces of LLVM's work."""

import re
import sys
from pathlib import Path

import pytest

from cpvm.machine import Machine
from cpvm.machine.compiled import footprint
from cpvm.s370.psw import PSW

MAPS = """\
7f0000000000-7f0000001000 r--p 00000000 fe:00 12 /a folder/llvmlite/binding/libllvmlite.so
7f0000001000-7f0000004000 r-xp 00001000 fe:00 12 /a folder/llvmlite/binding/libllvmlite.so
7f0000004000-7f0000005000 rw-p 00004000 fe:00 12 /a folder/llvmlite/binding/libllvmlite.so
7f0000008000-7f0000009000 r-xp 00001000 fe:00 13 /usr/lib/libc.so.6
7f000000a000-7f000000b000 r-xp 00000000 00:00 0
"""


def test_only_text_of_the_library_is_named() -> None:
    assert list(footprint._mapped(MAPS)) == [(0x7F0000001000, 0x3000)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_it_goes_and_the_library_works_on() -> None:
    import llvmlite.binding as llvm

    def resident() -> int:
        text = Path("/proc/self/smaps").read_text()
        found = re.findall(r"r-xp [^\n]*/libllvmlite[^\n]*\n(?:[A-Z]\w+: [^\n]*\n)*?Rss: +(\d+)", text)
        return sum(map(int, found))

    source = "define i32 @f(i32 %x) { %y = add i32 %x, 1 ret i32 %y }"
    assert llvm.parse_assembly(source).name is not None
    before = resident()
    footprint.let_go()
    assert resident() < before / 4
    assert "add i32" in str(llvm.parse_assembly(source))


def test_native_code_runs_on() -> None:
    machine = Machine(1 << 16, engine="compiled")
    machine.storage.write(0x400, bytes.fromhex("1A12 47F0 0400"))
    machine.gr[2], machine.psw = 1, PSW(address=0x400)
    for rounds in (500, 1000):
        footprint.let_go()
        machine.run(1000)
        assert machine.gr[1] == rounds
