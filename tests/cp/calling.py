"""Guests of a few instructions that issue one DIAGNOSE."""

from __future__ import annotations

from cpvm.cp.session import ReadState
from cpvm.s370.ebcdic import from_ebcdic

from .helper import FakeTerminal, Site

SPECIFICATION, PRIVILEGED, PROTECTION, ADDRESSING = -6, -2, -4, -5
"""What `Guest.call` gives for a program interruption."""


class Guest:
    """A guest that loads its registers, issues one DIAGNOSE, and stores what came back."""

    def __init__(self, site: Site, terminal: FakeTerminal, userid: str = "CMSUSER") -> None:
        self.site = site
        self.terminal = terminal
        self.machine = site.system.users[userid].machine

    def call(self, code: int, rx: int, ry: int, **registers: int) -> int:
        """Issue DIAGNOSE rx,ry,code with registers r0=..., return the condition code; program checks are negative."""
        # DIAGNOSE; BO, BH, BL to the LPSW for condition code 3, 2, 1; LPSW for 0
        self.put(0x200, bytes.fromhex(f"83{rx:X}{ry:X}{code:04X} 4710021E 47200226 4740022E 82000240"))
        for at, psw in ((0x21E, 0x258), (0x226, 0x250), (0x22E, 0x248)):
            self.put(at, bytes.fromhex(f"8200{psw:04X}"))
        for cc in range(4):
            self.put(0x240 + 8 * cc, bytes.fromhex(f"00020000000000C{cc}"))
        self.put(0x68, bytes.fromhex("00020000000000EE"))  # program new PSW
        for number, value in registers.items():
            self.set(int(number[1:]), value)
        self.terminal.type("STORE PSW 00000000 00000000")
        self.lines = self.terminal.type("BEGIN 200", ReadState.CP_READ)
        end = self.machine.psw.address
        assert end in (0xEE, *range(0xC0, 0xC4)), self.lines
        return -self.machine.storage.read(0x2B, 1)[0] if end == 0xEE else end & 3

    def put(self, at: int, data: bytes) -> None:
        self.site.on_cp(lambda: self.machine.storage.write(at, data))

    def set(self, register: int, value: int) -> None:
        self.site.on_cp(lambda: self.machine.gr.__setitem__(register, value))

    def get(self, register: int) -> int:
        return self.machine.gr[register]

    def text(self, at: int, length: int) -> str:
        return from_ebcdic(self.machine.storage.read(at, length))
