"""Terminals that come, type anything, press attention and vanish: sessions and machines stay consistent."""

from __future__ import annotations

import random

import pytest

from cpvm.cp.session import ReadState

from .helper import FakeTerminal, Site

LINES = """
    LOGON CMSUSER CMSUSER|LOGON CMSUSER CMSUSER|LOGON USER01 SECRET|LOGON MAINT CPCMS|LOGON MAINT CPCMS|LOGON CMSUSER
    LOGON OPERATOR OPERATOR|CMSUSER|SECRET|WRONG|LOGON USER01 WRONG|LOGOFF|LOGOFF HOLD|DISCONN|DISCONN HOLD|#CP DISCONN
    #CP LOGOFF|FORCE CMSUSER|FORCE USER01|FORCE MAINT|FORCE OPERATOR|AUTOLOG CMSUSER CMSUSER|SLEEP|SLEEP 1 MIN
    ECHO|END|BEGIN|#CP|CP|SET PASSWORD|SET RUN ON|DISPLAY 0-END|REQUEST|Q N|Q V|PURGE ALL|RESET 009|#|""|
    IPL BOOT|IPL 190|STORE S200 47F00200#STORE PSW 0 200#BEGIN|SYSTEM CLEAR|DEFINE STORAGE 512K|TERM LINEND !
    LINK MAINT 191 391 R|READIT|LINK CMSUSER 191 392 MW|DETACH 391|DETACH 392|DETACH 009|DEFINE CONSOLE 009
    MSG ALL HELLO|MSG * HI|MSG USER01 HI#LOGOFF#LOGON USER01 SECRET|SPOOL CONS START|SPOOL CONS STOP CLOSE
    SPOOL PUN TO USER01|TRANSFER ALL TO CMSUSER|TERM LINEND ON
"""
CHOICES = [line.strip() for row in LINES.strip().splitlines() for line in row.split("|")]


@pytest.mark.parametrize("seed", range(4))
def test_terminals_in_disorder(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    terminals = [site.terminal(dice.random() < 0.5) for _ in range(6)]
    for _ in range(800):
        number = dice.randrange(len(terminals))
        terminal, what = terminals[number], dice.random()
        if what < 0.04 or terminal.closed:
            terminal.session.hangup()
            terminals[number] = site.terminal(dice.random() < 0.5)
        elif what < 0.25:
            terminal.session.attention()
        else:
            terminal.session.line(dice.choice(CHOICES))
        if dice.random() < 0.2:
            site.on_cp(lambda: consistent(site))
    site.on_cp(lambda: consistent(site))
    assert not [line for line in site.system.log.lines if "DMKPSA908I" in line]
    everybody_can_start_anew(site, terminals)


def consistent(site: Site) -> None:
    """A terminal and its machine know each other, and what is logged off is gone."""
    system = site.system
    for userid, vm in system.users.items():
        assert vm.userid == userid
        assert not vm.logged_off
        session = vm.console.session
        if session is not None:
            assert session.vm is vm
            assert session in system.sessions
            assert not session.closed
    for session in system.sessions:
        assert session.vm is None or system.users.get(session.vm.userid) is session.vm
    links = [link for entry in system.directory.users.values() for disk in (0x190, 0x191)
             for link in system.minidisks.links(entry.userid, disk)]  # fmt: skip
    assert {link.user for link in links} <= set(system.users)


def everybody_can_start_anew(site: Site, terminals: list[FakeTerminal]) -> None:
    for terminal in terminals:
        terminal.session.hangup()
    maint = site.terminal()
    maint.type("LOGON MAINT CPCMS")
    assert maint.reading is ReadState.CP_READ, maint.transcript
    for userid in ("CMSUSER", "USER01", "OPERATOR"):
        maint.type(f"FORCE {userid}")
    maint.type("SET IMSG ON")
    said: list[str] = []
    for _ in range(50):  # what was typed before, and the users' leaving, may come between
        said = maint.type("QUERY USERS")
        if "001 USERS, 000 DIALED" in said:
            break
    assert "001 USERS, 000 DIALED" in said, maint.transcript
    assert site.logon("USER01", "SECRET").type("QUERY USERID") == ["USER01   AT CPVM"]
