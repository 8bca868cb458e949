"""Tapes, cards and the printer: macros and their return codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import READY, codes, numbered, run, statements, wrapped

from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape


def read(length: int, unit: str = "TAP1") -> str:
    """RDTAPE, its return code, the bytes read and what came."""
    return statements(
        f"""
         MVI   BUFFER,C' '
         MVC   BUFFER+1(99),BUFFER
         RDTAPE BUFFER,{length},{unit}
         LR    6,15
         LR    7,0
         LINEDIT TEXT='READ .... .... ......................',DOT=NO,SUB=(DEC,(6),DEC,(7),CHARA,(BUFFER,20))
"""
    )


TAPES = (
    codes(
        "WRTAPE FIRST,5,TAP1,MODE=C3",
        "LA 5,SECOND",
        "WRTAPE (5),100",
        "TAPECTL WTM,TAP1",
        "WRTAPE FIRST,5,181",
        "TAPECTL REW",
    )
    + read(100)
    + read(20)
    + read(100)
    + read(100, "181 ")
    + codes("TAPECTL BSR,TAP1", "TAPECTL BSF,TAP1", "TAPECTL BSR,TAP1")
    + read(100)
    + codes("TAPECTL REW,TAP1", "TAPECTL FSR,TAP1")
    + read(100)
    + codes("TAPECTL BSF,TAP1", "TAPECTL FSF,TAP1", "TAPECTL ERG,TAP1", "TAPECTL BSF,TAP1", "TAPECTL BSF,TAP1")
    + codes("TAPECTL XYZ,TAP1", "WRTAPE FIRST,0,TAP1", "TAPECTL REW,TAPX", "TAPECTL REW,190 ", "TAPECTL REW,TAP2")
    + codes("TAPECTL REW,TAP8", "TAPECTL WTM,TAP3", "WRTAPE FIRST,5,TAP3", "TAPECTL REW,TAP4", "TAPECTL RUN,TAP1")
    + codes("TAPECTL REW,TAP1")
    + RETURN_0
    + "FIRST    DC    C'FIRST'\nSECOND   DC    CL100'SECOND'\nBUFFER   DS    CL100\n"
)

CARDS = (
    codes("RDCARD BUFFER", "RDCARD BUFFER,20", "PUNCHC BUFFER", "RDCARD BUFFER", "RDCARD BUFFER", "RDCARD BUFFER,200")
    + codes("PRINTL BUFFER,81", "PRINTL BUFFER,150", "PRINTL BUFFER,0")
    + RETURN_0
    + "BUFFER   DS    CL200\n"
)

PAGES = statements(
    """
         LA    5,1
         PRINTL TOP,5
LOOP     PRINTL LINE,5
         LTR   6,15
         BZ    NEXT
         LINEDIT TEXT='.... ....',DOT=NO,SUB=(DEC,(5),DEC,(6))
NEXT     LA    5,1(,5)
         CH    5,=H'66'
         BL    LOOP
         SR    15,15
         BR    10
TOP      DC    C'1TOP '
LINE     DC    C' LINE'
"""
)

PROGRAMS = {
    "TAPES": program(TAPES),
    "CARDS": program(CARDS),
    "PAGES": program(PAGES),
    "NOTHERE": program(
        codes("RDCARD BUFFER") + codes("PUNCHC BUFFER") + codes("PRINTL BUFFER,5") + RETURN_0 + "BUFFER   DS    CL80\n"
    ),
}


@pytest.fixture(scope="module")
def cms(tmp_path_factory: pytest.TempPathFactory) -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&EXIT\n"}, {name: wrapped(source) for name, source in PROGRAMS.items()})
    folder: Path = tmp_path_factory.mktemp("tapes")
    bare.machine.attach(0x181, Tape("3420", open_tape(folder / "one.aws")))
    (folder / "three.aws").write_bytes(bytes.fromhex("000000004000"))  # a tape mark
    bare.machine.attach(0x183, Tape("3420", open_tape(folder / "three.aws", read_only=True)))
    bare.machine.attach(0x184, Tape("3420"))
    bare.ipl()
    return bare


def test_tapes(cms: BareCMS) -> None:
    assert run(cms, "TAPES") == [
        *numbered(0, 0, 0, 0, 0, 0),
        "READ 0 5 FIRST",
        "READ 8 20 SECOND",  # the block is longer
        "READ 2 0",  # tape mark
        "READ 0 5 FIRST",
        *numbered(0, 0, 0),
        "READ 0 100 SECOND",
        *numbered(0, 0),
        "READ 0 100 SECOND",
        *numbered(2, 0, 0, 0, 2),  # backwards to the load point
        *numbered(1, 1, 4, 4, 5),
        *numbered(5, 6, 6, 3, 0),
        *numbered(3),  # unloaded
        READY,
    ]


def test_cards(cms: BareCMS) -> None:
    cms.host.cards.extend([b"\xc1" * 80, b"\xc2" * 80, None])
    cms.reader.ready()
    assert run(cms, "CARDS") == [*numbered(0, 5, 0, 1, 2, 2), *numbered(0, 1, 4), READY]
    assert cms.host.punched[-1] == "B" * 20 + "A" * 60


def test_no_such_device() -> None:
    cms = BareCMS(programs={"NOTHERE": wrapped(PROGRAMS["NOTHERE"])})
    for address in (0x00C, 0x00D, 0x00E):
        cms.machine.detach(address)
    cms.ipl()
    assert run(cms, "NOTHERE") == ["1 3", "1 3", "1 5", READY]


def test_channels_of_the_carriage_tape(cms: BareCMS) -> None:
    printer = cms.machine.device(0x00E)
    assert isinstance(printer, Printer1403)
    printer.minds_forms = True
    cms.host.printed.clear()
    try:
        assert run(cms, "PAGES") == ["60 2", "62 3", READY]  # line 61 has channel 12, line 63 channel 9
    finally:
        printer.minds_forms = False
    assert [text for _, text in cms.host.printed if text.strip()] == ["TOP ", *["LINE"] * 65]
