"""The user's end of TN3270 and TN3270E, against our own server and against hosts made by hand."""

from __future__ import annotations

import pytest

from cpvm.machine.media.screen import Screen, read_modified, write
from cpvm.s370.datastream import Aid
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal import negotiation as tn
from cpvm.terminal.tn3270client import MAX_RECORD, HostConnection, HostRefuses, device_type

IAC, DO, WILL, SB, SE, EOR = tn.IAC, tn.DO, tn.WILL, tn.SB, tn.SE, tn.EOR
SEND_DEVICE, DEVICE_IS = b"\x08\x02", b"\x02\x04"
END = bytes((IAC, EOR))


def option(verb: int, *options: int) -> bytes:
    return b"".join(bytes((IAC, verb, code)) for code in options)


def sub(code: int, body: bytes) -> bytes:
    return bytes((IAC, SB, code)) + body + bytes((IAC, SE))


class Display:
    """A 3270 with a connection."""

    def __init__(self, size: tuple[int, int] = (24, 80), lu: str = "") -> None:
        self.screen = Screen(24, 80, size, extended=True)
        self.right = True
        self.host = HostConnection(size, self.command, lu)

    def command(self, command: int, data: bytes) -> bool:
        write(self.screen, command, data)
        return self.right

    def get(self, data: bytes) -> bytes:
        """What it answers to the host's bytes."""
        self.host.receive(data)
        return self.host.take()

    def enhanced(self, functions: bytes = b"\x02\x04") -> None:
        self.get(option(DO, tn.TN3270E) + sub(tn.TN3270E, SEND_DEVICE))
        self.get(sub(tn.TN3270E, DEVICE_IS + b"IBM-3278-2-E\x01LU07"))
        self.get(sub(tn.TN3270E, b"\x03\x04" + functions))


def test_tn3270e() -> None:
    display = Display((43, 80), "LAB01")
    asked = display.get(option(DO, tn.TN3270E) + sub(tn.TN3270E, SEND_DEVICE))
    assert asked == option(WILL, tn.TN3270E) + sub(tn.TN3270E, b"\x02\x07IBM-3278-4-E\x01LAB01")
    assert display.get(sub(tn.TN3270E, DEVICE_IS + b"IBM-3278-4-E\x01LAB01")) == sub(tn.TN3270E, b"\x03\x07\x02\x04")
    assert display.host.name == "LAB01"
    assert display.get(sub(tn.TN3270E, b"\x03\x04\x02\x04")) == b""
    answer = display.get(b"\0\0\x02\0\x05\xf5\xc3" + to_ebcdic("HELLO") + b"\x0c" + END)
    assert display.screen.line(0).startswith("HELLO")
    assert answer == b"\x02\0\0\0\x05\0" + END  # a positive response
    display.right = False
    assert display.get(b"\0\0\x01\0\x06\xf1\xc3" + END) == b"\x02\0\x01\0\x06\x02" + END
    display.host.received(read_modified(display.screen, aid=Aid.ENTER).data + b"\xff")
    sent = display.host.take()
    assert sent.startswith(b"\0\0\0\0\x01" + bytes((Aid.ENTER,))) and sent.endswith(b"\xff\xff" + END)
    display.host.attention()
    display.host.system_request()
    assert display.host.take() == bytes((IAC, tn.IP, IAC, tn.AO))


def test_functions_are_negotiated_down() -> None:
    display = Display()
    display.get(option(DO, tn.TN3270E) + sub(tn.TN3270E, SEND_DEVICE))
    display.get(sub(tn.TN3270E, DEVICE_IS + b"IBM-3278-2-E\x01X"))
    assert display.get(sub(tn.TN3270E, b"\x03\x07\x00\x02")) == sub(tn.TN3270E, b"\x03\x07\x02")
    assert display.get(sub(tn.TN3270E, b"\x03\x07\x02")) == sub(tn.TN3270E, b"\x03\x04\x02")


