"""Programs that talk to 3270s with channel programs: dialed displays, and consoles that are 3270s."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.s370.datastream import encode_address
from cpvm.s370.ebcdic import to_ebcdic

from .calling import Guest
from .displays import HERE, SIZES, Screen3270, begin, load
from .helper import DIRECTORY, Site

TALK = (HERE / "talk.assemble").read_text()
CONSOLE = """\
FULL     START X'2000'
         BALR  12,0
         USING *,12
         MVC   120(8),IONEW
         LA    1,FORMCCW
         BAL   9,DOIO
         BC    7,BAD
IDLE     LPSW  WAIT
INTER    TM    68,X'80'
         BZ    IDLE
         LA    1,READ
         BAL   9,DOIO
         MVC   SEEN(1),BUFFER
         CLI   BUFFER,X'F1'
         BNE   SHOW
         LA    1,WHOLE             PF1: READ BUFFER
         BAL   9,DOIO
         CLC   BUFFER+3(6),=X'1D60D6D5C540'
         BNE   BAD
         MVI   SEEN,C'W'
SHOW     LA    1,TELL
         BAL   9,DOIO
         B     IDLE
BAD      LPSW  FAILED
DOIO     ST    1,72
         SIO   9
         BC    7,DOCSW
WATCH    TIO   9
         BC    2,WATCH
DOCSW    TM    68,X'10'
         BO    DOIO+4
         TM    68,X'02'
         BZ    *+6
         BR    9
         TM    68,X'04'
         BZ    WATCH
         CR    9,9
         BR    9
WAIT     DC    0D'0',X'FE02000000000000'
IONEW    DC    0D'0',X'00000000',A(INTER)
FAILED   DC    0D'0',X'00020000000000BD'
FORMCCW  CCW   5,FORM,X'20',FORMEND-FORM
READ     CCW   6,BUFFER,X'20',L'BUFFER
WHOLE    CCW   2,BUFFER,X'20',L'BUFFER
TELL     CCW   1,SAW,X'20',SEEN+1-SAW
FORM     DC    X'C3',X'1140401D60',C'ONE SCREEN'
         DC    X'1D401311C1501D60'
FORMEND  EQU   *
SAW      DC    X'C3',X'11C2601D60',C'KEY '
SEEN     DC    X'00'
BUFFER   DC    CL80' '
         LTORG
         END   FULL
