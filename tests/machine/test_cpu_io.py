"""The CPU and its channels together: IPL, I/O instructions, I/O interruptions."""

import pytest

from cpvm.machine import IPLError, Machine, StopReason
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.s370.psw import PSW


class Paper:
    """A console's back end that keeps what was typed."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, data: bytes, newline: bool) -> None:
        self.lines.append(data)

    def read(self, limit: int) -> None: ...

    def alarm(self) -> None: ...


class Deck:
    """Cards."""

    def __init__(self, *cards: bytes) -> None:
        self.cards = [card.ljust(80, b"\x40") for card in cards]

    def next(self) -> bytes | None:
        return self.cards.pop(0) if self.cards else None


def program(code: str, **psw: int) -> tuple[Machine, Console3215, Paper]:
    m = Machine(1 << 16)
    paper = Paper()
    console = Console3215(paper)
    m.attach(0x009, console)
    m.storage.write(0x400, bytes.fromhex(code))
    m.storage.write(0x78, PSW(mode=2, address=0xD00).to_bytes())
    m.storage.write(0x68, PSW(mode=2, address=0xB00).to_bytes())
    m.psw = PSW(address=0x400, **psw)
    return m, console, paper


WRITE_AND_WAIT = "9C000009" + "82000408" + "FE020000" + "00000555"


def write_ccw(m: Machine, text: str) -> None:
    m.storage.write(0x600, to_ebcdic(text))
    m.storage.write(0x500, bytes.fromhex("0900060020000000")[:6] + len(text).to_bytes(2, "big"))
    m.storage.write(0x48, (0x500).to_bytes(4, "big"))


def test_start_io_and_interruption() -> None:
    m, _, paper = program(WRITE_AND_WAIT)
    write_ccw(m, "HELLO")
    stop = m.run(100)
    assert (stop.reason, stop.detail) == (StopReason.DISABLED_WAIT, 0xD00)
    assert paper.lines == [to_ebcdic("HELLO")]
    assert m.storage.read(0x38, 8).hex() == "fe02000900000555"
    assert m.storage.read(0x40, 8).hex() == "000005080c000000"


def test_channel_masks() -> None:
    m, _, _ = program("9C000009" + "47F00404")
    write_ccw(m, "X")
    assert m.run(10).reason is StopReason.BUDGET
    m.psw = PSW(system_mask=0x40, address=0x404)
    assert m.run(10).reason is StopReason.BUDGET
    m.psw = PSW(system_mask=0x80, address=0x404)
    assert m.run(10).detail == 0xD00


def test_extended_control_mode() -> None:
    m, _, _ = program("9C000009" + "47F00404", mode=8)
    m.storage.write(0x78, PSW(mode=10, address=0xD00).to_bytes())
    write_ccw(m, "X")
    assert m.run(10).reason is StopReason.BUDGET
    m.psw = PSW(system_mask=2, mode=8, address=0x404)
    m.set_cr(2, 0x7FFFFFFF)
    assert m.run(10).reason is StopReason.BUDGET
    m.set_cr(2, 0x80000000)
    assert m.run(10).detail == 0xD00
    assert m.storage.read(0xBA, 2).hex() == "0009"


def test_console_read_waits_for_the_line() -> None:
    m, console, _ = program(WRITE_AND_WAIT)
    m.storage.write(0x500, bytes.fromhex("0A00060020000050"))
    m.storage.write(0x48, (0x500).to_bytes(4, "big"))
    assert m.run(100).reason is StopReason.WAIT
    assert console.reading
    assert console.enter(to_ebcdic("YES"))
    assert m.run(100).detail == 0xD00
    assert m.storage.read(0x600, 3) == to_ebcdic("YES")
    assert m.storage.read(0x46, 2) == (0x50 - 3).to_bytes(2, "big")


def test_condition_codes_of_devices() -> None:
    for code, cc in (
        ("9C000222", 3),
        ("9D000009", 0),
        ("9E000009", 1),
        ("9D000222", 3),
        ("9F000000", 0),
        ("9F000500", 3),
    ):
        m, _, _ = program(code + "47F00404")
        m.run(1)
        assert m.cc == cc, code


def test_store_channel_id() -> None:
    m, _, _ = program("B2030000" + "47F00404")
    m.run(1)
    assert m.cc == 0
    assert m.storage.read(0xA8, 4).hex() == "10000000"


def test_ipl_from_cards() -> None:
    m = Machine(1 << 16)
    m.gr[5] = 99
    m.set_cr(1, 5)
    # first card: PSW, then CCWs: read the next card to X'400'
    card = PSW(address=0x400).to_bytes() + bytes.fromhex("0200040020000050") + bytes(8)
    text = bytes.fromhex("82000408" + "00000000" + "00020000" + "00000EEE")
    m.attach(0x00C, Reader2540(Deck(card, text)))
    m.ipl(0x00C)
    assert (m.gr[5], m.cr[1]) == (99, 0)
    stop = m.run(100)
    assert (stop.reason, stop.detail) == (StopReason.DISABLED_WAIT, 0xEEE)
    assert m.storage.read(2, 2).hex() == "000c"


def test_ipl_without_device() -> None:
    m = Machine(1 << 16)
    with pytest.raises(IPLError, match="no device 190"):
        m.ipl(0x190)


def test_ipl_that_fails_shows_status_and_sense() -> None:
    m = Machine(1 << 16)
    m.attach(0x00C, Reader2540(Deck()))
    with pytest.raises(IPLError, match="00C failed") as failure:
        m.ipl(0x00C)
    assert len(failure.value.csw) == 8


def test_channel_program_for_the_host() -> None:
    m, _, paper = program("")
    write_ccw(m, "DIRECT")
    status = m.io.execute(0x009, 0x500)
    assert status.cc == 0
    assert paper.lines == [to_ebcdic("DIRECT")]


def test_detach() -> None:
    m, _, _ = program("9C000009" + "47F00404")
    m.detach(0x009)
    write_ccw(m, "X")
    m.run(1)
    assert (m.cc, m.device(0x009), dict(m.devices)) == (3, None, {})
