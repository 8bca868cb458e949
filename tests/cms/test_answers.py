"""Small things that a real CMS nucleus was seen to do, each on a bare machine."""

from __future__ import annotations

import re

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program

from cpvm.machine.devices.dasd import Dasd

NEW_LINE = b"\x15"
READY = "Ready;"
MINUS_3 = "RCNEG    CSECT\n         LA    15,3\n         LNR   15,15\n         BR    14\n         END\n"
ASKS_IN_VAIN = program(
    "         LA    1,LIST\n         SVC   202\n         DC    AL4(1)\n         BR    10\n"
    "LIST     DC    CL8'NOSUCH',8X'FF'\n"
)
RC5 = "RC5      CSECT\n         LA    15,5\n         BR    14\n         END\n"
BADOP = "BADOP    CSECT\n         DC    X'B2E1'\n         LA    15,9\n         BR    14\n         END\n"
PROGRAMS = {"RCNEG": MINUS_3, "VAIN": ASKS_IN_VAIN, "RC5": RC5, "BADOP": BADOP, "RC0": RC5.replace("RC5", "RC0")}
PROGRAMS["ADDRESS"] = program("         LR    5,1\n         LINEDIT TEXT='TYPE ........',SUB=(HEX,(5))\n" + RETURN_0)


@pytest.fixture
def cms() -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&EXIT\n"}, PROGRAMS)
    bare.ipl()
    return bare


def say(cms: BareCMS, *lines: str) -> list[str]:
    """Output without the times in Ready."""
    return [re.sub(r" T=\S+ \S+$", "", text) for text in cms.type(*lines)]


def last_write(cms: BareCMS, line: str) -> bytes:
    cms.type(line)
    return cms.host.raw[-1]


@pytest.mark.parametrize(
    ("line", "text"),
    [("FOO", "Unknown CP/CMS command"), ("", "CMS"), ("SUBSET", "CMS Subset"), ("STATE T1 EXEC Q", "Ready(00036); T=")],
)
def test_lines_of_the_command_loop_end_with_a_new_line_character(cms: BareCMS, line: str, text: str) -> None:
    written = last_write(cms, line)
    assert written.decode("cp037").startswith(text)
    assert written.endswith(NEW_LINE)


def test_ready_is_as_long_as_vm370s(cms: BareCMS) -> None:
    assert len(last_write(cms, "STATE T1 EXEC")) == 28
    assert len(last_write(cms, "STATE T2 EXEC")) == 35


def test_the_prompt_after_an_abend_has_none(cms: BareCMS) -> None:
    cms.type("LOAD BADOP", "START")
    assert cms.host.raw[-1].decode("cp037") == "CMS"


def test_minus_3_of_a_program_means_unknown_only_if_a_name_was_looked_for_in_vain(cms: BareCMS) -> None:
    assert say(cms, "LOAD RCNEG", "START")[1:] == ["DMSLIO740I Execution begins...", "Ready(-0003);"]
    assert say(cms, "LOAD VAIN", "START")[1:] == ["DMSLIO740I Execution begins...", "Unknown CP/CMS command"]
    assert say(cms, "ATTN") == ["Unknown CP/CMS command"]


def test_start_hands_on_the_call_type(cms: BareCMS) -> None:
    (line,) = (text for text in say(cms, "LOAD ADDRESS", "START") if text.startswith("TYPE"))
    assert line.startswith("TYPE 0B")


def test_a_load_that_fails_leaves_nothing_loaded(cms: BareCMS) -> None:
    say(cms, "LOAD RC5")
    assert say(cms, "LOAD RC0 (ORIGIN 1000")[-1] == "Ready(00024);"
    assert say(cms, "INCLUDE RC5 (SAME") == [READY]
    duplicate = "DMSLIO202W DUPLICATE IDENTIFIER 'RC5'."
    assert say(cms, "INCLUDE RC5 (RESET RC0") == [duplicate, "Ready(00004);"]
    undefined = ["DMSLIO201W THE FOLLOWING NAMES ARE UNDEFINED:", " NOSUCH"]
    assert say(cms, "INCLUDE RC5 (RESET NOSUCH") == [duplicate, *undefined, "Ready(00004);"]


def test_load_without_a_disk_for_the_map(cms: BareCMS) -> None:
    disk = cms.machine.device(0x191)
    assert isinstance(disk, Dasd)
    disk.read_only = True
    say(cms, "ACCESS 191 A")
    error = "DMSLIO105S ERROR '12' WRITING FILE 'LOAD MAP A5' ON DISK."
    assert say(cms, "LOAD RC5") == [error, "Ready(00100);"]
    assert say(cms, "START")[-1] == "Ready(00005);"


def test_debug_goes_on_with_a_program_after_a_program_check(cms: BareCMS) -> None:
    say(cms, "LOAD BADOP", "START")
    assert say(cms, "DEBUG") == ["DMSDBG728I DEBUG ENTERED."]
    assert say(cms, "GO 20002") == ["Ready(00009);"]
    assert say(cms, "STATE T1 EXEC A") == [READY]


def test_return_from_debug_after_an_abend(cms: BareCMS) -> None:
    say(cms, "LOAD BADOP", "START", "DEBUG")
    assert say(cms, "RETURN") == ["CMS"]
    assert say(cms, "DEBUG", "RETURN")[-1] == READY


def test_debug_dumps_to_the_printer(cms: BareCMS) -> None:
    say(cms, "LOAD RC5", "DEBUG", "SET GPR 3 C1C2C3C4")
    assert say(cms, "DUMP 20000 20010 TITLE") == ["DUMP STARTING", "DUMP COMPLETE"]
    printed = [text.rstrip() for code, text in cms.host.printed if text.strip()]
    assert printed[0] == "TITLE"
    assert "C1C2C3C4" in printed[1]
    assert printed[-1].startswith("020000       41F00005 07FE")
    assert say(cms, "DUMP 20010 20000") == ["INVALID OPERAND"]
    assert say(cms, "DUMP ZZZ") == ["INVALID OPERAND"]


def test_low_storage_tells_what_ran_last(cms: BareCMS) -> None:
    say(cms, "LOAD RC5", "STATE T1 EXEC", "EXEC T1")
    storage = cms.machine.storage
    names = [storage.read(at, 8).decode("cp037").rstrip() for at in (0x2A0, 0x2A8, 0x2B0)]
    assert names == ["EXEC", "STATE", "T1"]
    assert storage.read(0x14, 4) == (0x600).to_bytes(4, "big")  # the nucleus' address constants
    assert storage.read(0x280, 16).decode("cp037") == "11/23/2608:30:00"
    chains = int.from_bytes(storage.read(0x530, 4), "big")
    assert int.from_bytes(storage.read(chains, 4), "big") >= 0x3000
