"""DIAGNOSE services, called by guests of a few instructions."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.s370.ebcdic import to_ebcdic

from .calling import SPECIFICATION, Guest
from .helper import DIRECTORY, Site


@pytest.fixture
def guest(site: Site) -> Guest:
    return Guest(site, site.logon("CMSUSER"))


def test_00_identification(guest: Guest) -> None:
    guest.call(0x00, 4, 5, r4=0x1000, r5=40)
    assert guest.text(0x1000, 8) == "VM/370  "
    assert guest.text(0x1010, 8) == "CMSUSER "
    assert guest.get(5) == 8
    assert guest.call(0x00, 4, 5, r4=0x1004, r5=40) == SPECIFICATION


def command(guest: Guest, text: str, flags: int = 0) -> int:
    guest.put(0x1000, to_ebcdic(text))
    guest.call(0x08, 4, 6, r4=0x1000, r6=flags << 24 | len(text))
    return guest.get(6)


def test_08_commands_and_return_codes(guest: Guest) -> None:
    assert command(guest, "QUERY USERS") == 0
    assert guest.lines[0] == "001 USERS, 000 DIALED"
    assert command(guest, "MSG NOSUCH HI") == 45
    assert guest.lines[0] == "DMKMSG045E NOSUCH NOT LOGGED ON"
    assert command(guest, "FROB", flags=0x80) == 1
    assert guest.lines[0].startswith("DMKDSP450W")
    guest.put(0x1000, to_ebcdic("Q USERS") + b"\x15" + to_ebcdic("FROB"))
    guest.call(0x08, 4, 6, r4=0x1000, r6=12)
    assert (guest.lines[0], guest.get(6)) == ("001 USERS, 000 DIALED", 1)


def test_08_response_in_a_buffer(guest: Guest) -> None:
    guest.put(0x1000, to_ebcdic("QUERY USERS"))
    cc = guest.call(0x08, 4, 6, r4=0x1000, r5=0x2000, r6=0x4000000B, r7=100)
    assert (cc, guest.get(6), guest.get(7)) == (0, 0, 22)
    assert guest.text(0x2000, 21) == "001 USERS, 000 DIALED"
    assert guest.machine.storage.read(0x2015, 1) == b"\x15"
    cc = guest.call(0x08, 4, 6, r4=0x1000, r5=0x2000, r6=0x4000000B, r7=10)
    assert (cc, guest.get(7)) == (1, 12)
    assert guest.call(0x08, 4, 5, r4=0x1000, r5=0x4000000B, r6=10) == SPECIFICATION


def test_08_a_buffer_gets_what_the_terminal_does_not(guest: Guest) -> None:
    guest.terminal.type("SET IMSG OFF#SET EMSG OFF")
    guest.put(0x1000, to_ebcdic("DEF PUN 01D") + b"\x15" + to_ebcdic("MSG NOSUCH X"))
    assert guest.call(0x08, 4, 6, r4=0x1000, r5=0x2000, r6=0x40000018, r7=100) == 0
    assert guest.text(0x2000, 15) == "PUN  01D DEFINE"
    assert guest.text(0x2011, 31) == "DMKMSG045E NOSUCH NOT LOGGED ON"
    guest.terminal.type("SET EMSG TEXT")
    guest.put(0x1000, to_ebcdic("MSG NOSUCH X"))
    guest.call(0x08, 4, 6, r4=0x1000, r5=0x2000, r6=0x4000000C, r7=100)
    assert guest.text(0x2000, 20) == "NOSUCH NOT LOGGED ON"


def test_08_stops_at_a_command_that_is_none(guest: Guest) -> None:
    guest.put(0x1000, to_ebcdic("FROB") + b"\x15" + to_ebcdic("Q USERS"))
    guest.call(0x08, 4, 6, r4=0x1000, r6=12)
    assert guest.lines[0].startswith("DMKDSP450W")
    assert guest.get(6) == 1


def test_08_commands_that_reset_or_stop_the_machine(guest: Guest) -> None:
    guest.put(0x1000, to_ebcdic("DEFINE STORAGE 512K"))
    guest.put(0x200, bytes.fromhex("83460008"))
    guest.set(4, 0x1000)
    guest.set(6, 19)
    assert guest.terminal.type("BEGIN 200") == ["STORAGE = 00512K"]
    assert guest.terminal.type("D G6") == ["GPR  6 = 00000000"]
    guest.terminal.type("STORE 200 83460008 82000280#STORE 280 00020000 00000ABC")
    assert guest.terminal.type("BEGIN 200") == ["CP"]
    assert guest.terminal.type("B")[0].endswith("DISABLED WAIT PSW '00020000 00000ABC'")


def test_08_link_asks_for_its_password(guest: Guest) -> None:
    guest.put(0x1000, to_ebcdic("LINK MAINT 190 290 M"))
    guest.put(0x200, bytes.fromhex("834600088200 0280".replace(" ", "")))
    guest.put(0x280, bytes.fromhex("0002000000000ABC"))
    guest.set(4, 0x1000)
    guest.set(6, 20)
    assert guest.terminal.type("BEGIN 200") == ["ENTER MULT PASSWORD:"]
    assert guest.terminal.type("MULTME")[0] == "DASD 290 LINKED R/W; R/O BY CMSUSER"
    assert guest.get(6) == 0


def test_0c_pseudo_timer(guest: Guest) -> None:
    guest.call(0x0C, 4, 0, r4=0x1000)
    text = guest.text(0x1000, 16)
    assert text[2] == text[5] == "/"
    assert text[10] == text[13] == ":"
    virtual = int.from_bytes(guest.machine.storage.read(0x1010, 8), "big")
    total = int.from_bytes(guest.machine.storage.read(0x1018, 8), "big")
    assert 0 < virtual <= total
    assert guest.call(0x0C, 4, 0, r4=0x1001) == SPECIFICATION


def test_10_release_pages(guest: Guest) -> None:
    guest.put(0x1FF0, bytes(range(32)))
    guest.call(0x10, 4, 5, r4=0x1000, r5=0x1000)
    assert guest.machine.storage.read(0x1FF0, 32) == bytes(16) + bytes(range(16, 32))
    assert guest.call(0x10, 4, 5, r4=0x1000, r5=0x800000) == SPECIFICATION


CHAIN = {  # seek, search, TIC, then a read or write of 80 bytes; at X'1000'
    "read": "07001040 40000006 31001042 40000005 08001008 00000000 06002000 20000050",
    "write": "07001040 40000006 31001042 40000005 08001008 00000000 1D002000 20000058",
}


def test_18_dasd_io(guest: Guest) -> None:
    # Format record 1 on cylinder 0, head 1 behind record 0, then read it back.
    guest.put(0x1000, bytes.fromhex(CHAIN["write"]))
    guest.put(0x1040, bytes.fromhex("0000 0000 0001 00"))
    guest.put(0x2000, bytes.fromhex("0000 0001 01 00 0050") + to_ebcdic(f"{'ON DISK':<80}"))
    assert guest.call(0x20, 4, 6, r4=0x191, r6=0x1000) == 0
    guest.put(0x1000, bytes.fromhex(CHAIN["read"]))
    guest.put(0x1040, bytes.fromhex("0000 0000 0001 01"))
    guest.put(0x2000, bytes(80))
    assert guest.call(0x18, 4, 5, r4=0x191, r5=0x1000, r15=1) == 0
    assert guest.text(0x2000, 7) == "ON DISK"
    guest.put(0x1040, bytes.fromhex("0000 0000 0001 09"))
    assert (guest.call(0x18, 4, 5, r4=0x191, r5=0x1000, r15=1), guest.get(15)) == (3, 13)
    assert (guest.call(0x18, 4, 5, r4=0x555, r5=0x1000, r15=1), guest.get(15)) == (1, 1)
    assert (guest.call(0x18, 4, 5, r4=0x00C, r5=0x1000, r15=1), guest.get(15)) == (1, 2)
    assert (guest.call(0x18, 4, 5, r4=0x191, r5=0x1004, r15=1), guest.get(15)) == (2, 5)
    guest.put(0x1000, bytes.fromhex(CHAIN["write"]))
    assert (guest.call(0x18, 4, 5, r4=0x191, r5=0x1000, r15=1), guest.get(15)) == (2, 7)
    guest.put(0x1018, b"\x05")
    assert (guest.call(0x18, 4, 5, r4=0x190, r5=0x1000, r15=1), guest.get(15)) == (1, 3)


@pytest.mark.parametrize(
    ("at", "data", "number", "expected"),
    [
        (0x1040, "0000 0004", 1, (3, 13)),  # the last cylinder, but no such record
        (0x1040, "0000 0005", 1, (1, 4)),
        (0x1001, "03FFFE", 1, (2, 6)),
        (0x1009, "03FFFF", 1, (2, 6)),
        (0x101E, "0000", 1, (2, 8)),
        (0x101E, "1001", 1, (2, 9)),
        (0x1019, "03FFB1", 1, (2, 10)),
        (0x1000, "07", 0, (2, 11)),
        (0x1000, "07", 16, (2, 11)),
        (0x101C, "60", 1, (2, 7)),  # chained to nothing that is a command
        (0x1018, "1B0010684000000606002000200000501B001068", 2, (2, 12)),
    ],
)
def test_18_checks_the_chain(guest: Guest, at: int, data: str, number: int, expected: tuple[int, int]) -> None:
    guest.put(0x1000, bytes.fromhex(CHAIN["read"]) + bytes.fromhex("FF" * 8))
    guest.put(0x1040, bytes.fromhex("0000 0001 0001 09"))
    guest.put(0x1068, bytes.fromhex("0000 0002 0001 01"))
    guest.put(at, bytes.fromhex(data))
    assert (guest.call(0x18, 4, 5, r4=0x191, r5=0x1000, r15=number), guest.get(15)) == expected


def test_20_general_io(guest: Guest) -> None:
    guest.put(0x1000, bytes.fromhex(CHAIN["read"]))
    guest.put(0x1040, bytes.fromhex("0000 0000 0001 09"))
    assert (guest.call(0x20, 4, 6, r4=0x191, r6=0x1000), guest.get(15)) == (3, 13)
    assert guest.get(6) & 0xFFFF != 0
    guest.put(0x1000, bytes.fromhex("0300000020000001"))
    assert guest.call(0x20, 4, 6, r4=0x191, r6=0x1000) == 0
    assert (guest.call(0x20, 4, 6, r4=0x555, r6=0x1000), guest.get(15)) == (1, 1)


def test_24_device_types(guest: Guest) -> None:
    assert guest.call(0x24, 4, 6, r4=0xFFFFFFFF) == 0
    assert (guest.get(4), guest.get(6)) == (0x009, 0x80000000)
    assert guest.call(0x24, 4, 6, r4=0x191) == 0
    assert (guest.get(6), guest.get(7)) == (0x04080000, 0x04080000)
    assert guest.call(0x24, 4, 6, r4=0x190) == 0
    assert guest.get(6) == 0x04080080
    assert guest.call(0x24, 4, 6, r4=0x00E) == 2
    assert guest.get(6) == 0x10410000
    assert guest.call(0x24, 4, 6, r4=0x181) == 3


def test_5c_message_editing(guest: Guest) -> None:
    for emsg, expected in (
        ("ON", (0x1000, 30)),
        ("CODE", (0x1000, 10)),
        ("TEXT", (0x100B, 19)),
        ("OFF", (0x1000, 0)),
    ):
        guest.terminal.type(f"SET EMSG {emsg}")
        guest.put(0x200, bytes.fromhex("8345005C 82000240"))
        guest.put(0x240, bytes.fromhex("00020000000000C0"))
        guest.set(4, 0x1000)
        guest.set(5, 30)
        guest.terminal.type("STORE PSW 00000000 00000200")
        guest.terminal.type("BEGIN")
        assert (guest.get(4), guest.get(5)) == expected


def test_60_storage_and_64_segments(guest: Guest) -> None:
    guest.call(0x60, 4, 0)
    assert guest.get(4) == 256 * 1024
    guest.put(0x1000, to_ebcdic("CMSSEG  "))
    assert (guest.call(0x64, 4, 5, r4=0x1000, r5=0xC), guest.get(5)) == (2, 44)
    assert guest.call(0x64, 4, 5, r4=0x1000, r5=8) == 2
    assert guest.call(0x64, 4, 5, r4=0x1000, r5=3) == SPECIFICATION


def test_codes_that_do_not_exist(guest: Guest) -> None:
    assert guest.call(0x44, 4, 5) == SPECIFICATION
    assert guest.call(0x7FC, 4, 5) == SPECIFICATION


class Adder:
    """A host half that asks for numbers until it gets an empty reply, then says their sum."""

    def __init__(self) -> None:
        self.total = 0
        self.started = False
        self.thread = ""

    def step(self, reply: bytes) -> bytes:
        self.thread = threading.current_thread().name
        if self.started and not reply:
            return b"\0\0\0\0" + self.total.to_bytes(4, "big")
        if reply == b"FAIL":
            raise ValueError("told to fail")
        if self.started:
            self.total += int.from_bytes(reply, "big")
        self.started = True
        return b"\0\x08MORE"

    def save(self) -> dict[str, object]:
        return {"total": self.total, "started": self.started}

    def load(self, state: dict[str, object]) -> None:
        raise NotImplementedError


@pytest.fixture
def half_guest(tmp_path: Path) -> Guest:
    System.create(tmp_path, DIRECTORY)
    site = Site.__new__(Site)
    site.folder, site.count = tmp_path, 0
    site.system = System(tmp_path, {"ADDER": Adder})
    site.system.start()
    return Guest(site, site.logon("CMSUSER"))


def converse(guest: Guest, function: int, data: bytes, *, length: int | None = None, size: int = 100) -> int:
    """One DIAGNOSE X'100' with the block at X'1000', data at X'1100', the buffer at X'1200'."""
    fields = (0x1100, len(data) if length is None else length, 0x1200, size, 0)
    block = to_ebcdic("ADDER   ") + function.to_bytes(2, "big") + b"\0\0"
    guest.put(0x1000, block + b"".join((value & 0xFFFFFFFF).to_bytes(4, "big") for value in fields))
    guest.put(0x1100, data)
    return guest.call(0x100, 4, 0, r4=0x1000)


def request(guest: Guest) -> bytes:
    length = int.from_bytes(guest.machine.storage.read(0x101C, 4), "big")
    return guest.machine.storage.read(0x1200, length)


def test_100_a_conversation_with_a_host_half(half_guest: Guest) -> None:
    guest = half_guest
    assert converse(guest, 1, b"") == 3
    assert converse(guest, 0, b"") == 0
    assert request(guest) == b"\0\x08MORE"
    assert converse(guest, 1, b"\x05") == 0
    assert converse(guest, 1, b"\x07", size=2) == 2
    assert int.from_bytes(guest.machine.storage.read(0x101C, 4), "big") == 6
    assert converse(guest, 1, b"", length=-1) == 0
    assert request(guest) == b"\0\x08MORE"
    assert converse(guest, 1, b"") == 0
    assert request(guest) == b"\0\0\0\0\0\0\0\x0c"
    assert converse(guest, 1, b"") == 3
    guest.site.system.shutdown()


def test_100_failures(half_guest: Guest) -> None:
    guest = half_guest
    assert converse(guest, 0, b"FAIL") == 3
    assert any("HOST HALF ADDER OF CMSUSER" in line for line in guest.site.system.log.lines)
    assert converse(guest, 0, b"") == 0
    assert converse(guest, 2, b"") == 0
    assert converse(guest, 1, b"") == 3
    assert converse(guest, 7, b"") == SPECIFICATION
    guest.put(0x1000, to_ebcdic("NOSUCH  ") + bytes(24))
    assert guest.call(0x100, 4, 0, r4=0x1000) == 1
    guest.site.system.shutdown()


def test_08_lines_typed_while_the_guests_command_works(guest: Guest) -> None:
    guest.put(0x1000, to_ebcdic("SLEEP 1 HRS"))
    guest.put(0x200, bytes.fromhex("83460008 82000280"))
    guest.put(0x280, bytes.fromhex("0002000000000ABC"))
    guest.set(4, 0x1000)
    guest.set(6, 11)
    guest.terminal.session.line("BEGIN 200")
    guest.terminal.until(ReadState.SLEEPING)
    lines = guest.terminal.type("#CP Q USERS")  # wakes it
    assert lines[0] == "001 USERS, 000 DIALED"
    assert lines[1].endswith("DISABLED WAIT PSW '00020000 00000ABC'")


def test_08_a_guest_cannot_send_control_characters(guest: Guest) -> None:
    other = guest.site.logon("USER01", "SECRET")
    guest.put(0x1000, to_ebcdic("MSG USER01 A") + b"\x27\x2f" + to_ebcdic("B"))
    guest.call(0x08, 4, 6, r4=0x1000, r6=15)
    assert "MSG FROM CMSUSER : A  B" in other.type("Q USERS")


def test_08_a_question_to_a_user_who_is_not_there(guest: Guest, site: Site) -> None:
    command = to_ebcdic("LINK MAINT 191 391 R")
    guest.put(0x300, command)
    guest.put(0x200, bytes.fromhex("83120008 82000210"))
    guest.put(0x210, bytes.fromhex("00020000000000C0"))
    guest.set(1, 0x300)
    guest.set(2, len(command))
    guest.terminal.type("STORE PSW 00000000 00000200")
    guest.terminal.session.line("#CP BEGIN#DISCONN")
    vm = site.system.users["CMSUSER"]
    for _ in range(100_000):
        site.on_cp(lambda: None)
        if guest.machine.psw.address == 0xC0 or vm.function is not None:
            break
    assert guest.get(2) == 26, "the return code: an operand is missing"
    other = site.terminal()
    other.type("LOGON CMSUSER CMSUSER")
    assert other.reading is ReadState.CP_READ
