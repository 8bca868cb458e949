"""EDIT on a 3270: whole screens, lines that are typed over, program function keys, and back to lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cpvm import api
from cpvm.front.station import Station

from .displays import log_on

TOP_OF_FILE, CURRENT = 2, 11
PROGRAM = [f"LINE{number:02}   LA    {number},{number}" for number in range(1, 16)]
STATUS = " {mode:<9} WORK     ASSEMBLE A1  F 80 VERFY=1 72 TRUNC=71 ZONE=1 71 CASE={case}"


@pytest.fixture
def station(system: api.SystemHandle) -> Iterator[Station]:
    """A display at which somebody edits WORK ASSEMBLE, 15 lines, standing at TOF:."""
    line = system.logon("CMSUSER")
    for text in ("IPL CMS", "", "EDIT WORK ASSEMBLE", "INPUT", *PROGRAM, "", "SERIAL OFF", "FILE", "LOGOFF"):
        line.type(text)
    station = log_on(system)
    station.enter("EDIT WORK ASSEMBLE")
    station.wait_for("LINE10")
    yield station
    station.hangup()


def expect(station: Station, screen: list[str]) -> None:
    """Wait for a screen: all 22 lines above the input area, which is empty, and VM READ."""
    wanted = [*screen, "", " " * 60 + "VM READ"]

    def there() -> bool:
        return [line.rstrip() for line in station.screen.lines()] == wanted and not station.screen.locked

    station.wait(there)


def screen(lines: list[str], at: int, *messages: str, mode: str = "EDIT:", case: str = "U") -> list[str]:
    """The screen of a file, of which line AT (0: TOF:) is the current one."""
    whole = ["TOF:", *lines, "EOF:"]
    shown = [""] * 22
    shown[0] = STATUS.format(mode=mode, case=case)
    for row in range(TOP_OF_FILE, 22):
        number = at + row - CURRENT
        if 0 <= number < len(whole):
            shown[row] = f" {whole[number]}".rstrip()
    for number, message in enumerate(messages, 1):
        shown[number] = f" >>>>> {message}"
    return shown


def without_a_trace(station: Station, line: str, lines: list[str], at: int) -> None:
    """Enter a subcommand that does not change the screen, and wait until it is done."""
    station.enter(line)
    station.enter("frob")
    expect(station, screen(lines, at, "?EDIT: FROB"))
    station.press("enter")
    expect(station, screen(lines, at))


def type_at(station: Station, row: int, column: int, text: str) -> None:
    """Type over a line of the file, and go back to the input area."""
    station.unlocked()
    station.keyboard.move(row, column)
    station.type(text)
    station.keyboard.move(22, 0)


def test_the_screen_of_the_editor(station: Station) -> None:
    expect(station, screen(PROGRAM, 0))
    station.enter("down 3")
    expect(station, screen(PROGRAM, 3))
    assert station.lines[CURRENT] == f" {PROGRAM[2]}"
    station.enter("florp the file")
    expect(station, screen(PROGRAM, 3, "?EDIT: FLORP THE FILE"))
    station.enter("scroll")
    expect(station, screen(PROGRAM, 16))
    station.enter("scrollup")
    expect(station, screen(PROGRAM, 0))
    station.enter("c/LA/LR/ *")
    changed = [line.replace("LA", "LR") for line in PROGRAM]
    expect(station, screen(changed, 16, "15 line(s) changed"))
    station.enter("input")
    expect(station, screen(changed, 16, mode="INPUT:"))
    station.enter("new      br    14")
    changed.append("NEW      BR    14")
    expect(station, screen(changed, 16, mode="INPUT:"))
    station.enter("")
    expect(station, screen(changed, 16))
    station.enter("file work assemble z")
    told = ("DMSEDI069E Disk 'Z' not accessed.", "Set new file mode, or enter CMS SUBSET and clear some space")
    expect(station, screen(changed, 16, *told))
    station.enter("file")
    station.wait_for("Ready;")
    assert station.lines[0].startswith("Ready;")


def test_lines_are_typed_over(station: Station) -> None:
    lines = list(PROGRAM)
    station.enter("next 5")
    expect(station, screen(lines, 5))
    type_at(station, CURRENT, 1, "five")
    type_at(station, CURRENT + 2, 30, "a comment")
    type_at(station, CURRENT - 1, 72, "X")  # the last column that is shown
    station.press("enter")
    lines[4] = "FIVE05   LA    5,5"
    lines[6] = "LINE07   LA    7,7".ljust(29) + "A COMMENT"
    lines[3] = "LINE04   LA    4,4".ljust(71) + "X"
    expect(station, screen(lines, 5))
    # together with a subcommand, which finds the line as it is now
    type_at(station, CURRENT + 3, 1, "eight ")
    station.enter("/EIGHT/")
    lines[7] = "EIGHT    LA    8,8"
    expect(station, screen(lines, 8))
    # TOF: cannot be typed over
    station.enter("top")
    expect(station, screen(lines, 0))
    station.keyboard.move(CURRENT, 2)
    with pytest.raises(Exception, match="protected"):
        station.keyboard.type("x")
    station.keyboard.reset()
    station.keyboard.move(22, 0)
    # a line cleared with the erase key is a blank line; columns 73 to 80 stay
    without_a_trace(station, "serial on", lines, 0)
    without_a_trace(station, "save", lines, 0)
    station.unlocked()
    station.keyboard.move(CURRENT + 1, 1)
    station.keyboard.erase_to_end()
    station.keyboard.move(22, 0)
    station.press("enter")
    lines[0] = ""
    expect(station, screen(lines, 0))
    # upper case only where something was typed
    station.enter("case m")
    expect(station, screen(lines, 0, case="M"))
    type_at(station, CURRENT + 1, 1, "Mixed")
    station.enter("case u")
    lines[0] = "Mixed"
    expect(station, screen(lines, 0))
    type_at(station, CURRENT + 1, 7, "more")
    station.press("enter")
    lines[0] = "Mixed MORE"
    expect(station, screen(lines, 0))


def test_long_lines_take_more_lines_of_the_screen(station: Station) -> None:
    long = "".join(f"{column:<10}" for column in range(1, 131, 10)).rstrip()
    station.enter("edit long script")
    station.wait_for("NEW FILE:")
    for text in ("short one", long, "between", long, "last"):
        station.enter(f"input {text}")
        station.wait(lambda text=text: station.screen.find(text[:9]) >= 0 and not station.screen.locked)  # type: ignore[misc]
    station.enter("up")
    folded = ["short one", long[:79], long[79:], "between", long[:79], long[79:], "last"]

    def shown(lines: list[str], current: int) -> list[str]:
        rows = screen(lines, current)
        rows[0] = " EDIT:     LONG     SCRIPT   A1  V 132 VERFY=1 132 TRUNC=132 ZONE=1 132 CASE=M"
        for row, line in enumerate(rows):
            if line[1:].startswith(long[79:84]):
                rows[row] = line[1:]  # a line that goes on has no attribute in front
        return rows

    expect(station, shown(folded, 5))
    type_at(station, CURRENT + 1, 10, "typed over")
    type_at(station, CURRENT - 1, 1, "BETWEEN")
    station.press("enter")
    second = long[79:89] + "typed over" + long[99:]
    folded[3], folded[5] = "BETWEEN", second
    expect(station, shown(folded, 5))
    station.enter("verify 80 132")
    station.wait_for("VERFY=80 132")
    assert station.lines[CURRENT] == f" {second}"
    station.enter("quit")
    expect(station, screen(PROGRAM, 0))


def test_nulls_leave_room_to_insert(station: Station) -> None:
    lines = list(PROGRAM)
    without_a_trace(station, "nulls on", lines, 0)
    station.keyboard.move(CURRENT + 1, 5)
    station.keyboard.insert = True
    station.type("XYZ")
    station.keyboard.insert = False
    station.keyboard.move(22, 0)
    station.press("enter")
    lines[0] = "LINEXYZ01   LA    1,1"
    expect(station, screen(lines, 0))


def test_change_retypes_a_line_and_question_mark_a_subcommand(station: Station) -> None:
    lines = list(PROGRAM)
    station.enter("next 2")
    expect(station, screen(lines, 2))
    station.enter("change")
    station.wait(lambda: station.lines[22] == PROGRAM[1])
    station.type(" again")
    station.press("enter")
    lines[1] = f"{PROGRAM[1]} AGAIN"
    expect(station, screen(lines, 2))
    station.enter("?")
    station.wait(lambda: station.lines[22] == "CHANGE")
    station.keyboard.move(22, 0)
    station.type("up    ")
    station.press("enter")
    expect(station, screen(lines, 1))


def test_keys_messages_and_line_mode(station: Station, system: api.SystemHandle) -> None:
    lines = list(PROGRAM)
    for command in ("#CP SET PF5 IMMED DOWN 4", "#CP SET PF6 DELAYED UP 2"):
        station.enter(command)
        expect(station, screen(lines, 0))
    station.press("pf5")
    expect(station, screen(lines, 4))
    type_at(station, CURRENT, 10, "ST")
    station.press("pf6")
    station.wait(lambda: station.lines[22] == "UP 2")
    station.press("enter")
    lines[3] = "LINE04   ST    4,4"
    expect(station, screen(lines, 2))
    system.logon("OPERATOR").type("MSG CMSUSER ARE YOU THERE")
    station.wait(lambda: station.status == "MORE...")
    station.press("clear")
    station.wait_for("ARE YOU THERE")
    station.press("clear")
    station.enter("")
    expect(station, screen(lines, 2))
    station.enter("linemode right")
    numbered = screen(lines, 2)
    for row in range(CURRENT - 1, 22):
        numbered[row] = f"      {numbered[row]}" if numbered[row].strip() not in ("", "EOF:", "TOF:") else numbered[row]
    expect(station, numbered)
    type_at(station, CURRENT, 7, "RIGHT ")
    station.enter("linemode off")
    lines[1] = "RIGHT    LA    2,2"
    expect(station, screen(lines, 2))
    # a line with what a display cannot show is protected
    without_a_trace(station, "image off", lines, 2)
    station.enter("alter l 05 1")
    lines[1] = "RIGHT    .A    2,2"
    expect(station, screen(lines, 2, "1 line(s) changed"))
    station.keyboard.move(CURRENT, 2)
    with pytest.raises(Exception, match="protected"):
        station.keyboard.type("x")
    station.keyboard.reset()
    station.keyboard.move(22, 0)
    station.enter("format line")
    station.wait(lambda: station.lines[0] == "" and station.status == "VM READ")
    station.enter("next")
    station.wait_for("LINE03")
    station.enter("cms")
    station.wait_for("CMS Subset")
    station.enter("return")
    station.wait_for("EDIT:")
    station.enter("format display")
    expect(station, screen(lines, 3, mode="EDIT:"))
    station.enter("quit")
    station.wait_for("Ready;")


def test_disconnected_and_back_at_another_terminal(station: Station, system: api.SystemHandle) -> None:
    """What waits for a line goes on as lines; and a display that comes later is used again."""
    station.enter("next 3")
    expect(station, screen(PROGRAM, 3))
    type_at(station, CURRENT, 1, "lost with the display")
    station.press("pa1")
    station.wait(lambda: station.status in ("CP READ", "MORE..."))
    station.press("clear")
    station.enter("DISCONN")
    station.wait_for("DISCONNECT AT")
    line = system.logon("CMSUSER")
    line.type("BEGIN")
    assert line.type("frob").lines == ("?EDIT: FROB", "EDIT:")
    assert line.type("type").lines == (PROGRAM[2],)
    assert line.type("format").lines == ("LINE",)
    assert line.type("format display").lines == ("?EDIT: FORMAT DISPLAY",)
    assert line.type("next").lines == (PROGRAM[3],)
    line.type("#CP DISCONN")
    station.press("clear")
    station.enter("LOGON CMSUSER")
    station.wait_for("ENTER PASSWORD:")
    station.enter("CMSUSER")
    station.wait_for("RECONNECTED AT")
    station.enter("BEGIN")
    station.wait(lambda: station.status == "VM READ")
    station.press("clear")
    station.enter("format display")
    expect(station, screen(PROGRAM, 4))
