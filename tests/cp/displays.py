"""3270s at a system, and programs in assembler for machines that talk to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from assembler import assemble
from cpvm.cp.graphic import GraphicTerminal
from cpvm.cp.session import ReadState
from cpvm.machine.media.screen import Keyboard, Screen, read_buffer, read_modified, structured, write
from cpvm.s370.datastream import Read, Write
from cpvm.s370.ebcdic import from_ebcdic

from .helper import FakeTerminal, Site

HERE = Path(__file__).parent


SIZES = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
PATIENCE = 30.0  # seconds until a test that hangs fails; never waited for otherwise


class Screen3270:
    """A display, with an operator who waits for what is to appear."""

    local = True

    def __init__(self, site: Site, name: str, model: int = 2, *, extended: bool = True) -> None:
        self.name, self.size, self.extended = name, SIZES[model], extended
        self.screen = Screen(24, 80, self.size, extended=extended)
        self.keyboard = Keyboard(self.screen)
        self.closed = False
        self.sent: list[tuple[int, bytes]] = []
        self._changed = threading.Condition()
        self.terminal = GraphicTerminal(site.system, self)

    # The wire

    def send(self, command: int, data: bytes) -> None:
        answer = b""
        with self._changed:
            self.sent.append((command, data))
            if command in (Read.BUFFER, Read.MODIFIED):
                answer = (read_buffer if command == Read.BUFFER else read_modified)(self.screen).data
            elif command == Write.STRUCTURED_FIELD:
                answer = structured.write(self.screen, data)
            else:
                write(self.screen, command, data)
            self._changed.notify_all()
        if answer:
            self.terminal.received(answer)

    def close(self) -> None:
        self.closed = True

    # The operator

    @property
    def lines(self) -> list[str]:
        """The rows, as far as they are to be seen."""
        with self._changed:
            return self.screen.lines()

    @property
    def status(self) -> str:
        """The lower right corner."""
        return self.lines[-1].ljust(self.screen.columns)[-20:].strip()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until that holds."""
        with self._changed:
            if not self._changed.wait_for(condition, PATIENCE):
                raise AssertionError("it did not appear on\n" + "\n".join(self.screen.lines()))

    def wait_for(self, text: str) -> None:
        """Wait until a text is to be seen."""
        self.wait(lambda: self.screen.find(text) >= 0)

    def until(self, status: str) -> None:
        """Wait for a status."""
        self.wait(lambda: self.status == status)

    def unlocked(self) -> None:
        """Wait until one can type."""
        self.wait(lambda: not self.screen.locked)

    def type(self, text: str) -> None:
        """Type at the cursor."""
        with self._changed:
            self.unlocked()
            self.keyboard.type(text)

    def press(self, key: str) -> None:
        """A key that gives attention."""
        with self._changed:
            self.unlocked()
            self.keyboard.press(key)
            record = read_modified(self.screen).data
        self.terminal.received(record)

    def enter(self, text: str) -> None:
        """Type a line."""
        self.type(text)
        self.press("enter")

    def hangup(self) -> None:
        """The line breaks."""
        self.terminal.lost()

    def logon(self, userid: str, password: str | None = None) -> None:
        """Log a user on; the screen is empty then."""
        self.wait_for("VM/370 ONLINE")
        self.enter(f"LOGON {userid} {password or userid}")
        self.wait_for("AT ")
        self.press("clear")
        self.wait(lambda: self.lines[0] == "")

    def says(self, command: str) -> list[str]:
        """The lines that CP answers with on an empty screen."""
        self.press("clear")
        self.wait(lambda: self.lines[0] == "")
        self.enter(command)
        self.wait_for(command.strip())
        self.wait(lambda: not self.screen.locked and self.status in ("CP READ", "VM READ", "RUNNING"))
        return [line for line in self.lines[1:-2] if line]


def text_of(source: str) -> list[tuple[int, bytes]]:
    """Addresses and contents of the text in the deck of a program that does not have to be relocated."""
    assembly = assemble(source)
    assert assembly.return_code == 0, assembly.messages
    return [
        (int.from_bytes(card[5:8], "big"), card[16 : 16 + int.from_bytes(card[10:12], "big")])
        for card in assembly.deck
        if from_ebcdic(card[1:4]) == "TXT"
    ]


def load(site: Site, userid: str, source: str) -> None:
    """Put a program into a machine's storage."""
    machine = site.system.users[userid].machine
    for at, data in text_of(source):
        site.on_cp(lambda at=at, data=data: machine.storage.write(at, data))  # type: ignore[misc]


def begin(terminal: FakeTerminal) -> None:
    """Start what has been loaded at 2000."""
    terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
    terminal.type("BEGIN 2000", ReadState.RUNNING)