@pytest.mark.parametrize(("code", "why"), [(1, "another terminal has it"), (3, "no such name"), (9, "reason 9")])
def test_a_name_is_refused(code: int, why: str) -> None:
    display = Display(lu="LAB01")
    display.get(option(DO, tn.TN3270E) + sub(tn.TN3270E, SEND_DEVICE))
    with pytest.raises(HostRefuses, match=f"LAB01: .*{why}"):
        display.get(sub(tn.TN3270E, b"\x02\x06\x05" + bytes((code,))))


def test_tn3270() -> None:
    display = Display((27, 132), "LU5")
    assert display.get(option(DO, tn.TERMINAL_TYPE)) == option(WILL, tn.TERMINAL_TYPE)
    assert display.get(sub(tn.TERMINAL_TYPE, b"\x01")) == sub(tn.TERMINAL_TYPE, b"\0IBM-3279-5-E@LU5")
    display.get(option(DO, tn.EOR_OPTION, tn.BINARY) + option(WILL, tn.EOR_OPTION, tn.BINARY))
    data = b"\xf5\xc3" + to_ebcdic("CLASSIC") + END
    for at in range(len(data)):
        display.get(data[at : at + 1])
    assert display.screen.line(0).startswith("CLASSIC")
    display.host.received(bytes((Aid.PA1,)))
    assert display.host.take() == bytes((Aid.PA1,)) + END
    display.host.attention()
    display.host.system_request()
    assert display.host.take() == bytes((IAC, tn.BRK, IAC, tn.IP))


def test_a_host_in_line_mode_is_shown_as_lines() -> None:
    display = Display()
    display.get(b"Welcome to unix\r\nlogin: ")
    assert [line.rstrip() for line in (display.screen.line(0), display.screen.line(1))] == ["Welcome to unix", "login:"]
    display.screen.put(23 * 80, 0xC1)
    record = bytes((Aid.ENTER,)) + b"\x40\x40\x11\x5b\x60" + to_ebcdic("joe")
    display.host.received(record)
    assert display.host.take() == b"joe\r\n"
    assert display.screen.line(1).rstrip() == "login: joe"
    display.get(b"\xc3\xa9t\xc3\xa9\r\n" + b"x" * 200)
    assert display.screen.find("été") >= 0


def test_lines_before_the_3270_and_text_in_between() -> None:
    display = Display()
    display.enhanced()
    display.get(b"\x05\0\0\0\0" + b"HOST MESSAGE\r\n" + END)
    assert display.screen.line(0).startswith("HOST MESSAGE")
    display.get(b"\0\0\0\0\0\xf5\xc3" + to_ebcdic("APPLICATION") + END)
    display.host.received(bytes((Aid.CLEAR,)))
    assert display.host.take().endswith(bytes((Aid.CLEAR,)) + END)


def test_lies() -> None:
    display = Display()
    display.enhanced()
    for record in (
        b"",
        b"\0",
        b"\0\0\0\0",
        b"\0\0\0\0\0",
        b"\0\0\0\0\0\x99rubbish",
        b"\x09\0\0\0\0abc",
        b"\x04\0\0\0\0",
    ):
        display.get(record + END)
    for body in (b"", b"\x08", b"\x02\x04", b"\x03\x07" + bytes(range(200)), b"\x02\x05", b"\xff\xff"):
        display.get(sub(tn.TN3270E, body))
    with pytest.raises(HostRefuses, match="more than"):
        display.get(b"x" * (MAX_RECORD + 1))


def test_names_of_models() -> None:
    assert device_type((24, 80), enhanced=True) == "IBM-3278-2-E"
    assert device_type((32, 80), enhanced=False) == "IBM-3279-3-E"
    assert device_type((43, 80), False, enhanced=False) == "IBM-3278-4"
    assert device_type((50, 100), enhanced=True) == "IBM-DYNAMIC"
