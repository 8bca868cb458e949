"""Logical devices: displays that a program makes, on which somebody logs on to CP."""

from __future__ import annotations

import pytest

from cpvm.cp.cpscreen import CPScreen
from cpvm.cp.session import ReadState
from cpvm.machine.media.screen import Screen, write
from cpvm.s370.datastream import Aid, encode_address
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .calling import SPECIFICATION, Guest
from .helper import Site

INITIATE, ACCEPT, PRESENT, TERMINATE, TERMINATE_ALL = range(1, 6)
BUFFER = 0x3000


def rows(stream: bytes) -> list[str]:
    """What a display shows after a data stream."""
    screen = Screen(24, 80)
    write(screen, stream[0], stream[1:])
    text = bytes(byte if byte >= 0x40 else 0x40 for byte in screen.text)
    return [from_ebcdic(text[row * 80 : row * 80 + 80]).rstrip() for row in range(24)]


def typed(text: str, aid: int = Aid.ENTER) -> bytes:
    """What the display sends when somebody has typed TEXT."""
    cursor = encode_address(1760 + len(text), 1920)
    return bytes((aid,)) + cursor + b"\x11" + encode_address(1760, 1920) + to_ebcdic(text)


class Program(Guest):
    """A guest with logical devices."""

    def ask(self, function: int, device: int = 0, length: int = 4096, address: int = BUFFER) -> tuple[int, int]:
        """Condition code and return code."""
        cc = self.call(0x7C, 4, 6, r4=device, r5=address, r6=function, r7=length)
        return cc, self.get(7)

    def interrupted(self) -> tuple[int, int]:
        """The device and the reason of an interruption X'2402'."""
        self.put(0x58, bytes.fromhex("00020000000000AA"))
        self.put(0x300, bytes.fromhex("00000200 00000000 01020000 00000BBB"))
        self.put(0x200, bytes.fromhex("B7000300 82000308"))
        self.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        self.terminal.session.line("BEGIN 200")
        self.terminal.until_line("DISABLED WAIT PSW '00020000 000000AA'")
        self.terminal.until(ReadState.CP_READ)
        assert self.machine.storage.read(0x1A, 2) == b"\x24\x02"
        data = self.machine.storage.read(0x80, 4)
        return int.from_bytes(data[:2], "big"), data[3]

    @property
    def pending(self) -> bool:
        return 0x2402 in self.machine.interruptions.others

    def screen(self, device: int = 0) -> list[str]:
        assert self.interrupted() == (device, 0)
        assert self.ask(ACCEPT, device) == (0, 0)
        return rows(self.machine.storage.read(BUFFER, self.get(6)))

    def enter(self, text: str, device: int = 0, aid: int = Aid.ENTER) -> None:
        record = typed(text, aid)
        self.put(BUFFER, record)
        assert self.ask(PRESENT, device, len(record)) == (0, 0)

    def until(self, wanted: str) -> list[str]:
        """Screens until one has a line with WANTED."""
        for _ in range(20):
            device, reason = self.interrupted()
            if reason == 0 and self.ask(ACCEPT, device) == (0, 0):
                shown = rows(self.machine.storage.read(BUFFER, self.get(6)))
                if any(wanted in row for row in shown):
                    return shown
        raise AssertionError(wanted)


@pytest.fixture
def program(site: Site) -> Program:
    program = Program(site, site.logon("CMSUSER"))
    assert program.ask(INITIATE) == (0, 0)
    assert program.get(4) == 0
    return program


def test_somebody_logs_on(site: Site, program: Program) -> None:
    assert program.screen()[0] == "VM/370 ONLINE"
    program.enter("logon user01")
    shown = program.until("ENTER PASSWORD:")
    assert "logon user01" in shown
    program.enter("secret")
    shown = program.until("LOGON AT")
    assert not [row for row in shown if "secret" in row]
    assert shown[23].endswith("CP READ")
    assert site.system.users["USER01"].line_name == "L000"
    program.enter("set pf3 imm query userid")
    program.until("set pf3")
    while program.pending:
        program.interrupted()
    program.ask(ACCEPT)
    program.enter("", aid=0xF3)
    program.until("USER01   AT CPVM")
    assert program.ask(TERMINATE) == (0, 0)
    assert program.ask(TERMINATE) == (3, 0)
    site.on_cp(lambda: None)
    assert site.system.users["USER01"].disconnected


def test_return_codes(program: Program) -> None:
    assert program.ask(ACCEPT, length=10) == (1, 3)
    assert program.get(6) > 10
    record = typed("x")
    program.put(BUFFER, record)
    assert program.ask(PRESENT, length=len(record)) == (2, 1)
    assert program.ask(ACCEPT) == (0, 0)
    assert program.ask(ACCEPT) == (1, 2)
    for length, address in ((0, BUFFER), (4097, BUFFER), (0xFFFFFFFF, BUFFER), (10, 0x3FFFF)):
        assert program.ask(ACCEPT, length=length, address=address) == (1, 4)
    assert program.ask(9) == (1, 1)
    assert program.ask(ACCEPT, 77) == (3, 0)
    assert program.call(0x7C, 4, 15) == SPECIFICATION
    assert program.call(0x7C, 4, 4) == SPECIFICATION
    for number in (1, 2):
        assert program.ask(INITIATE) == (0, 0)
        assert program.get(4) == number
    assert program.ask(TERMINATE_ALL) == (0, 0)
    assert program.ask(ACCEPT) == (3, 0)


@pytest.mark.parametrize("end", ["LOGOFF", "SYSTEM RESET", "DEFINE STORAGE 512K"])
def test_devices_end_with_their_machine(site: Site, program: Program, end: str) -> None:
    vm = site.system.users["CMSUSER"]
    site.on_cp(lambda: None)
    assert [session.terminal.name for session in site.system.sessions] == [program.terminal.name, "L000"]
    program.terminal.type(end)
    site.on_cp(lambda: None)
    assert not vm.logical.devices
    assert [session.terminal.name for session in site.system.sessions] == [program.terminal.name]


class Listener:
    """A session that notes what comes from the screen."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.vm = None
        self.accepting = True

    def entered(self, text: str) -> None:
        self.heard.append(text)

    def attention(self) -> None:
        self.heard.append("PA1")

    def program_key(self, number: int) -> None:
        self.heard.append(f"PF{number}")


def test_a_full_screen() -> None:
    screen, session = CPScreen(), Listener()
    screen.session = session  # type: ignore[assignment]
    screen.state = ReadState.RUNNING
    for number in range(30):
        screen.write(f"LINE {number}")
    shown = rows(screen.stream())
    assert (shown[0], shown[21], shown[23][-7:]) == ("LINE 0", "LINE 21", "MORE...")
    screen.key(typed(""))
    assert screen.status == "HOLDING"
    screen.key(typed(""))
    assert screen.status == "MORE..."
    screen.key(bytes((Aid.CLEAR,)))
    shown = rows(screen.stream())
    assert (shown[0], shown[7], shown[23][-7:]) == ("LINE 22", "LINE 29", "RUNNING")
    screen.write("X" * 100)
    assert rows(screen.stream())[9] == "X" * 20
    for record in (typed("a line"), bytes((Aid.PA1,)), typed("", 0x4C), b"", typed("Y" * 200)):
        screen.key(record)
    assert session.heard == ["a line", "PA1", "PF24", "Y" * 139]
