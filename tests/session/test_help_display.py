"""HELP on a 3270: a whole screen, of whatever size; program function keys, the cursor, a topic typed in; and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cpvm import api
from cpvm.front.station import Station

from .displays import log_on


@pytest.fixture
def log_in(system: api.SystemHandle) -> Callable[[int], Station]:
    return lambda model: log_on(system, model)


def shows(station: Station, heading: str, title: str = "HELP   lines") -> None:
    """Wait for a page."""
    station.wait(
        lambda: (
            station.lines[0].strip().startswith(title)
            and station.lines[1].startswith(heading)
            and not station.screen.locked
        )
    )


def back_in_cms(station: Station) -> None:
    station.wait(lambda: station.status == "VM READ" and station.screen.find("Ready;") >= 0)


def test_keys(system: api.SystemHandle) -> None:
    station = log_on(system)
    station.enter("HELP COPYFILE")
    shows(station, "COPYFILE", "HELP   lines 1 to 21 of")
    assert station.lines[22].strip().startswith("PF1 Word")
    station.press("pf8")
    shows(station, "", "HELP   lines 22 to")
    station.press("pf7")
    shows(station, "COPYFILE", "HELP   lines 1 to 21 of")
    station.press("pf11")
    station.wait(lambda: "HELP   lines 1 " not in station.lines[0])
    station.press("pf10")
    shows(station, "COPYFILE")
    station.press("pf4")
    shows(station, "TASK")
    station.press("pf5")
    shows(station, "MENU")
    station.press("pf2")
    shows(station, "Welcome to CMS.")
    for heading in ("MENU", "TASK", "COPYFILE"):
        station.press("pf3")
        shows(station, heading)
    station.press("pf3")
    back_in_cms(station)
    station.enter("HELP")
    shows(station, "Welcome to CMS.")
    station.press("pf12")
    back_in_cms(station)
    station.enter("HELP HT ( LINE")
    station.wait_for("HELP HX has the others.")
    back_in_cms(station)


def test_the_word_at_the_cursor_and_a_topic_typed(system: api.SystemHandle) -> None:
    station = log_on(system)
    station.enter("HELP EDIT")
    shows(station, "EDIT")
    station.press("pf11")
    station.wait(lambda: any(line.startswith("CHANGE ") for line in station.lines) and not station.screen.locked)
    row = next(at for at, line in enumerate(station.lines) if line.startswith("CHANGE "))
    station.keyboard.move(row, 3)
    station.press("enter")
    shows(station, "CHANGE")
    station.type("linedit")
    station.press("enter")
    shows(station, "LINEDIT")
    station.type("xyzzyplug")
    station.press("enter")
    station.wait(lambda: "There is no help for XYZZYPLU" in station.lines[22])
    assert station.lines[1].startswith("LINEDIT")
    station.type("copyfiel")
    station.press("enter")
    station.wait(lambda: "did you mean COPYFILE?" in station.lines[22])
    station.type("help dmstyp002e")
    station.press("pf13")
    shows(station, "DMS002E")
    station.type("one two")
    station.press("enter")
    station.wait(lambda: "Invalid parameter 'TWO'" in station.lines[22])
    station.type("search breakpoint instruction")
    station.press("enter")
    station.wait(lambda: any(line.startswith("BREAK    DBG") for line in station.lines) and not station.screen.locked)
    row = next(at for at, line in enumerate(station.lines) if line.startswith("BREAK    DBG"))
    station.keyboard.move(row, 0)
    station.press("pf1")
    shows(station, "BREAK")
    station.press("clear")
    back_in_cms(station)


@pytest.mark.parametrize(("model", "rows"), [(3, 32), (4, 43), (5, 27)])
def test_the_screen_is_as_large_as_the_display(log_in: Callable[[int], Station], model: int, rows: int) -> None:
    station = log_in(model)
    station.enter("HELP DMS002E")
    station.wait(lambda: station.lines[1].startswith("DMS002E") and not station.screen.locked)
    assert len(station.lines) == rows
    assert station.lines[rows - 2].strip().startswith("PF1 Word")
    station.press("pf3")
    back_in_cms(station)


def test_a_message_comes_in_between(system: api.SystemHandle) -> None:
    station = log_on(system)
    station.enter("HELP TYPE")
    shows(station, "TYPE")
    system.logon("OPERATOR").type("MSG CMSUSER ARE YOU THERE")
    station.wait_for("ARE YOU THERE")
    station.press("clear")
    shows(station, "TYPE")
    station.press("pf3")
    back_in_cms(station)


def test_the_keys_of_a_new_user(system: api.SystemHandle) -> None:
    station = log_on(system)
    station.press("pf1")
    shows(station, "Welcome to CMS.")
    station.press("pf3")
    back_in_cms(station)
    station.press("clear")
    station.enter("QUERY SEARCH")
    back_in_cms(station)
    station.press("pf3")
    station.wait(lambda: station.lines[22] == "QUERY SEARCH")
    station.press("enter")


def test_what_is_unknown_gets_a_hint(system: api.SystemHandle) -> None:
    line = system.logon("CMSUSER")
    line.type("IPL CMS")
    line.type("")
    assert "Did you mean LISTFILE? HELP LISTFILE tells more." in line.type("LSITFILE").text
    line.type("SET HISTORY 1979")
    assert "Did you mean" not in line.type("LSITFILE").text
