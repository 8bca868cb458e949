"""Disks that OS has written: ACCESS, QUERY, and reading their data sets by OS macros and MOVEFILE."""

from __future__ import annotations

import re

import pytest
from bare_cms import BareCMS, Tracks
from os_programs import PROGRAMS
from osvolume import HEADS, Volume, directory, varying

from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ebcdic import to_ebcdic

READY = "Ready;"
LINES = [f"LINE {number:03} OF A DATA SET" for number in range(40)]


def card(text: str) -> bytes:
    return to_ebcdic(text.ljust(80))


def volume() -> Volume:
    """Sequential data sets of fixed and variable blocks, with a short block and three extents, and a library."""
    disk = Volume()
    cards = [card(line) for line in LINES]
    blocks = [b"".join(cards[at : at + 3]) for at in range(0, 40, 3)]  # the last has one card
    disk.add("SYS1.FIXED.CARDS", [*blocks, b""], ("FB", 80, 240), [[30], [61, 62], [95, 96, 97]])
    lines = [to_ebcdic(line) for line in LINES]
    disk.add("USER.VARYING", [varying(lines[at : at + 10]) for at in range(0, 40, 10)], ("VB", 84, 800), [[31, 32]])
    disk.add("EMPTY", [b""], ("FB", 80, 800), [[33]])
    members = {"FIRST": (0, 2), "SECOND": (1, 2)}
    library = [directory(members), cards[0] + cards[1], cards[2], b"", cards[10] + cards[11], b""]
    disk.add("SYS1.LIB", library, ("FB", 80, 160), [[34, 35]], partitioned=True, keyed=1)
    return disk


def say(cms: BareCMS, *lines: str) -> list[str]:
    return [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in cms.type(*lines)]


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    machine = BareCMS({}, {"COPY": PROGRAMS["COPY"]}, storage=2 << 20)
    tracks = Tracks(volume().images())
    machine.machine.attach(0x198, Dasd("3350", tracks, cylinders=5))
    machine.ipl()
    assert say(machine, "ACCESS 198 B") == ["DMSACC723I B (198) R/O - OS", READY]
    return machine


@pytest.fixture(autouse=True)
def fresh(cms: BareCMS) -> None:
    """No file is defined."""
    assert say(cms, "FILEDEF * CLEAR")[-1] == READY


def test_what_is_told_of_it(cms: BareCMS) -> None:
    assert "B (198): R/O - OS" in say(cms, "QUERY DISK B")
    assert "OSVOL1  198  B    R/O - OS" in say(cms, "QUERY SEARCH")
    assert say(cms, "LISTFILE * * B")[-1] == "Ready(00028);"
    assert say(cms, "ACCESS 198 C (ERASE")[-1] == "Ready(00100);"
    assert say(cms, "STATE NO FILE *")[-1] == "Ready(00028);"
    assert say(cms, "COPYFILE COPY TEXT A = = B")[-1] != READY


@pytest.mark.parametrize(
    ("filedef", "lines"),
    [
        ("X Y DSN SYS1 FIXED CARDS", LINES),
        ("X Y DSN USER VARYING", LINES),
        ("USER VARYING", LINES),
        ("X Y DSN EMPTY", []),
        ("X Y DSN SYS1 LIB (MEMBER FIRST", LINES[:3]),
        ("X Y DSN SYS1 LIB (MEMBER SECOND", LINES[10:12]),
    ],
)
def test_its_data_sets_are_read(cms: BareCMS, filedef: str, lines: list[str]) -> None:
    name, _, options = filedef.partition(" (")
    words = name.split()
    at = 2
    operands = " ".join([*words[:at], "B", *words[at:]])
    say(cms, f"FILEDEF IN DISK {operands}" + (f" ({options}" if options else ""), "FILEDEF OUT TERMINAL")
    assert say(cms, "MOVEFILE IN OUT") == [*lines, READY]


def test_a_program_reads_it(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK X Y B DSN SYS1 FIXED CARDS", "FILEDEF OUT DISK OUR CARDS A", "LOAD COPY")
    assert say(cms, "START")[1:] == [READY]
    assert say(cms, "LISTFILE OUR CARDS A (ALLOC NOHEADER")[0].split()[5] == "40"


@pytest.mark.parametrize(
    "filedef", ["X Y B DSN NOT THERE", "X Y B DSN SYS1 LIB (MEMBER THIRD", "X Y B DSN EMPTY (MEMBER A"]
)
def test_what_is_not_there(cms: BareCMS, filedef: str) -> None:
    say(cms, f"FILEDEF IN DISK {filedef}", "FILEDEF OUT TERMINAL", "LOAD COPY")
    assert say(cms, "START")[1] == "DMSSOP036E OPEN ERROR CODE '09' ON 'IN      '."


def test_it_cannot_be_written(cms: BareCMS) -> None:
    assert HEADS == 30
    say(cms, "FILEDEF IN DISK X Y B DSN USER VARYING", "FILEDEF OUT DISK A B B DSN EMPTY", "LOAD COPY")
    assert "DMSSOP036E OPEN ERROR CODE '09' ON 'OUT     '." in say(cms, "START")


def test_listds(cms: BareCMS) -> None:
    names = ["SYS1.FIXED.CARDS", "USER.VARYING", "EMPTY", "SYS1.LIB"]
    out = [line.rstrip() for line in say(cms, "LISTDS B")]
    assert out == ["FM  DATA SET NAME", *[f"B   {name}" for name in names], READY]
    out = [line.rstrip() for line in say(cms, "LISTDS * (FORMAT")]
    assert out[0] == "RECFM LRECL BLKSI DSORG DATE     LABEL  FM  DATA SET NAME"
    assert out[1] == "FB    00080 00240 PS    00.000   OSVOL1 B   SYS1.FIXED.CARDS"
    assert out[2] == "VB    00084 00800 PS    00.000   OSVOL1 B   USER.VARYING"
    assert out[4:] == ["FB    00080 00160 PO    00.000   OSVOL1 B   SYS1.LIB", READY]
    out = [line.rstrip() for line in say(cms, "LISTDS SYS1 FIXED CARDS B (EXTENT")]
    assert out[:3] == [
        "FM  DATA SET NAME",
        "B   SYS1.FIXED.CARDS",
        "SEQ  TYPE  CYL-HD(RELTRK)  TO  CYL-HD(RELTRK)  TRACKS",
    ]
    assert out[3:] == [
        "000  DATA  001-00  00030   TO  001-00  00030    00001",
        "001  DATA  002-01  00061   TO  002-02  00062    00002",
        "002  DATA  003-05  00095   TO  003-07  00097    00003",
        READY,
    ]
    out = [line.rstrip() for line in say(cms, "LISTDS SYS1 LIB B (PDS")]
    assert out[1:] == ["B   SYS1.LIB", "MEMBER NAMES:", "FIRST     SECOND", READY]
    assert say(cms, "LISTDS NOT THERE B") == ["DMSLDS002E Data set not found.", "Ready(00028);"]
    assert say(cms, "LISTDS ? B", "user.varying")[-2:] == ["B   USER.VARYING", READY]
    assert say(cms, "LISTDS B (FREE") == ["FM  CYL-HD(RELTRK)  FREE TRACKS", "B   003-10  00100    00050", READY]
    assert say(cms, "LISTDS A") == ["DMSLDS002E Data set not found.", "Ready(00028);"]
