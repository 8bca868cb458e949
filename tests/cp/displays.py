"""3270s at a system, and programs in assembler for machines that talk to them."""

from __future__ import annotations

from pathlib import Path

from assembler import assemble
from cpvm.cp.session import ReadState
from cpvm.front.station import Station
from cpvm.s370.ebcdic import from_ebcdic

from .helper import FakeTerminal, Site

HERE = Path(__file__).parent


class Screen3270(Station):
    """A display, which greets its user with the logo."""

    extended: bool

    def __init__(self, site: Site, name: str, model: int = 2, *, extended: bool = True) -> None:
        self.extended = extended
        super().__init__(site.system, name, model)

    def until(self, status: str) -> None:
        """Wait for a status."""
        self.wait(lambda: self.status == status)

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
