"""Users who couple, dial, watch, drive and force each other at random: CP has no error of its own."""

from __future__ import annotations

import random

import pytest

from cpvm.cp.command import Work

from .helper import FakeTerminal, Site

STEPS = 1500
PASSWORDS = {"CMSUSER": "CMSUSER", "USER01": "SECRET", "MAINT": "CPCMS", "OPERATOR": "OPERATOR"}
COMMANDS = (
    *("LOGON {u} {p}",) * 8, "LOGOFF", "DISCONN", "FORCE {u}", "AUTOLOG {u} {p}", *("DIAL {u}", "DIAL {u} 0B0") * 4,
    *("DEF LINE 0B0 3215", "DEF CTCA 0E0", "DEF CTCA 0E1", "COUPLE 0E0 {u} 0E1", "COUPLE 0E0 * 0E1") * 3,
    "DEF LINE 0B1", "DEF GRAF 0C0", "DEF TIMER 0FF", "DEF 0E0 0E3", "DETACH 0B0", "DETACH 0E0", "DETACH 0E1",
    "RESET 0B0", "SYSTEM RESET", "SYSTEM CLEAR", "DEF STOR 512K", "COUPLE 0E1 {u} 0E0", "SET SECUSER {u}",
    "SET SECUSER OFF", "SET OBSERVER {u}", "SET OBSERVER OFF", "SEND {u} HELLO", "SEND CP {u} QUERY TIME",
    "SEND CP {u} LOGOFF", "MSG {u} HI", "SMSG {u} HI", "WNG {u} HO", "MSG ALL HI", "SET MSG IUCV", "SET SMSG ON",
    "Q V ALL", "Q SET", "Q TERM", "Q NAMES", "Q USERS", "TERM LINESIZE 3", "TERM LINESIZE 80", "TERM TIMESTAMP ON",
    "TERM MODE VM", "TERM AUTOCR ON", "SET PF1 IMM Q TIME", "SET PF2 RETRIEVE", "#CP Q TIME", "BEGIN 200", "ECHO",
    "END", "END", "ATTN", "SPOOL CONS START", "CLOSE CONS", "SET PRIV -B", "SET PRIV RESET", "hello", "", "A#B#C",
)  # fmt: skip


def shown(terminal: FakeTerminal) -> list[str]:
    """All lines that a terminal was given."""
    lines = []
    while not terminal.events.empty():
        event = terminal.events.get()
        if isinstance(event, str):
            lines.append(event)
    return lines


@pytest.mark.parametrize("seed", range(2))
def test_a_busy_room(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    terminals: list[FakeTerminal] = []
    gone: list[FakeTerminal] = []

    def come() -> None:
        terminal = FakeTerminal(f"L{dice.randrange(10000):04}")
        terminal.session = site.system.connect(terminal)
        terminals.append(terminal)

    for _ in range(6):
        come()
    for _ in range(STEPS):
        terminal, user, kind = dice.choice(terminals), dice.choice(list(PASSWORDS)), dice.random()
        if kind < 0.93:
            terminal.session.line(dice.choice(COMMANDS).format(u=user, p=PASSWORDS[user]))
        elif kind < 0.96:
            terminal.session.attention()
        elif kind < 0.98:
            terminal.session.program_key(dice.randrange(1, 4))
        else:
            terminal.session.hangup()
            terminals.remove(terminal)
            gone.append(terminal)
            come()
        site.on_cp(lambda: None)
        while terminal.session.logon is not None and isinstance(terminal.session.logon.waiting, Work):
            site.on_cp(lambda: None)  # passwords are checked on another thread
    assert not [line for line in site.system.log.lines if "908I" in line]
    seen = [event for terminal in gone + terminals for event in shown(terminal)]
    assert not [line for line in seen if "908E" in line or "DMKDSP455W" in line]
    for wanted in ("LOGON AT", "COUPLE TO", "DIALED TO", "SECUSER OF", "DROP FROM", "TIME IS"):
        assert any(wanted in line for line in seen), wanted
