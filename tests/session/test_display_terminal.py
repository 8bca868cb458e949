"""3270 terminals: CP's screen, MORE and HOLDING, a program's screen by DIAGNOSE X'58'."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cpvm import api
from cpvm.front.station import Station

from .displays import log_on

PROGRAM = """\
SHOW     CSECT
         USING *,12
         LA    2,TOP
         LA    3,9
         DC    X'83230058'
         BC    4,BAD
         LA    1,READ
         SVC   202
         DC    AL4(1)
         SSM   =X'00'             THE KEY'S ATTENTION IS NOT FOR CMS
         LA    2,FULL
         DC    X'83230058'
         BC    4,BAD
         LA    2,GET
WAIT     DC    X'83230058'
         BC    4,BAD
         CLI   BUFFER,X'F3'
         BNE   WAIT
         CLC   BUFFER+6(3),=C'ABC'
         BNE   BAD
         L     4,=F'-1'
         DC    X'83450024'
         SR    15,15
         CLM   5,12,=X'8000'
         BNE   BAD
         CLM   6,12,=X'4004'
         BCR   8,14
BAD      LA    15,99
         BR    14
         DS    0D
TOP      DC    X'19',AL3(TEXT),X'40',X'83',AL2(L'TEXT)
         DC    X'19',AL3(TEXT2),X'00',X'05',AL2(L'TEXT2)
FULL     DC    X'29',AL3(DATA),X'00',X'80',AL2(DATAEND-DATA)
GET      DC    X'2A',AL3(BUFFER),X'00',X'80',AL2(130)
READ     DC    CL8'WAITRD',X'01',AL3(BUFFER),C'T',X'000082'
TEXT     DC    C'LINE FOUR'
TEXT2    DC    C'LINE SIX'
DATA     DC    X'C3114040',X'1DE8',C'ALL MINE',X'1D4013'
DATAEND  EQU   *
BUFFER   DS    CL130
         LTORG
         END
"""


@pytest.fixture
def station(system: api.SystemHandle) -> Iterator[Station]:
    """A display with CMS."""
    station = log_on(system)
    yield station
    station.hangup()


def reading(station: Station) -> None:
    """Wait until a line can be typed for the machine."""
    station.wait(lambda: station.status == "VM READ" and not station.screen.locked)


def test_a_password_is_not_seen(system: api.SystemHandle) -> None:
    station = system.display(model=4)
    station.wait_for("VM/370 ONLINE")
    assert station.status == "CP READ"
    station.enter("LOGON CMSUSER")
    station.wait_for("ENTER PASSWORD:")
    station.wait(lambda: not station.screen.locked)
    station.type("CMSUSER")
    assert station.lines[-2] == ""
    assert len(station.lines) == 43
    station.press("enter")
    station.wait_for("LOGON AT")
    assert station.lines[:2] == ["LOGON CMSUSER", "ENTER PASSWORD:"]


def test_more_and_holding(station: Station) -> None:
    station.enter("LISTFILE * MODULE S")
    station.wait(lambda: station.status == "MORE...")
    first = station.lines[:22]
    assert first[0] == "LISTFILE * MODULE S"
    assert all(first)
    station.press("enter")
    station.wait(lambda: station.status == "HOLDING")
    assert station.lines[:22] == first
    station.press("enter")
    station.wait(lambda: station.status == "MORE...")
    while station.screen.find("Ready;") < 0:
        before = station.lines
        station.press("clear")
        station.wait(lambda before=before: station.lines != before)  # type: ignore[misc]
        station.wait(lambda: station.status == "MORE..." or station.screen.find("Ready;") >= 0)


def next_page(station: Station) -> None:
    """Clear a full screen."""
    station.wait(lambda: station.status == "MORE...")
    before = station.lines
    station.press("clear")
    station.wait(lambda: station.lines != before)


def test_a_machine_waits_for_its_screen(station: Station) -> None:
    """Of many lines some wait for the screen; the rest is not even written, so that HT still has something to halt."""

    def done() -> bool:
        return station.screen.find("Ready;") >= 0

    station.enter("TYPE CMSLIB MACLIB S (COL 1-8")
    for _ in range(12):
        next_page(station)
    station.enter("HT")
    pages = 0
    while not done():
        next_page(station)
        pages += 1
        station.wait(lambda: done() or station.status == "MORE...")
    assert pages < 40


def test_what_is_typed_stays_when_lines_come(station: Station, system: api.SystemHandle) -> None:
    station.type("half a li")
    operator = system.logon("OPERATOR")
    operator.type("MSG CMSUSER ARE YOU THERE")
    station.wait_for("ARE YOU THERE")
    station.type("ne")
    assert station.lines[22] == "half a line"


def test_attention_and_program_keys(station: Station) -> None:
    station.enter("#CP SET PF5 DELAYED QUERY TIME")
    station.enter("#CP SET PF6 IMMED QUERY DISK A")
    reading(station)
    station.press("pf5")
    station.wait(lambda: station.lines[22] == "QUERY TIME")
    station.press("pa1")
    station.wait(lambda: station.status == "CP READ")
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    station.enter("BEGIN")
    reading(station)
    station.press("pf6")
    station.wait_for("FILES;")


def test_screens_of_a_program(station: Station, system: api.SystemHandle) -> None:
    line = system.logon("USER01")
    line.type("IPL CMS")
    for text in ("", "EDIT SHOW ASSEMBLE", "INPUT", *PROGRAM.splitlines(), "", "FILE"):
        line.type(text)
    assert "Ready;" in line.type("ASSEMBLE SHOW").text
    line.type("#CP SPOOL PUNCH TO CMSUSER")
    line.type("PUNCH SHOW TEXT (NOHEADER")
    station.wait_for("FROM USER01")
    station.enter("READCARD SHOW TEXT")
    reading(station)
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    station.enter("LOAD SHOW (START")
    station.wait(lambda: station.status == "MORE...")  # there are lines that nobody has read
    assert "Execution begins" in station.text
    station.press("clear")
    station.wait_for("LINE SIX")
    assert (station.lines[3], station.lines[5], station.status) == ("LINE FOUR", "LINE SIX", "VM READ")
    station.enter("GO ON")
    station.wait_for("ALL MINE")
    system.logon("OPERATOR").type("MSG CMSUSER LOOK HERE")
    station.wait_for("LOOK HERE")
    station.press("clear")
    station.wait_for("ALL MINE")  # it comes back
    station.type("ABC")
    station.press("pf3")
    reading(station)  # the key's attention, which CMS has after all
    station.press("enter")
    station.wait_for("Ready; ")


def test_edit_goes_on_at_another_display(station: Station, system: api.SystemHandle) -> None:
    """Its line breaks as a line has just been typed; at a larger display everything is as it would have been."""
    station.enter("EDIT NOTES MEMO")
    station.wait_for("NOTES    MEMO")
    station.enter("INPUT THE LINE THAT STAYS")
    station.hangup()
    again = system.display(4)
    again.wait_for("VM/370 ONLINE")
    again.enter("LOGON CMSUSER CMSUSER")
    again.wait_for("RECONNECTED AT")
    again.wait(lambda: again.status == "CP READ")
    again.enter("BEGIN")
    again.wait(lambda: again.lines[0].startswith(" EDIT:     NOTES    MEMO"))
    assert [line for line in again.lines[1:22] if line] == [" TOF:", " THE LINE THAT STAYS", " EOF:"]
    again.enter("QUIT")
    again.wait_for("Ready")
    again.hangup()