"""
NAMED = DIRECTORY.replace(
    "USER USER01 SECRET",
    "USER HOST HOST 256K 2M G\nCONSOLE 009 3270\nSPECIAL 0A0 3270 DESK1\nSPECIAL 0A1 3278\nUSER USER01 SECRET",
)


@pytest.fixture
def named(tmp_path: Path):
    System.create(tmp_path, NAMED)
    site = Site(tmp_path)
    yield site
    site.system.shutdown()


def talking(site: Site):
    """A machine that runs TALK."""
    host = site.logon("CMSUSER")
    host.type("DEFINE GRAF 0A0 3277#DEFINE GRAF 0A1 3278")
    load(site, "CMSUSER", TALK)
    begin(host)
    return host


def test_two_dialed_displays_talk_at_once(site: Site) -> None:
    host = talking(site)
    one, two = Screen3270(site, "G0001"), Screen3270(site, "G0002")
    for display in (one, two):
        display.wait_for("VM/370 ONLINE")
        display.enter("DIAL CMSUSER")
        display.wait_for("TALK")
    one.enter("HELLO")
    for display in (one, two):
        display.wait_for("FROM 0A0: HELLO")
    one.type("half of a li")
    for number in range(30):
        two.enter(f"LINE {number}")
        one.wait_for(f"FROM 0A1: LINE {number}")
    one.type("ne")
    one.press("enter")
    two.wait_for("FROM 0A0: half of a line")
    two.press("clear")
    two.wait_for("TALK")
    two.press("pf3")
    host.until_line("CP ENTERED; DISABLED WAIT PSW '00020000 000000A1'")


def test_both_may_type_at_the_same_time(site: Site) -> None:
    talking(site)
    one, two = Screen3270(site, "G0001"), Screen3270(site, "G0002", 4)
    for display in (one, two):
        display.wait_for("VM/370 ONLINE")
        display.enter("DIAL CMSUSER")
        display.wait_for("TALK")
    for number in range(20):
        one.type(f"A{number}")
        two.type(f"B{number}")
        one.press("enter")
        two.press("enter")
        one.unlocked()
        two.unlocked()
    for display in (one, two):
        display.wait(lambda display=display: "19" in display.lines[4])  # type: ignore[misc]


def test_sysreq_leaves_a_dialed_machine(site: Site) -> None:
    host = talking(site)
    display = Screen3270(site, "G0001")
    display.wait_for("VM/370 ONLINE")
    display.enter("DIAL CMSUSER 0A1")
    display.wait_for("TALK")
    display.terminal.escape()
    display.wait_for("DROP FROM CMSUSER 0A1")
    display.until("CP READ")
    display.press("clear")
    display.wait_for("LOGON userid")  # the logo
    display.enter("DIAL CMSUSER 0A1")
    display.wait_for("TALK")
    display.hangup()
    host.session.attention()
    host.until(ReadState.CP_READ)
    assert host.type("Q GRAF") == ["GRAF 0A0 ENABLED", "GRAF 0A1 ENABLED"]


def test_what_a_display_refuses_is_a_unit_check(site: Site) -> None:
    talking(site)
    display = Screen3270(site, "G0001")
    display.wait_for("VM/370 ONLINE")
    display.enter("DIAL CMSUSER 0A0")
    display.wait_for("TALK")
    forms = len(display.sent)
    display.terminal.refused()
    display.wait(lambda: len(display.sent) > forms)  # the interruption has the program show its form again
    display.enter("GOES ON")
    display.wait_for("FROM 0A0: GOES ON")


def test_a_terminal_is_dialed_by_its_name(named: Site) -> None:
    early = Screen3270(named, "DESK1")
    early.wait_for("HOST NOT LOGGED ON")
    early.hangup()
    host = named.logon("HOST")
    assert host.type("Q CONS")[0].startswith("CONS 009")  # at a line: a 3215 all the same
    load(named, "HOST", TALK)
    begin(host)
    display = Screen3270(named, "DESK1")
    display.wait_for("TALK")
    other = Screen3270(named, "DESK2")
    other.wait_for("LOGON userid")
    assert other.screen.find("TALK") < 0
    display.enter("ME")
    display.wait_for("FROM 0A0: ME")


def full_screen(site: Site, userid: str = "CMSUSER", model: int = 2) -> Screen3270:
    """A display whose machine runs CONSOLE."""
    display = Screen3270(site, "G0009", model)
    display.logon(userid)
    display.enter("TERMINAL CONMODE 3270")
    display.unlocked()
    display.wait_for("TERMINAL CONMODE")
    load(site, userid, CONSOLE)
    display.enter("STORE PSW 00000000 00000000")
    display.wait_for("STORE COMPLETE")
    display.press("clear")
    display.enter("BEGIN 2000")
    display.wait_for("ONE SCREEN")
    return display


def test_a_console_that_is_a_3270(site: Site) -> None:
    display = full_screen(site)
    assert display.lines[0] == " ONE SCREEN"
    display.press("pf5")
    display.wait_for("KEY 5")
    display.type("typed")
    display.press("pf1")
    display.wait_for("KEY W")
    # CP takes the screen and gives it back
    display.press("pa1")
    display.until("CP READ")
    assert display.says("QUERY TERMINAL")[3] == "CONMODE 3270, BREAKIN IMMED, BRKKEY PA1"
    display.enter("BEGIN")
    display.wait_for("KEY W")
    site.logon("OPERATOR").type("MSG CMSUSER LOOK HERE")
    display.wait_for("LOOK HERE")
    display.until("HOLDING")
    display.press("pa2")
    display.wait_for("KEY W")
    display.press("pf6")
    display.wait_for("KEY 6")
    display.terminal.escape()
    display.until("CP READ")
    display.enter("TERM CONMODE 3215")
    display.unlocked()
    assert display.says("Q TERM")[3].startswith("CONMODE 3215")


def test_a_full_screen_at_another_terminal(site: Site) -> None:
    display = full_screen(site)
    display.press("pf5")
    display.wait_for("KEY 5")
    display.hangup()
    site.on_cp(lambda: None)
    assert not site.system.users["CMSUSER"].machine.device(9).ready
    again = Screen3270(site, "G0010", 4)
    again.wait_for("VM/370 ONLINE")
    again.enter("LOGON CMSUSER CMSUSER")
    again.wait_for("RECONNECTED AT")
    again.until("CP READ")
    again.enter("BEGIN")
    again.wait_for("KEY 5")
    assert again.screen.rows == 24
    again.press("pf7")
    again.wait_for("KEY 7")


def test_break_keys(site: Site) -> None:
    display = full_screen(site)
    display.press("pa1")
    display.until("CP READ")
    display.enter("TERM BRKKEY PF12 BREAKIN GUESTCTL")
    display.unlocked()
    display.enter("BEGIN")
    display.wait_for("ONE SCREEN")
    display.press("pa1")
    display.wait_for("KEY %")
    operator = site.logon("OPERATOR")
    operator.type("MSG CMSUSER LATER")
    display.press("pf2")
    display.wait_for("KEY 2")
    assert display.screen.find("LATER") < 0
    display.press("pf12")
    display.wait_for("LATER")
    display.until("CP READ")
    display.enter("TERM BRKKEY PF25")
    display.wait_for("DMKCFT002E INVALID OPERAND - PF25")


def test_a_reset_gives_the_screen_back(site: Site) -> None:
    display = full_screen(site)
    display.press("pa1")
    display.until("CP READ")
    display.enter("SYSTEM RESET")
    display.wait_for("SYSTEM RESET")
    display.enter("BEGIN")
    display.wait_for("PROGRAM INTERRUPT LOOP")
    assert display.screen.find("ONE SCREEN") < 0


def test_a_console_is_a_3270_by_the_directory_or_not_at_all(named: Site) -> None:
    display = Screen3270(named, "G0001", 3)
    display.logon("HOST")
    assert display.says("Q TERM")[3].startswith("CONMODE 3270")
    device = named.system.users["HOST"].machine.device(9)
    assert (device.type, device.screen.alternate) == ("3279", (32, 80))
    line = named.logon("CMSUSER")
    assert line.type("TERM CONMODE 3270") == [f"DMKCFT006E INVALID DEVICE TYPE - {line.name}"]
    line.type("DETACH CONS")
    line.type("DETACH 009")
    assert line.type("DEFINE CONSOLE 01F 3270") == ["CONS 01F DEFINED"]
    assert line.type("Q TERM")[3].startswith("CONMODE 3215")


@pytest.mark.parametrize(("model", "size"), [(2, (80, 24)), (4, (80, 43)), (5, (132, 27))])
def test_diagnose_8c_and_24(site: Site, model: int, size: tuple[int, int]) -> None:
    display = Screen3270(site, "G0001", model)
    display.logon("CMSUSER")
    line = site.logon("OPERATOR")
    guest = Guest(site, line, "OPERATOR")  # its own console is a line
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=9, r6=100) == 2
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=0x777, r6=100) == 3
    line.type("DEFINE GRAF 0A0 3279")
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=0xA0, r6=100) == 2
    display.enter("LOGOFF")
    display.wait_for("VM/370 ONLINE")
    display.enter("DIAL OPERATOR")
    display.wait(lambda: site.system.users["OPERATOR"].devices[0xA0].session is not None)  # type: ignore[attr-defined]
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=0xA0, r6=200) == 0
    data = guest.machine.storage.read(0x1000, 200)
    columns, rows = size
    assert data[:6] == bytes((0xC0, 1)) + columns.to_bytes(2, "big") + rows.to_bytes(2, "big")
    assert data[8:10] == bytes((0x81, 0x80))  # the summary of the query replies
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=0xA0, r6=6) == 1
    assert guest.get(6) > 40
    assert guest.call(0x24, 4, 6, r4=0xA0) == 0
    assert guest.get(7) >> 8 == {2: 0x400402, 4: 0x400104, 5: 0x400105}[model]
    assert guest.call(0x8C, 4, 6, r4=0x7FFFFF, r5=0xA0, r6=100) < 0


@pytest.mark.parametrize(("model", "extended"), [(5, True), (4, False), (2, True)])
def test_a_dialed_3278_is_what_its_terminal_is(site: Site, model: int, extended: bool) -> None:
    host = site.logon("CMSUSER")
    host.type("DEFINE GRAF 0A0 3278#DEFINE GRAF 0A1 3277")
    displays = [Screen3270(site, f"G000{number}", model, extended=extended) for number in (1, 2)]
    for display, address in zip(displays, (0xA0, 0xA1), strict=True):
        display.wait_for("VM/370 ONLINE")
        display.enter(f"DIAL CMSUSER {address:03X}")
        display.wait(lambda: not display.screen.find("ONLINE") >= 0)  # noqa: B023
    machine = site.system.users["CMSUSER"].machine
    later, early = machine.device(0xA0), machine.device(0xA1)
    assert (later.screen.alternate, later.screen.extended) == (SIZES[model], extended)
    assert (early.screen.alternate, early.screen.extended) == ((24, 80), False)
    rows, columns = SIZES[model]
    last = encode_address(rows * columns - 9, rows * columns)
    stream = bytes((0xC3, 0x11)) + last + to_ebcdic("THE END")
    query = bytes.fromhex("000501FF02")
    ccws = f"0D002100 200000{len(stream):02X}"
    for at, data in ((0x2000, bytes.fromhex(ccws)), (0x2100, stream), (0x3000, bytes.fromhex("11003100 20000005"))):
        site.on_cp(lambda at=at, data=data: machine.storage.write(at, data))  # type: ignore[misc]
    site.on_cp(lambda: machine.storage.write(0x3100, query))
    run(site, host, 0x2000)
    displays[0].wait_for("THE END")
    assert "THE END" in displays[0].lines[rows - 1]
    csw = run(site, host, 0x3000)
    if extended:
        site.on_cp(lambda: None)  # the display has answered before, but perhaps CP has not yet heard it
        assert later.pending[:1] == b"\x88"
        assert columns.to_bytes(2, "big") + rows.to_bytes(2, "big") in later.pending
    else:
        assert csw[4] & 0x02


def run(site: Site, host, ccws: int) -> bytes:
    """Start a channel program of 0A0; its CSW, after the end."""
    machine = site.system.users["CMSUSER"].machine
    for at, data in {
        0x48: ccws.to_bytes(4, "big").hex(),
        0x78: "00020000000000AB",
        0x200: "9C0000A0 9D0000A0 47700204 82000240",
        0x240: "00020000000000AB",
    }.items():
        site.on_cp(lambda at=at, data=data: machine.storage.write(at, bytes.fromhex(data)))  # type: ignore[misc]
    host.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
    host.session.line("BEGIN 200")
    host.until_line("DISABLED WAIT")
    host.until(ReadState.CP_READ)
    csw: bytes = machine.storage.read(0x40, 8)
    return csw


def test_a_monochrome_display_has_no_colours(site: Site) -> None:
    line = site.logon("OPERATOR")
    guest = Guest(site, line, "OPERATOR")
    line.type("DEFINE GRAF 0A0")
    display = Screen3270(site, "G0001", extended=False)
    display.wait_for("VM/370 ONLINE")
    display.enter("DIAL OPERATOR")
    display.wait(lambda: site.system.users["OPERATOR"].devices[0xA0].session is not None)  # type: ignore[attr-defined]
    assert guest.call(0x8C, 4, 6, r4=0x1000, r5=0xA0, r6=6) == 0
    assert guest.machine.storage.read(0x1000, 6).hex() == "000100500018"
