"""DEBUG: as a command, after an abend, and at breakpoints."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import PROGRAMS


@pytest.fixture
def cms() -> BareCMS:
    bare = BareCMS(programs={name: PROGRAMS[name] for name in ("RC5", "BADOP")})
    bare.ipl()
    return bare


ENTERED = "DMSDBG728I DEBUG ENTERED."


def test_conversation(cms: BareCMS) -> None:
    expected = {
        "DEBUG": [ENTERED],
        "FOO": ["INVALID DEBUG REQUEST"],
        "CSW": ["000007100C000001"],
        "CAW": ["00000700"],
        "X": ["MISSING OPERAND"],
        "X ZZZ": ["INVALID OPERAND"],
        "X 260 8": ["C3D4E24040404040"],
        "X 260": ["C3D4E240"],
        "X 260 6": ["C3D4E2404040"],
        "X 260 57": ["INVALID OPERAND"],
        "DEFINE SYM1 260 8": [],
        "X SYM1": ["C3D4E24040404040"],
        "ORIGIN 30000": [],
        "STORE 10 C1C2C3C4 C5": [],
        "X 10 5": ["C1C2C3C4C5"],
        "STORE": ["MISSING OPERAND"],
        "STORE ZZ 00": ["INVALID OPERAND"],
        "STORE 0 C": ["INVALID OPERAND"],
        "SET": ["MISSING OPERAND"],
        "SET GPR 5 12345678": [],
        "GPR 5": ["12345678"],
        "GPR 16": ["INVALID OPERAND"],
        "GPR 5 3": ["INVALID OPERAND"],
        "SET CAW 1 2": ["TOO MANY OPERANDS"],
        "SET PSW 0": [],
        "BREAK": ["MISSING OPERAND"],
        "BREAK 99 20000": ["INVALID OPERAND"],
        "X 110000": ["INVALID STORAGE ADDRESS"],
        "GO": ["INCORRECT DEBUG EXIT"],
    }
    assert {line: cms.type(line) for line in expected} == expected
    assert cms.type("RETURN")[0].startswith("Ready;")
    assert cms.type("GPR 0") == ["Unknown CP/CMS command"]


def test_symbols_are_at_most_sixteen(cms: BareCMS) -> None:
    cms.type("DEBUG")
    assert [cms.type(f"DEFINE S{n} 0") for n in range(16)] == [[]] * 16
    assert cms.type("DEFINE S16 0") == ["16 SYMBOLS ALREADY DEFINED"]
    assert cms.type("DEFINE S3 4") == []


def test_breakpoint_and_go(cms: BareCMS) -> None:
    cms.type("LOAD RC5", "DEBUG", "BREAK 3 20000", "BREAK 4 20004")
    assert cms.type("RETURN")[0].startswith("Ready;")
    assert cms.type("START") == ["DMSLIO740I Execution begins...", "BREAKPOINT 3 AT 020000", ENTERED]
    assert cms.type("X 20000 4") == ["41F00005"]
    assert cms.type("GO") == ["BREAKPOINT 4 AT 020004", ENTERED]
    assert cms.type("GPR 15") == ["00000005"]
    assert cms.type("SET GPR 15 9", "GO")[0].startswith("Ready(00009);")


def test_hx_at_a_breakpoint_ends_the_program_and_return_does_not(cms: BareCMS) -> None:
    cms.type("LOAD RC5", "DEBUG", "BREAK 0 20000", "RETURN")
    assert cms.type("START")[-1] == ENTERED
    assert cms.type("RETURN") == ["INCORRECT DEBUG EXIT"]
    assert cms.type("HX") == ["CMS"]
    assert cms.type("LOAD RC5 (START")[-1].startswith("Ready(00005);")


def test_after_an_abend(cms: BareCMS) -> None:
    assert cms.type("LOAD BADOP (START")[-1] == "CMS"
    assert cms.type("debug") == [ENTERED]
    assert cms.type("PSW") == ["FFE4000180020006"]
    assert cms.type("GPR 12") == ["40020002"]
    assert cms.type("RETURN") == ["CMS"]
    assert cms.type("DEBUG") == [ENTERED]
    assert cms.type("HX") == ["CMS"]
    assert cms.type("LOAD RC5")[0].startswith("Ready;")
