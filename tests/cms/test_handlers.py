"""HNDINT, WAITD, HNDEXT and the interrupt key: interruptions that a program takes itself."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import BEGINS, READY, codes, run, say, statements, wrapped

from cpvm.machine.devices.printer1403 import Printer1403

DEVICE = statements(
    """
         HNDINT SET,(PRT2,ROUTINE,00F,{when})
         LR    6,15
         LA    5,3
LOOP     MVI   MOVED,0
         LA    7,CCW
         DMSEXS ST,7,X'48'
         LA    2,15
         SIO   0(2)
         BNZ   BAD
         WAITD PRT2
         LR    7,15
         MVC   NAME,0(1)
         LINEDIT TEXT='.... .... ........',DOT=NO,SUB=(DEC,(6),DEC,(7),CHARA,(NAME,4))
         BCT   5,LOOP
         HNDINT CLR,(PRT2)
         LR    6,15
         HNDINT CLR,(PRT2)
         LR    7,15
         WAITD PRT2
         LR    8,15
         LINEDIT TEXT='.... .... ....',DOT=NO,SUB=(DEC,(6),DEC,(7),DEC,(8))
         SR    15,15
         BR    10
BAD      LA    15,99
         BR    10
NAME     DC    CL4' '
MOVED    DC    X'0'
CCW      CCW   X'09',LINE,X'20',4
LINE     DC    C'LINE'
         DROP  12
         USING ROUTINE,15
ROUTINE  LA    6,15
         CR    4,6
         BNER  14
         STCM  3,8,WORK
         TM    WORK,X'04'
         BZR   14
         SR    15,15
         BR    14
WORK     DC    X'0'
         DROP  15
         USING PROG+2,12
"""
)

CHECKS = codes(
    "HNDINT SET,(ONE,0,00F,WAIT)",
    "HNDINT SET,(ONE,0,00F,ASAP)",
    "HNDINT SET,(TWO,0,009,ASAP)",
    "HNDINT SET,(TWO,X'FFF000',00F,ASAP)",
    "HNDINT CLR,(TWO)",
    "HNDINT CLR,(ONE)",
    "WAITD TWO",
)

EXTERNAL = statements(
    """
         HNDEXT SET,ROUTINE
         WRTERM 'SET'
LOOP     CLI   SEEN,0
         BE    LOOP
         HNDEXT CLR
         LR    6,15
         L     5,CODE
         L     7,WHERE
         LA    7,0(,7)
         LA    8,LOOP
         SR    7,8
         LINEDIT TEXT='CODE ...... REGISTER .... AT ....',DOT=NO,SUB=(HEX,(5),DEC,(9),DEC,(7))
         SR    15,15
         BR    10
         DROP  12
         USING ROUTINE,15
ROUTINE  ST    0,CODE
         MVC   WHERE,100(1)
         LA    2,4095
         ST    2,36(,1)
         MVI   SEEN,1
         BR    14
SEEN     DC    X'0'
CODE     DC    F'0'
WHERE    DC    F'0'
         DROP  15
         USING PROG+2,12
"""
)

TYPING = statements(
    """
         HNDEXT SET,ROUTINE
LOOP     WRTERM 'TYPING'
         CLI   SEEN,3
         BL    LOOP
         SR    15,15
         BR    10
         DROP  12
         USING ROUTINE,12
ROUTINE  LR    11,14
         LR    12,15
         WRTERM 'INTERRUPTED'
         IC    2,SEEN
         LA    2,1(,2)
         STC   2,SEEN
         BR    11
SEEN     DC    X'0'
         LTORG
         DROP  12
         USING PROG+2,12
"""
)
"""Types in its interruption routine, too, which may interrupt a wait for the terminal."""

PROGRAMS = {
    "TYPING": program(TYPING),
    "ATONCE": program(DEVICE.format(when="ASAP")),
    "LATER": program(DEVICE.format(when="WAIT")),
    "CHECKS": program(CHECKS + RETURN_0),
    "EXTERNAL": program(EXTERNAL),
    "LOOPER": "LOOPER   CSECT\n         USING *,15\n         B     LOOPER\n         END\n",
}


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&EXIT\n"}, {name: wrapped(source) for name, source in PROGRAMS.items()})
    bare.machine.attach(0x00F, Printer1403(bare.host))
    bare.ipl()
    return bare


@pytest.mark.parametrize("name", ["ATONCE", "LATER"])
def test_a_device_of_the_programs_own(cms: BareCMS, name: str) -> None:
    cms.host.printed.clear()
    ready = "0 0 PRT2"
    assert run(cms, name) == [ready, ready, ready, "0 3 1", READY]
    assert [text for _, text in cms.host.printed] == ["LINE"] * 3


def test_return_codes(cms: BareCMS) -> None:
    assert run(cms, "CHECKS") == ["1 0", "2 2", "3 1", "4 1", "5 3", "6 0", "7 1", READY]


def start(cms: BareCMS, name: str) -> None:
    assert say(cms, f"LOAD {name}") == [READY]
    cms.start("START", 20_000)


def test_external_interruptions(cms: BareCMS) -> None:
    start(cms, "EXTERNAL")
    assert cms.take() == [BEGINS, "SET"]
    cms.machine.external(0x40)
    cms.run()
    *answer, ready = cms.take()
    assert answer in (["CODE 000040 REGISTER 4095 AT 0"], ["CODE 000040 REGISTER 4095 AT 4"])
    assert ready.startswith(READY)


@pytest.mark.parametrize("pause", [100, 137, 200, 333, 401])
def test_a_routine_that_types_while_the_program_types(cms: BareCMS, pause: int) -> None:
    start(cms, "TYPING")
    for _ in range(3):
        cms.machine.run(pause)
        cms.machine.external(0x40)
        cms.machine.run(20_000)
    cms.run()
    *lines, ready = cms.take()
    assert lines.count("INTERRUPTED") == 3
    assert set(lines[1:]) == {"TYPING", "INTERRUPTED"}
    assert ready.startswith(READY)


@pytest.mark.parametrize("typed", [(), ("HT",)])
def test_the_interrupt_key_enters_debug(cms: BareCMS, typed: tuple[str, ...]) -> None:
    start(cms, "LOOPER")
    for line in typed:
        cms.interrupt(line)
    cms.take()
    cms.machine.external(0x40)
    cms.run()
    assert cms.take() == ["DMSDBG728I DEBUG ENTERED."]
    assert say(cms, "RETURN") == ["INCORRECT DEBUG EXIT"]
    assert say(cms, "SET GPR 15 0", "HX") == ["CMS"]
    assert say(cms, "STATE T1 EXEC") == [READY]
