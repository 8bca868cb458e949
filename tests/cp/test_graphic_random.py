"""Anything at all from displays, and from their users: CP never fails, and goes on serving others."""

from __future__ import annotations

import contextlib
import random
import types

import pytest

from cpvm.cp import session
from cpvm.machine.media.screen import read_modified
from cpvm.s370.datastream import KEYS, encode_address
from cpvm.s370.ebcdic import to_ebcdic

from .displays import HERE, Screen3270, begin, load
from .helper import Site
from .test_programs_displays import CONSOLE

COMMANDS = (
    "LOGON CMSUSER CMSUSER", "BEGIN", "BEGIN 2000", "DIAL MAINT", "DISCONN", "TERM CONMODE 3270", "TERM CONMODE 3215",
    "TERM BRKKEY PF3 BREAKIN GUESTCTL", "TERM BRKKEY NONE", "TERM BREAKIN IMMED HILIGHT ON", "SYSTEM RESET", "QUERY PF",
    "SCREEN ALL RED", "LOGOFF HOLD", "SET PF1 TAB 3 9", "SET PF2 COPY", "SET PF4 RETRIEVE", "STORE PSW 0 0",
    "SLEEP 1 SEC",
    "DETACH 009", "DEFINE CONSOLE 009 3270", "IPL 009", "DISPLAY 0.400", "SET RUN ON", "MSG * HELLO",
    "LINK MAINT 190 195",
)  # fmt: skip
AIDS = (*sorted(set(KEYS.values())), 0x60, 0x88, 0x61, 0x00, 0xFF)


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Exceptions of terminals, which CP passes over as if the terminal were not there."""
    found: list[BaseException] = []

    @contextlib.contextmanager
    def noted(*kinds: type[BaseException]):
        try:
            yield
        except BaseException as error:
            found.append(error)

    monkeypatch.setattr(session, "contextlib", types.SimpleNamespace(suppress=noted))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_anything_at_all(site: Site, seed: int, failures: list[BaseException]) -> None:
    chance = random.Random(seed)
    host = site.logon("MAINT", "CPCMS")
    host.type("DEFINE GRAF 0A0 3278#DEFINE GRAF 0A1 3277")
    load(site, "MAINT", (HERE / "talk.assemble").read_text())
    begin(host)
    for number in range(3):
        display = Screen3270(site, f"G{number}", chance.choice((2, 3, 4, 5)), extended=chance.random() < 0.7)
        display.wait(lambda display=display: bool(display.sent))  # type: ignore[misc]
        for _ in range(120):
            _something(site, display, chance)
        display.hangup()
    site.on_cp(lambda: None)
    assert not failures
    log = (site.folder / "operator.log").read_text()
    assert "Traceback" not in log and "Error" not in log
    last = Screen3270(site, "LAST")
    last.wait_for("VM/370 ONLINE")


def _something(site: Site, display: Screen3270, chance: random.Random) -> None:
    match chance.randrange(8):
        case 0 | 1 | 2:
            if "CMSUSER" in site.system.users and chance.random() < 0.1:
                with contextlib.suppress(KeyError):  # it has just logged off
                    load(site, "CMSUSER", CONSOLE)
            rows, columns = display.size
            at = encode_address((rows - 2) * columns, rows * columns)
            display.terminal.received(b"\x7d" + at + b"\x11" + at + to_ebcdic(chance.choice(COMMANDS)))
        case 3:
            display.terminal.received(bytes((chance.choice(AIDS),)))
        case 4:
            display.terminal.received(bytes((chance.choice(AIDS),)) + chance.randbytes(chance.randrange(12)))
        case 5:
            display.terminal.escape() if chance.random() < 0.5 else display.terminal.refused()
        case 6:
            display.keyboard.reset()
            display.keyboard.press(chance.choice(("enter", "clear", "pa1", "pa2", "pf3", "pf5")))
            display.terminal.received(read_modified(display.screen).data)
        case 7:
            site.on_cp(lambda: [vm.console.write_cp("A LINE") for vm in site.system.users.values()])
