"""Machines beside others that ask CP for something without end: they get what is theirs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System

from .helper import DIRECTORY, PATIENCE, FakeTerminal, Site
from .test_engine import COUNTING, FLOOD, start

ENOUGH = 200_000_000
"""Nanoseconds that those who ask have had before anything is compared."""
ENDLESS = [  # a channel program that never ends, and the wait for it
    *("S200 41100300", "S204 50100048", "S208 9C00000E", "S20C 82000280"),  # LA, ST, SIO, LPSW
    *("S280 FE02000000000000", "S300 0300000060000001", "S308 0800030000000000"),  # NOP, TIC
]


def flood(line: str) -> list[str]:
    return [*FLOOD, "S300 7FFFFFFF", f"S304 40{len(line):06X}", f"S320 {line.encode('cp037').hex()}"]


@pytest.mark.parametrize(
    "program", [flood("QUERY NAMES"), flood("MSG CMSUSER HELLO"), ENDLESS], ids=["own", "others", "channel"]
)
def test_who_computes_and_who_types_get_what_is_theirs(program: list[str], tmp_path: Path) -> None:
    others = "".join(f"USER U{n} U{n} 256K 2M G\nCONSOLE 009 3215\nSPOOL 00E 1403 A\n" for n in range(2))
    System.create(tmp_path, DIRECTORY + others)
    site = Site(tmp_path, processors=2)
    users = site.system.users
    worker, typist = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    start(worker, COUNTING)
    asking: list[FakeTerminal] = [site.logon(f"U{n}") for n in range(2)]
    for terminal in asking:
        start(terminal, program)

    def used(userid: str) -> int:
        return users[userid].usage.virtual_ns + users[userid].usage.overhead_ns

    before = {userid: used(userid) for userid in ("CMSUSER", "U0", "U1")}

    def spent(userid: str) -> int:
        return used(userid) - before[userid]

    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        assert typist.type("QUERY SET")  # is answered meanwhile
        if min(spent("U0"), spent("U1")) >= ENOUGH:
            break
        tick.wait(0.02)
    assert min(spent("U0"), spent("U1")) >= ENOUGH
    assert spent("CMSUSER") > (spent("U0") + spent("U1")) / 2 * 0.6  # a third of all would be fair
    for terminal in (worker, *asking):
        terminal.session.attention()
        terminal.until(ReadState.CP_READ)
    site.system.shutdown()
