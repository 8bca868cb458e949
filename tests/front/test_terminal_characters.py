"""What one user sends to another, in the bytes that arrive at terminals of each kind."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cp.helper import DIRECTORY
from cp.test_control_characters import NASTY, execute
from terminal.attackers import DISPLAY, LINES, WINDOW, record, typed

from cpvm.cp.system import System
from cpvm.front.link import connector, display_connector
from cpvm.machine.media.screen import Screen, StreamError, structured, write
from cpvm.s370.datastream import REMOTE, Write
from cpvm.terminal import negotiation as tn
from cpvm.terminal.server import TelnetServer

PATIENCE = 20.0
END = "THE END OF IT"
FULL = "HOLDING".encode("cp037"), "MORE...".encode("cp037")
COMMAND = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|[^\xff\xfa-\xfe])", re.DOTALL)
SEQUENCES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
"""What the line editor itself sends."""


class Running:
    """As `cp.helper.Site`, with a listener."""

    def __init__(self, folder: Path) -> None:
        System.create(folder, DIRECTORY)
        self.system = System(folder)
        self.system.start()
        self.server = TelnetServer(
            connector(self.system), "127.0.0.1", 0, display_connector(self.system), fence=self.system.post
        )
        self.server.start()

    def on_cp(self, function: Callable[[], object]) -> None:
        def run() -> None:
            function()

        self.system.post(run)

    def stop(self) -> None:
        self.system.shutdown()
        self.server.stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path / "s")
    yield found
    found.stop()


class Wire:
    """A terminal of which every byte that comes is kept."""

    def __init__(self, running: Running, first: bytes) -> None:
        self.socket = socket.create_connection(running.server.address, PATIENCE)
        self.came = b""
        self.socket.sendall(first)

    def until(self, *wanted: bytes) -> None:
        since = len(self.came)
        while not any(text in self.came[max(0, since - 100) :] for text in wanted):
            more = self.socket.recv(65536)
            assert more, self.came
            self.came += more


def log_on(wire: Wire, display: bool) -> None:
    def say(text: str) -> None:
        wire.socket.sendall(typed(text) if display else text.encode() + b"\r\n")

    code = "cp037" if display else "ascii"
    wire.until("ONLINE".encode(code))
    say("LOGON USER01 SECRET")
    wire.until("LOGON AT".encode(code), "PASSWORD".encode(code))
    if "LOGON AT".encode(code) not in wire.came:
        say("SECRET")
        wire.until("LOGON AT".encode(code))


def plant(running: Running) -> None:
    for nasty in NASTY[:6]:
        for line in ("MSG USER01 {}", "MSGNOH USER01 {}", "WNG USER01 {}"):
            execute(running, "OPERATOR", line.format(nasty))
    execute(running, "OPERATOR", f"WNG USER01 {END}")


@pytest.fixture
def sender(running: Running) -> Iterator[None]:
    wire = Wire(running, LINES)
    wire.until(b"ONLINE")
    wire.socket.sendall(b"LOGON OPERATOR OPERATOR\r\n")
    wire.until(b"LOGON AT")
    yield
    wire.socket.close()


@pytest.mark.usefixtures("sender")
@pytest.mark.parametrize("first", [LINES, WINDOW, b"\r\n"], ids=["telnet", "window", "netcat"])
def test_lines(running: Running, first: bytes) -> None:
    wire = Wire(running, first)
    log_on(wire, display=False)
    plant(running)
    wire.until(END.encode())
    wire.socket.close()
    text = SEQUENCES.sub(b"", COMMAND.sub(b"", wire.came))
    shown = text.replace(b"\xff\xff", b"\xff").decode("utf-8")
    assert "[2J" in shown and all(char.isprintable() or char in "\r\n\0\b" for char in shown), repr(shown)


@pytest.mark.usefixtures("sender")
def test_displays(running: Running) -> None:
    wire = Wire(running, DISPLAY)
    log_on(wire, display=True)
    plant(running)
    wire.until(*FULL)
    wire.socket.sendall(record(b"\x6d"))
    wire.until(END.encode("cp037"))
    wire.socket.close()
    assert "[2J".encode("cp037") in wire.came
    screen = Screen(24, 80, (24, 80), extended=False)
    for one in wire.came.split(bytes((tn.IAC, tn.EOR)))[1:-1]:
        data = COMMAND.sub(b"", one)[5:].replace(b"\xff\xff", b"\xff")
        command = REMOTE[data[0]]
        try:
            if command == Write.STRUCTURED_FIELD:
                structured.write(screen, data[1:])
            elif command in (Write.WRITE, Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
                write(screen, command, data[1:])
        except StreamError as error:
            raise AssertionError(data) from error
        for line in screen.lines()[:-2]:
            assert line.isprintable() or not line.strip(), line
        assert not screen.lines()[-1][:40].strip(), "only CP writes there"
