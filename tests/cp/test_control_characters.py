"""Control characters and escape sequences that a user has in everything that somebody else gets to see."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpvm.cp.command import CommandRun
from cpvm.cp.realunit.outlet import CommandOutlet
from cpvm.cp.session import ReadState
from cpvm.cp.spoolfile import STANDARD_FORM, SpoolFile
from cpvm.cp.system import System
from cpvm.cp.vspool import Output
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site
from .test_network import wait_until

EVERYTHING = from_ebcdic(bytes(range(256)).replace(b"\x15", b""))
"""All that a machine can have in a line of DIAGNOSE X'08'."""
NASTY = (
    "\x1b[2J\x1b[H\x1b]0;title\x07",
    "A\x9b31mB\x90C\x9c",
    "\x85\nDMKLOG050E\r\x0b\x0cX",
    "\xff\xf4\xff\xfb\x18",
    "A\0B",
    "\x11\x40\x40\x1d\x60\x3c\x5b\x60",
    *(EVERYTHING[at : at + 60] for at in range(0, 255, 60)),
)
LINES = (
    "MSG USER01 {}",
    "MSG OPERATOR {}",
    "SMSG USER01 {}",
    "SMSG NET {}",
    "SMSG NET MSG BETA USER {}",
    "MSG {} X",
    "{}",
    "QUERY {}",
    "LINK {} 191 291 RR",
    "LINK CMSUSER {} 291 RR",
    "DIAL {}",
    "SPOOL PRT NOHOLD DIST {}",
    "SPOOL PRT FORM {}",
    "SPOOL PRT TO {}",
    "TAG DEV PRT {}",
    "CLOSE PRT NAME {}",
    "CHANGE PRT ALL NAME {}",
    "CHANGE PRT ALL DIST {}",
    "TERMINAL LINEND {}",
    "SET PF3 IMMED {}",
    "SET VMCONIO {}",
    "DEFINE {} AS 400",
    "TRANSFER PRT ALL TO USER01",
    "TRANSFER {} TO USER01",
    "ECHO {}",
    "IPL {}",
    "LOADVFCB E FCB {}",
    "ATTACH {} CMSUSER 181",
    "SET SECUSER {}",
)
OPERATORS = (
    "SET LOGMSG {}",
    "MSGNOH ALL {}",
    "WNG ALL {}",
    "AUTOLOG {} X",
    "FORCE {}",
    "ATTACH {} USER01 181",
    "ACNT {}",
)


def clean(text: str, allowed: str = "") -> bool:
    return all(char in allowed or not unicodedata.category(char).startswith("C") for char in text)


def execute(site: Site, userid: str, line: str) -> None:
    """A command of a machine, by DIAGNOSE X'08', its response typed."""
    ended = threading.Event()

    def run() -> None:
        vm = site.system.users[userid]
        output = vm.console.write_cp
        CommandRun(site.system, [line], vm=vm, output=output, done=lambda code: ended.set(), quiet=True).start()

    site.on_cp(run)
    assert ended.wait(30), line


def make_file(site: Site, userid: str) -> None:
    def write() -> None:
        printer = site.system.users[userid].devices[0x00E]
        assert isinstance(printer, Output)
        printer.line(0x09, to_ebcdic(EVERYTHING[:130]))

    site.on_cp(write)


@contextmanager
def system(folder: Path) -> Iterator[Site]:
    System.create(folder, DIRECTORY)
    (folder / "devices").write_text("00F 1403 spool folder=printer class=AT\n00D 2540P spool folder=punch\n")
    site = Site(folder)
    try:
        yield site
    finally:
        site.system.shutdown()


def test_nobody_gets_another_users_control_characters(tmp_path: Path) -> None:
    with system(tmp_path) as site:
        terminals = [
            site.logon("OPERATOR"),
            site.logon("CMSUSER"),
            site.logon("USER01", "SECRET"),
        ]
        stranger = site.terminal()
        terminals[2].type("SPOOL CONSOLE START")
        for nasty in NASTY:
            make_file(site, "CMSUSER")
            for line in LINES:
                if "CMSUSER" in site.system.users:
                    execute(site, "CMSUSER", line.format(nasty))
            for line in OPERATORS:
                execute(site, "OPERATOR", line.format(nasty))
            for line in ("QUERY PRT ALL", "QUERY NAMES", "QUERY LOGMSG", "QUERY TAG DEV PRT", "QUERY PF"):
                execute(site, "OPERATOR", line)
            stranger.type(f"LOGON {nasty}")
            if stranger.reading is ReadState.PASSWORD:
                stranger.type("")
        terminals[2].type("SPOOL CONSOLE STOP CLOSE")
        execute(site, "OPERATOR", "START ALL")
        wait_until(
            site, lambda: not [f for f in site.system.spool.files("PRT") if not f.held and f.form == STANDARD_FORM]
        )
        for terminal in (*terminals, stranger):
            said = [*terminal.transcript, *drain(terminal)]
            assert len(said) > 10 and all(clean(line) for line in said), [line for line in said if not clean(line)]
        assert not [line for line in site.system.log.lines if "CONTROL PROGRAM ERROR" in line]
    for log in (tmp_path / "operator.log", *tmp_path.glob("journal*")):
        assert clean(log.read_text(encoding="utf-8"), "\n"), log
    printed = [path for path in (tmp_path / "printer").iterdir()]
    assert printed
    for path in printed:
        assert path.name.isascii() and clean(path.name)
        assert clean(path.read_text(encoding="utf-8"), "\n\f"), path


def drain(terminal: FakeTerminal) -> list[str]:
    """What has come and was not waited for."""
    found = []
    while not terminal.events.empty():
        event = terminal.events.get()
        if isinstance(event, str):
            found.append(event)
    return found


@pytest.mark.parametrize("name", NASTY)
def test_a_command_gets_a_harmless_name(tmp_path: Path, name: str) -> None:
    file = SpoolFile(1, "PRT", "USER01", "USER01", "PRT", "A", 1, False, "", name, name, 1, 0.0, "", 1)
    out = tmp_path / "out"
    outlet = CommandOutlet([f'printf %s "$CPVM_NAME" > {out}; cat >/dev/null'], tmp_path, shell=True)
    outlet.begin(file, 1)
    outlet.write(b"X")
    outlet.finish()
    assert clean(out.read_text())
