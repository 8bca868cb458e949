"""Users who do everything at once: no command finds CP or a machine in the middle of something."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import everyengine
import pytest

from cpvm.cp.system import System

from .helper import DIRECTORY, FakeTerminal, Site
from .test_engine import COUNTING, FLOOD

USERS = 4
TURNS = 12
CARDS = [
    "S200 41100240",  # LA   1,X'240'
    "S204 50100048",  # ST   1,72
    "S208 9C00000D",  # SIO  X'00D'
    "S20C 9D00000D",  # TIO  X'00D'
    "S210 4770020C",  # BC   7,X'20C'
    "S214 47F00208",  # B    X'208'
    "S240 0100030020000050",  # punch
]
WAITING = ["S200 82000288", "S288 FF02000000000000"]
COMMANDS = (
    "DISPLAY G1-2 PSW", "STORE G5 5", "QUERY TIME", "DISPLAY 308.4", "EXTERNAL", "CLOSE PUN", "QUERY ENGINE",
    "SET TIMER REAL", "STORE S208 58300300", "DEFINE STORAGE 512K", "SYSTEM RESET", "ADSTOP 208", "SPOOL PUN TO U1",
    "SET RUN ON", "SET RUN OFF", "ATTN",
)  # fmt: skip


def directory() -> str:
    return DIRECTORY + "".join(
        f"USER U{number} U{number} 256K 2M G\nCONSOLE 009 3215\nSPOOL 00C 2540 READER *\nSPOOL 00D 2540 PUNCH A\n"
        for number in range(USERS)
    )


def flood(line: str) -> list[str]:
    return [*FLOOD, "S300 00000200", f"S304 00{len(line):06X}", f"S320 {line.encode('cp037').hex()}"]


def settle(terminal: FakeTerminal) -> None:
    """Wait until CP has done all that was typed."""
    terminal.session.line("#CP QUERY USERS")
    terminal.until_line("USERS, 0")


def work(site: Site, operator: FakeTerminal, number: int) -> None:
    """What one user does; another one each time for the same number."""
    chance = random.Random(number)
    programs = (COUNTING, CARDS, WAITING, *map(flood, ("QUERY TIME", "MSG U0 HI", "CLOSE PUN", "SET EMSG ON")))
    for turn in range(TURNS):
        terminal = site.terminal()
        terminal.type(f"LOGON U{number} U{number}")
        for line in (*chance.choice(programs), "PSW 00000000 00000200", "G8 0"):
            terminal.session.line(f"STORE {line}")
        terminal.session.line("BEGIN")
        for _ in range(chance.randrange(8)):
            command = chance.choice((*COMMANDS, ""))
            if command:
                terminal.session.line(f"#CP {command}")
            else:
                terminal.session.attention()
            settle(terminal)
        if turn % 2:
            terminal.session.line("#CP LOGOFF")
        else:
            operator.session.line(f"FORCE U{number}")
        terminal.until_line("LOGOFF AT")


@pytest.mark.parametrize("engine", everyengine.ALL)
def test_users_who_do_everything_at_once(engine: str, tmp_path: Path) -> None:
    System.create(tmp_path, directory())
    site = Site(tmp_path, engine=engine, processors=3)
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(site, operator, number)
        except BaseException as error:
            failures.append(error)

    try:
        operator = site.logon("OPERATOR")
        users = [threading.Thread(target=guarded, args=(number,)) for number in range(USERS)]
        for user in users:
            user.start()
        for user in users:
            user.join()
        assert not failures
        operator.session.line("QUERY USERS")
        assert operator.until_line("USERS, 0")[-1] == "001 USERS, 000 DIALED"
    finally:
        site.system.shutdown()
    log = (tmp_path / "operator.log").read_text()
    assert "ERROR" not in log and "MACHINE OF" not in log
