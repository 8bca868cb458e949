"""OS simulation: spanned records, XDAP, SNAP, STAX, TEOVEXIT, and services that do nothing, as VM/370 had them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bare_cms import BareCMS
from cdf_reader import read_disk
from os_programs import number, program, rc
from programs import continued

from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape

READY = "Ready;"
LENGTHS = (1, 56, 57, 200, 3, 296)
"""Data bytes of the records that SPANOUT writes; a block of 64 takes 56 of one segment."""


def spanned(recfm: str, mode: str) -> str:
    """A program that writes records of LENGTHS, each filled with its number, in move (PM) or locate (PL) mode."""
    put = (
        "         PUT   OUT,REC\n"
        if mode == "PM"
        else "         PUT   OUT\n         LH    15,REC\n         LR    4,1\n         LR    5,15\n"
        "         LA    14,REC\n         MVCL  4,14\n"
    )
    return program(
        "SPANOUT",
        "         OPEN  (OUT,(OUTPUT))\n         LA    6,LENGTHS\n         LA    7,6\n         LA    8,1\n"
        "LOOP     LH    9,0(,6)\n         LA    1,REC+4\n         LR    2,9\n         SR    4,4\n"
        "         LR    5,8\n         SLL   5,24\n         LR    0,1\n         LR    1,2\n         MVCL  0,4\n"
        "         LA    9,4(,9)\n         STH   9,REC\n"
        + put
        + "         LA    6,2(,6)\n         LA    8,1(,8)\n         BCT   7,LOOP\n         CLOSE OUT\n",
        f"LENGTHS  DC    H'{','.join(map(str, LENGTHS))}'\nREC      DC    F'0',400X'00'\n"
        + continued(f"OUT      DCB   DDNAME=OUT,MACRF={mode},RECFM={recfm},LRECL=300,", "BLKSIZE=64"),
    )


def reading(mode: str) -> str:
    """A program that types length, first and last byte of each record."""
    get = "         GET   IN,REC\n         LA    1,REC\n" if mode == "GM" else "         GET   IN\n"
    return program(
        "SPANIN",
        "         OPEN  (IN,(INPUT))\nLOOP     DS    0H\n"
        + get
        + "         LH    5,0(,1)\n         LA    6,0(5,1)\n         BCTR  6,0\n         SR    7,7\n"
        "         IC    7,0(,6)\n         SR    8,8\n         IC    8,4(,1)\n"
        + continued("         LINEDIT TEXT='..... ..... .....',", "SUB=(DEC,(5),DEC,(8),DEC,(7)),DOT=NO")
        + "         B     LOOP\n"
        "BAD      WRTERM 'SYNAD'\nDONE     CLOSE IN\n",
        f"REC      DS    XL400\nIN       DCB   DDNAME=IN,MACRF={mode},RECFM=VBS,EODAD=DONE,SYNAD=BAD\n",
    )


PROGRAMS = {
    "VBSMOVE": spanned("VBS", "PM"),
    "VBSLOC": spanned("VBS", "PL"),
    "VSMOVE": spanned("VS", "PM"),
    "INMOVE": reading("GM"),
    "INLOC": reading("GL"),
    "UPSPAN": program(
        "UPSPAN", "         OPEN  (IN,(UPDAT))\n", "IN       DCB   DDNAME=IN,MACRF=(GL,PL),RECFM=VBS,LRECL=300\n"
    ),
    "XDAPS": program(
        "XDAPS",
        "         OPEN  (F,(UPDAT))\n         READ  D1,SF,F,AREA,'S'\n         CHECK D1\n         READ  D1,SF,MF=E\n"
        "         CHECK D1\n         NOTE  F\n         ST    1,PLACE\n"
        "         XDAP  ECB,R,F,AREA,160,,PLACE\n         WAIT  ECB=ECB\n         WRTERM AREA,16\n"
        "         WRTERM AREA+80,16\n         MVC   AREA(7),=C'CHANGED'\n"
        "         XDAP  ECB,W,F,AREA,160,,PLACE\n         XDAP  ECB,R,F,AREA,80,,FIRST\n         WRTERM AREA,16\n"
        "         XDAP  ECB,R,F,AREA,160,,PLACE\n         WRTERM AREA,16\n"
        "         XDAP  ECB,R,F,AREA,160,,NOWHERE\n         SR    5,5\n         IC    5,ECB\n"
        + number("ECB", 5)
        + "         LA    1,IOB\n         SVC   0\n"
        + rc("XDAP")
        + "         CLOSE F\n",
        "ECB      DC    F'0'\nPLACE    DC    F'0'\nFIRST    DC    X'00010000'\nNOWHERE  DC    X'00FF0000'\n"
        "AREA     DS    CL160\nIOB      DC    F'0',A(ECB),D'0',A(CCW),A(F),5F'0'\nCCW      CCW   X'0E',AREA,0,80\n"
        + continued("F        DCB   DDNAME=IN,DSORG=PS,MACRF=(RP,WP),RECFM=FB,LRECL=80,", "BLKSIZE=160"),
    ),
    "SNAPS": program(
        "SNAPS",
        "         SNAP  DCB=OUT,STORAGE=(TABLE,TABLEND)\n"
        + rc("CLOSED")
        + "         OPEN  (OUT,(OUTPUT))\n         L     9,=X'12345678'\n"
        "         SNAP  DCB=OUT,ID=7,STORAGE=(TABLE,TABLEND)\n"
        + rc("SNAP")
        + "         SNAP  STORAGE=(TABLEND,TABLE)\n"
        + rc("WRONG"),
        "         ORG   SNAPS+X'400'\nTABLE    DC    CL32'FIRST LINE a1 ',96X'AB',CL32'LAST LINE'\n"
        "TABLEND  EQU   *-1\nOUT      DCB   DDNAME=OUT,MACRF=PM,RECFM=F,LRECL=80\n",
    ),
    "NOOPS": program(
        "NOOPS",
        "         LA    15,99\n         ENQ   (A)\n"
        + rc("ENQ")
        + "         LA    15,99\n         DEQ   (A)\n"
        + rc("DEQ")
        + "         LA    15,99\n         CHAP  1\n"
        + rc("CHAP")
        + "         LA    15,99\n         SVC   62\n"
        + rc("DETACH")
        + "         LA    15,99\n         SVC   63\n"
        + rc("CHKPT")
        + "         LA    15,99\n         SVC   17\n"
        + rc("RESTORE")
        + "         FEOV  OUT\n"
        + rc("FEOV")
        + "         EXTRACT AREA,FIELDS=(TIOT,TSO)\n"
        + rc("EXTRACT")
        + "         L     5,AREA\n"
        + number("TIOT", 5),
        "AREA     DC    2F'77'\nOUT      DCB   DDNAME=OUT,MACRF=PM,RECFM=F,LRECL=80\n",
    ),
    "REELS": program(
        "REELS",
        "         L     8,COUNT\n         LTR   8,8\n         BZ    NOEXIT\n         TEOVEXIT SET,REEL\n"
        "NOEXIT   OPEN  (OUT,(OUTPUT))\n         LA    6,2000\n"
        "LOOP     PUT   OUT,REC\n         BCT   6,LOOP\n         CLOSE OUT\n         L     5,COUNT\n"
        + number("REELS", 5)
        + "         B     EXIT1\n"
        "REEL     SAVE  (14,12)\n         LR    11,15\n         USING REEL,11\n         L     5,COUNT\n"
        "         LA    5,1(,5)\n         ST    5,COUNT\n         LA    6,OUT\n         CR    1,6\n"
        "         BNE   NOTDCB\n         TAPECTL REW,TAP1\nNOTDCB   RETURN (14,12),RC=0\n         DROP  11\n"
        "EXIT1    SR    15,15\n",
        "COUNT    DC    F'{count}'\nREC      DC    CL80'A RECORD'\n"
        "OUT      DCB   DDNAME=OUT,MACRF=PM,RECFM=FB,LRECL=80,BLKSIZE=8000\n",
    ),
    "STAXED": program(
        "STAXED",
        "         STAX\n"
        + rc("NONE")
        + "         STAX  ONE\n"
        + rc("STAX")
        + "         STAX  TWO,REPLACE=NO,IBUF=(LINE,8),OBUF=(ASK,5),USADDR=W\n"
        "SPIN     CLI   FLAG,0\n         BE    SPIN\n         MVI   FLAG,0\n         WRTERM 'GOES ON'\n"
        "         STAX\nSPIN2    CLI   FLAG,0\n         BE    SPIN2\n         WRTERM 'ENDS'\n         B     OUT\n"
        "TWO      SAVE  (14,12)\n         LR    11,15\n         USING TWO,11\n         ST    13,SAVE2+4\n"
        "         LA    13,SAVE2\n         LR    6,1\n         LH    5,0(,6)\n"
        + number("LENGTH", 5)
        + "         WRTERM LINE,8\n         MVI   FLAG,1\n         L     13,4(,13)\n         RETURN (14,12),RC=0\n"
        "         DROP  11\n"
        "ONE      SAVE  (14,12)\n         LR    11,15\n         USING ONE,11\n         WTO   'FIRST EXIT'\n"
        "         MVI   FLAG,1\n         RETURN (14,12)\n         DROP  11\nOUT      DS    0H\n",
        "SAVE2    DS    18F\nFLAG     DC    X'00'\nLINE     DC    CL8' '\nASK      DC    C'LINE?'\n"
        "W        DC    F'0'\n",
    ),
}


for _count in (0, 1):
    PROGRAMS[f"REELS{_count}"] = (
        PROGRAMS["REELS"].replace("{count}", str(_count)).replace("REELS    CSECT", f"REELS{_count}   CSECT")
    )
del PROGRAMS["REELS"]


def say(cms: BareCMS, *lines: str) -> list[str]:
    """The output of lines typed, without times."""
    return [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in cms.type(*lines)]


def run(cms: BareCMS, name: str) -> list[str]:
    """Load and start a program: its output."""
    assert say(cms, f"LOAD {name}") == [READY]
    out = say(cms, "START")
    assert out[0] == "DMSLIO740I Execution begins..."
    return out[1:]


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    machine = BareCMS({("DATA", "FILE"): "one\ntwo\nthree\nfour\nfive\nsix\n"}, PROGRAMS, storage=2 << 20)
    machine.ipl()
    assert say(machine, "COPYFILE DATA FILE A FIXED FILE A (RECFM F LRECL 80")[-1] == READY
    return machine


@pytest.fixture(autouse=True)
def fresh(cms: BareCMS) -> None:
    """No file is defined."""
    assert say(cms, "FILEDEF * CLEAR")[-1] == READY


EXPECTED = [f"{length + 4} {at} {at}" for at, length in enumerate(LENGTHS, 1)]


def segments(cms: BareCMS, name: str) -> list[list[tuple[int, bytes]]]:
    """The segments of each block of a file on the A-disk: control byte and data."""
    blocks = []
    for item in read_disk(cms.a_disk.read).files[name, "BLOCKS"].records:
        assert int.from_bytes(item[:2], "big") == len(item)
        at, found = 4, []
        while at < len(item):
            length = int.from_bytes(item[at : at + 2], "big")
            found.append((item[at + 2], item[at + 4 : at + length]))
            at += length
        assert at == len(item)
        blocks.append(found)
    return blocks


@pytest.mark.parametrize("name", ["VBSMOVE", "VBSLOC", "VSMOVE"])
def test_spanned_records(cms: BareCMS, name: str) -> None:
    """Written in move and in locate mode, read in both; the blocks are what OS would write."""
    say(cms, f"FILEDEF OUT DISK {name} BLOCKS A4")
    assert run(cms, name) == [READY]
    blocks = segments(cms, name)
    joined, kinds = b"", []
    for block in blocks:
        assert len(block) == 1 or name != "VSMOVE"
        for kind, data in block:
            joined += data
            kinds.append(kind)
    assert joined == b"".join(bytes((at,)) * length for at, length in enumerate(LENGTHS, 1))
    assert re.fullmatch("(0|1(3)*2)*", "".join(map(str, kinds)))
    if name != "VSMOVE":  # all blocks but the last are full: less room than for a byte of another segment
        assert all(4 + sum(4 + len(data) for _, data in block) > 64 - 5 for block in blocks[:-1])
    say(cms, f"FILEDEF IN DISK {name} BLOCKS A4 (BLKSIZE 64")
    assert run(cms, "INMOVE") == [*EXPECTED, READY]
    assert run(cms, "INLOC") == [*EXPECTED, READY]


def test_spanned_records_that_are_damaged_or_too_long(cms: BareCMS) -> None:
    say(cms, "FILEDEF OUT DISK VBS BLOCKS A4")
    assert run(cms, "VBSMOVE") == [READY]
    say(cms, "FILEDEF IN DISK VBS BLOCKS A4 (BLKSIZE 64 LRECL 100")
    assert run(cms, "INLOC") == [*EXPECTED[:3], "SYNAD", READY]
    assert say(cms, "COPYFILE VBS BLOCKS A4 CUT BLOCKS A4 (FOR 4")[-1] == READY
    say(cms, "FILEDEF IN DISK CUT BLOCKS A4 (BLKSIZE 64")
    assert run(cms, "INLOC") == [*EXPECTED[:3], "SYNAD", READY]


@pytest.mark.parametrize(
    ("name", "filedef", "code"), [("UPSPAN", "DISK VBS BLOCKS A4 (BLKSIZE 64", 7), ("INMOVE", "TERMINAL", 7)]
)
def test_spanned_records_are_refused(cms: BareCMS, name: str, filedef: str, code: int) -> None:
    say(cms, f"FILEDEF IN {filedef}")
    assert run(cms, name)[0] == f"DMSSOP036E OPEN ERROR CODE '{code:02}' ON 'IN      '."


def test_blocks_by_their_place(cms: BareCMS) -> None:
    say(cms, "COPYFILE FIXED FILE A NEW FILE A (REPLACE", "FILEDEF IN DISK NEW FILE A")
    out = run(cms, "XDAPS")
    assert out[:5] == ["three", "four", "one", "CHANGED", "ECB 66"]
    assert re.fullmatch(r"DMSSXD137S UNSUPPORTED FORM OF 'XDAP' MACRO CALLED FROM 02....\.", out[5])
    assert out[6:] == ["XDAP 4", READY]


def test_storage_on_the_printer(cms: BareCMS) -> None:
    say(cms, "FILEDEF OUT DISK ANY FILE A")
    cms.host.printed.clear()
    assert run(cms, "SNAPS") == ["CLOSED 4", "SNAP 0", "WRONG 8", READY]
    lines = [text.rstrip() for _, text in cms.host.printed if text.strip()]
    assert re.fullmatch(r"SNAP  ID 007  +11/23/26  08:30:00", lines[0])
    assert lines[1].startswith("PSW      FF")
    assert " 12345678 " in lines[3]
    first, same, last = lines[5:8]
    assert re.fullmatch(r"020400   C6C9D9E2 E340D3C9 D5C540[0-9A-F ]+\*FIRST LINE a1 +\*", first)
    assert re.fullmatch(r"020420   (ABABABAB ?){4} +(ABABABAB ?){4} +\*\.{32}\*", same)
    assert re.fullmatch(r"020480   D3C1E2E3[0-9A-F ]+\*LAST LINE +\*", last)
    say(cms, "FILEDEF OUT DUMMY")
    cms.host.printed.clear()
    assert run(cms, "SNAPS")[1] == "SNAP 0"
    assert len([text for _, text in cms.host.printed if "ID 007" in text]) == 0


def test_end_of_a_tape(cms: BareCMS, tmp_path: Path) -> None:
    """20 blocks of 8,000 bytes take 32 inches of tape: a foot of it ends, and the routine makes room again."""
    cms.machine.attach(0x181, Tape("3420", open_tape(tmp_path / "short.aws"), feet=1))
    try:
        say(cms, "FILEDEF OUT TAP1")
        out = run(cms, "REELS1")
        assert re.fullmatch(r"REELS [2-9]", out[0]) and out[1] == READY
        assert say(cms, "TAPE REW")[-1] == READY
        assert run(cms, "REELS0")[0] == "DMSSCT120S OUTPUT ERROR 002 ON OUT."
    finally:
        cms.machine.detach(0x181)


def test_services_without_effect(cms: BareCMS) -> None:
    assert run(cms, "NOOPS") == [
        "ENQ 0",
        "DEQ 0",
        "CHAP 0",
        "DETACH 0",
        "CHKPT 0",
        "RESTORE 0",
        "FEOV 4",
        "EXTRACT 4",
        "TIOT 0",
        READY,
    ]


def test_attention_exits(cms: BareCMS) -> None:
    """The last exit is called by a null line; forgotten, it uncovers the one before it."""
    assert say(cms, "LOAD STAXED") == [READY]
    cms.start("START", 200_000)
    assert cms.take()[1:] == ["NONE 8", "STAX 0"]
    assert cms.interrupt("stacked") == []
    assert cms.interrupt("", 200_000) == ["LINE?", "LENGTH 7", "stacked", "GOES ON"]
    out = cms.interrupt("", 200_000)
    cms.run()
    out += cms.take()
    assert [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in out] == ["FIRST EXIT", "ENDS", READY]
    assert cms.interrupt("", 1000) == []  # no program, no exit
