"""OS simulation: each supervisor call and access method, with its return codes and abends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bare_cms import BareCMS
from os_programs import PROGRAMS

from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape

FILES = {
    ("DATA", "FILE"): "one\ntwo is longer\nthree\nfour\nfive\n",
    ("FIRST", "COPY"): " MACRO\n FIRST\n LA 1,1\n MEND\n",
    ("SECOND", "COPY"): " MACRO\n SECOND\n LA 2,2\n MEND\n",
}
SET_UP = [
    "COPYFILE DATA FILE A FIXED FILE A (RECFM F LRECL 80",
    "COPYFILE FIRST COPY A FIRST MACRO A (RECFM F LRECL 80",
    "COPYFILE SECOND COPY A SECOND MACRO A (RECFM F LRECL 80",
    "MACLIB GEN MYLIB FIRST SECOND",
]
READY = "Ready;"


def say(cms: BareCMS, *lines: str) -> list[str]:
    """The output of lines typed, without times."""
    return [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in cms.type(*lines)]


def start(cms: BareCMS, name: str, *answers: str) -> list[str]:
    """Load a program, start it, and answer what it reads."""
    assert say(cms, f"LOAD {name}") == [READY]
    assert cms.console.enter("START".encode("cp037"))
    cms.run()
    for answer in answers:
        cms.enter(answer)
    out = [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in cms.take()]
    assert out[0] == "DMSLIO740I Execution begins..."
    return out[1:]


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    machine = BareCMS(FILES, PROGRAMS, storage=2 << 20)
    machine.ipl()
    for line in SET_UP:
        assert say(machine, line)[-1] == READY
    return machine


@pytest.fixture(autouse=True)
def fresh(cms: BareCMS) -> None:
    """No file is defined, and the line that recovery from an abend executes is this one."""
    assert say(cms, "FILEDEF * CLEAR")[-1] == READY


@pytest.mark.parametrize(
    ("name", "output"),
    [
        (
            "LINKS",
            "LINK 4|W 11|W 21|DELETE 0|DELETE 4|IDENTIFY 0|IDENTIFY 4|LINK 77|ECB 4|BLDL 0|LAST|Ready(00012);",
        ),
        (
            "NOWHERE",
            "DMSLIO201W THE FOLLOWING NAMES ARE UNDEFINED:| SUCHMDSU"
            "|DMSABN148T SYSTEM ABEND 15A CALLED FROM 020024.|CMS",
        ),
        (
            "SPIED",
            "OLD 0|FIXED|DMSITP141T FIXED-POINT DIVIDE EXCEPTION OCCURRED AT ~ IN ROUTINE USER PGM.|CMS",
        ),
        (
            "STAED",
            "STAE 0|CODE 100|CANCEL 0|CANCEL 8|IN THE EXIT|"
            "DMSITP141T FIXED-POINT DIVIDE EXCEPTION OCCURRED AT ~ IN ROUTINE USER PGM.|CMS",
        ),
        ("TIMES", "08300000 0026327F|BIN 3060000|TU 1175040000|SECONDS 30600|Ready;"),
        (
            "STORAGE",
            "EC 0|VC 0|LENGTH 2000|VC 4|LC 0|LC 4|RC 0|USED 0|DMSSMN109S VIRTUAL STORAGE CAPACITY EXCEEDED.|"
            "DMSABN148T SYSTEM ABEND 804 CALLED FROM ~.|CMS",
        ),
        (
            "UNALIGN",
            "DMSSMN133S INVALID GETMAIN OR FREEMAIN SPECIFICATION.|DMSABN148T SYSTEM ABEND 90A CALLED FROM ~.|CMS",
        ),
        (
            "TWICE",
            "DMSSMN133S INVALID GETMAIN OR FREEMAIN SPECIFICATION.|DMSABN148T SYSTEM ABEND A05 CALLED FROM ~.|CMS",
        ),
        ("EVENTS", "DMSABN148T SYSTEM ABEND 101 CALLED FROM ~.|CMS"),
        ("NOJFCB", "DMSABN148T SYSTEM ABEND 240 CALLED FROM ~.|CMS"),
        ("ISAM", "DMSSOP036E OPEN ERROR CODE '01' ON 'IN      '.|Ready;"),
    ],
)
def test_service(cms: BareCMS, name: str, output: str) -> None:
    pattern = "|".join(re.escape(part).replace("\\~", ".*").replace("~", ".*") for part in [output.replace("|", "\n")])
    assert re.fullmatch(pattern, "\n".join(start(cms, name))), output


def test_questions(cms: BareCMS) -> None:
    say(cms, "FILEDEF OUT DISK MY FILE A")
    assert start(cms, "QUESTION", "the reply", "a line typed") == [
        "DEVTYPE 0",
        "MOST 19069",
        "DEVTYPE 4",
        "MY      FILE    A1",
        "OUT",
        "HELLO",
        "DMSSVT121S UNSUPPORTED SVC 100 (HEX 64) CALLED FROM 020132.",
        "SVC 4",
        "REPLY",
        "THE REPL",
        "TGET 8",
        READY,
    ]


def test_timer(cms: BareCMS, monkeypatch: pytest.MonkeyPatch) -> None:
    host, machine = cms.host, cms.machine
    now = host.tod()
    late = 0
    monkeypatch.setattr(host, "tod", lambda: now + late)
    assert say(cms, "LOAD TIMER") == [READY]
    cms.enter("START")
    for expected in (["DMSLIO740I Execution begins..."], ["WAITED"]):
        assert cms.take() == expected
        late += 1_000_000 << 12
        machine.run(1)
        cms.run()
    assert [text for text in cms.take()][:3] == ["TIMER EXIT", "POSTED", "LEFT 0"]


def test_queued_records(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK FIXED FILE A", "FILEDEF OUT TERMINAL")
    assert start(cms, "COPY") == ["one", "two is longer", "three", "four", "five", READY]


def test_blocks_of_os(cms: BareCMS) -> None:
    """Mode 4: V records in blocks with BDW and RDW, and back."""
    say(cms, "FILEDEF IN DISK DATA FILE A", "FILEDEF OUT DISK OS BLOCKS A4 (LRECL 22 BLKSIZE 30")
    assert start(cms, "COPYV") == [READY]
    assert say(cms, "LISTFILE OS BLOCKS A (FORMAT NOHEADER")[0] == "OS       BLOCKS   A4  V    21"
    say(cms, "FILEDEF IN DISK OS BLOCKS A4 (BLKSIZE 100 LRECL 84", "FILEDEF OUT DISK BACK FILE A (LRECL 84 BLKSIZE 88")
    assert start(cms, "COPYV") == [READY]
    assert say(cms, "COMPARE DATA FILE A BACK FILE A")[-1] == READY


def test_update_in_place(cms: BareCMS) -> None:
    say(cms, "COPYFILE FIXED FILE A NEW FILE A (REPLACE", "FILEDEF IN DISK NEW FILE A")
    assert start(cms, "UPDATE") == [READY]
    say(cms, "FILEDEF IN DISK NEW FILE A", "FILEDEF OUT TERMINAL")
    assert start(cms, "COPY")[:3] == ["one", "TWO is longer", "three"]


def test_blocks_and_places(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK FIXED FILE A")
    assert start(cms, "BLOCKS") == ["BYTES 240", "BYTES 160", "four", "one", "one", READY]


def test_members(cms: BareCMS) -> None:
    say(cms, "FILEDEF LIB DISK MYLIB MACLIB A")
    assert start(cms, "MEMBERS") == [
        "BLDL 4",
        "FIND 0",
        " MACRO",
        " SECOND",
        " LA 2,2",
        " MEND",
        " FIRST",
        "FIND 4",
        READY,
    ]


def test_concatenated_libraries(cms: BareCMS) -> None:
    """CONCAT: the libraries of GLOBAL, in their order."""
    say(cms, "MACLIB GEN NEWLIB FIRST", "MACLIB GEN OTHER SECOND", "GLOBAL MACLIB NEWLIB OTHER")
    say(cms, "FILEDEF LIB DISK ANY MACLIB * (CONCAT")
    assert start(cms, "MEMBERS")[:2] == ["BLDL 4", "FIND 0"]
    assert say(cms, "GLOBAL MACLIB") == [READY]


def test_directory_of_a_library(cms: BareCMS) -> None:
    say(cms, "FILEDEF LIB DISK STOWED MACLIB A")
    assert start(cms, "STOWS") == ["ADD 0", "AGAIN 4", "REPLACE 8", "CHANGE 0", "DELETE 0", "DELETE 8", READY]
    assert [
        line.split()[:1] for line in say(cms, "MACLIB MAP STOWED (TERM") if line.startswith(("UNO", "ONE", "TWO"))
    ] == [["UNO"]]


def test_direct_access(cms: BareCMS) -> None:
    say(cms, "COPYFILE FIXED FILE A NEW FILE A (REPLACE", "FILEDEF IN DISK NEW FILE A")
    assert start(cms, "DIRECT") == ["three", "three", "SYNAD", READY]
    say(cms, "FILEDEF IN DISK NEW FILE A", "FILEDEF OUT TERMINAL")
    assert start(cms, "COPY")[0] == "CHANGED"


def test_open_exit(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK FIXED FILE A")
    assert start(cms, "EXITED") == ["one", READY]


@pytest.mark.parametrize(
    ("name", "filedef", "output"),
    [
        ("COPY", "IN DISK NOT THERE A", ["DMSSOP036E OPEN ERROR CODE '04' ON 'IN      '.", "Ready(00099);"]),
        ("BLOCKS", "IN DISK DATA FILE A", ["DMSSOP036E OPEN ERROR CODE '03' ON 'IN      '."]),
        ("MEMBERS", "LIB DISK FIXED FILE A", ["DMSSOP036E OPEN ERROR CODE '08' ON 'LIB     '."]),
        ("NOEODAD", "IN DISK FIXED FILE A", ["DMSABN148T SYSTEM ABEND 337 CALLED FROM 020024.", "CMS"]),
        ("ODDBLOCK", "IN DISK DATA FILE A", ["DMSSOP036E OPEN ERROR CODE '05' ON 'IN      '."]),
        ("COPY", "IN DISK FIXED FILE A (LRECL 70", ["DMSSOP036E OPEN ERROR CODE '06' ON 'IN      '."]),
        ("NOEODAD", "IN DUMMY", ["DMSABN148T SYSTEM ABEND 337 CALLED FROM 020024.", "CMS"]),
        ("SYNADS", "IN DISK NOT THERE A", ["SYNAD", "ON", READY]),
    ],
)
def test_files_that_cannot_be_used(cms: BareCMS, name: str, filedef: str, output: list[str]) -> None:
    say(cms, f"FILEDEF {filedef}", "FILEDEF OUT DUMMY")
    assert start(cms, name)[: len(output)] == output


def test_input_without_synad_ends_the_program(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK NOT THERE A (LRECL 80 RECFM F", "FILEDEF OUT DUMMY")
    assert start(cms, "COPY") == [
        "DMSSCT120S INPUT ERROR 001 ON IN.",
        "DMSABN148T SYSTEM ABEND 001 CALLED FROM 020034.",
        "CMS",
    ]


def test_cards_and_paper(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN DISK FIXED FILE A", "FILEDEF OUT PUNCH")
    assert start(cms, "COPY") == [READY]
    assert [card.rstrip() for card in cms.host.punched] == ["one", "two is longer", "three", "four", "five"]
    say(cms, "FILEDEF OUT PRINTER")
    assert start(cms, "COPY") == [READY]
    assert [text.rstrip() for _, text in cms.host.printed if text.strip()] == [
        "one",
        "two is longer",
        "three",
        "four",
        "five",
    ]
    assert cms.host.commands[-1] == "CLOSE PRT"


def test_terminal_in_upper_case_or_as_typed(cms: BareCMS) -> None:
    say(cms, "FILEDEF IN TERMINAL", "FILEDEF OUT TERMINAL")
    assert start(cms, "COPY", "a line", "") == ["A LINE", READY]
    say(cms, "FILEDEF IN TERMINAL (LOWCASE")
    assert start(cms, "COPY", "a line", "") == ["a line", READY]


@pytest.mark.parametrize(
    "format_", ["RECFM VB LRECL 84 BLKSIZE 100", "RECFM FB LRECL 20 BLKSIZE 60", "RECFM U BLKSIZE 99"]
)
def test_blocks_on_tape(cms: BareCMS, tmp_path: Path, format_: str) -> None:
    """Written by MOVEFILE, read back to the terminal; a drive that is not there."""
    cms.machine.attach(0x181, Tape("3420", open_tape(tmp_path / "one.aws")))
    try:
        say(cms, "FILEDEF X DISK DATA FILE A", f"FILEDEF TAPE TAP1 ({format_}", "FILEDEF OUT TERMINAL")
        assert say(cms, "TAPE REW", "MOVEFILE X TAPE", "TAPE REW") == [READY, READY, READY]
        assert say(cms, "MOVEFILE TAPE OUT") == ["one", "two is longer", "three", "four", "five", READY]
    finally:
        cms.machine.detach(0x181)
    assert say(cms, "MOVEFILE X TAPE")[0] in {  # where the first block is written: PUT, which has SYNAD, or CLOSE
        "DMSMVE129S I/O error on output after writing 0 records of 'TAPE'.",
        "DMSMVE129S I/O error on output after writing 3 records of 'TAPE'.",
        "DMSSCT120S OUTPUT ERROR 005 ON TAPE.",
    }
