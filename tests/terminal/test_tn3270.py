"""3270 displays over real sockets: negotiation, records, names, limits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from cpvm.s370.datastream import Write
from cpvm.terminal import negotiation as tn
from cpvm.terminal import server as server_module
from cpvm.terminal import tn3270
from cpvm.terminal.server import TelnetServer
from cpvm.terminal.tn3270 import Wire

from .fake import FakeSystem

IAC, DO, DONT, WILL, WONT, SB, SE, EOR = tn.IAC, tn.DO, tn.DONT, tn.WILL, tn.WONT, tn.SB, tn.SE, tn.EOR
ERASE_WRITE = 0xF5
QUERY = bytes.fromhex("F3000501FF02")
REPLY = bytes.fromhex("88 0017 8181 0100 0084 002B 01000A02E50002006F090C1680 0008 8186 0001 00F4".replace(" ", ""))
"""Usable area of 132 columns and 43 rows, and colours."""


class FakeDisplays:
    """A system that greets a display with its name and keeps what it sends."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.records: list[bytes] = []
        self.gone = threading.Event()
        self.came = threading.Event()
        self.userid = ""

    def connect(self, wire: Wire) -> FakeDisplays:
        self.wires.append(wire)
        wire.send(Write.ERASE_WRITE, b"\xc3\xff" + wire.name.encode("cp037"))
        return self

    def received(self, record: bytes) -> None:
        self.records.append(record)
        self.came.set()

    def lost(self) -> None:
        self.gone.set()

    def escape(self) -> None:
        self.records.append(b"SYSREQ")
        self.came.set()

    def refused(self) -> None:
        self.records.append(b"REFUSED")
        self.came.set()


class Client:
    def __init__(self, server: TelnetServer) -> None:
        self.socket = socket.create_connection(server.address, timeout=10)
        self.seen = b""

    def send(self, *codes: int, text: bytes = b"") -> None:
        self.socket.sendall(bytes(codes) + text)

    def sub(self, option: int, *codes: int, text: bytes = b"") -> None:
        self.socket.sendall(bytes((IAC, SB, option, *codes)) + text + bytes((IAC, SE)))

    def until(self, *codes: int) -> bytes:
        """What came up to these codes, which are taken off too."""
        needle = bytes(codes)
        while (at := self.seen.find(needle)) < 0:
            data = self.socket.recv(65536)
            assert data, f"ended before {needle.hex()}; there is {self.seen.hex()}"
            self.seen += data
        found, self.seen = self.seen[:at], self.seen[at + len(needle) :]
        return found

    def record(self) -> bytes:
        return self.until(IAC, EOR).replace(b"\xff\xff", b"\xff")

    def classic(self, kind: bytes) -> None:
        """Negotiate as RFC 1576 says."""
        self.until(IAC, DO, tn.TN3270E)
        self.send(IAC, WONT, tn.TN3270E)
        self.until(IAC, DO, tn.TERMINAL_TYPE)
        self.send(IAC, WILL, tn.TERMINAL_TYPE)
        self.until(IAC, SB, tn.TERMINAL_TYPE, 1, IAC, SE)
        self.sub(tn.TERMINAL_TYPE, 0, text=kind)
        for option in (tn.EOR_OPTION, tn.BINARY):
            self.send(IAC, WILL, option, IAC, DO, option)

    def enhanced(self, kind: bytes, name: bytes = b"") -> bytes:
        """Negotiate as RFC 2355 says; the answer to the device type."""
        self.until(IAC, DO, tn.TN3270E)
        self.send(IAC, WILL, tn.TN3270E)
        self.until(IAC, SB, tn.TN3270E, 8, 2, IAC, SE)
        self.sub(tn.TN3270E, 2, 7, text=kind + (b"\x01" + name if name else b""))
        self.until(IAC, SB, tn.TN3270E, 2)
        return self.until(IAC, SE)


class Net:
    def __init__(self) -> None:
        self.displays = FakeDisplays()
        self.system = FakeSystem()
        self.server = TelnetServer(self.system.connect, "127.0.0.1", 0, self.displays.connect)
        self.server.start()


@pytest.fixture
def net() -> Iterator[Net]:
    net = Net()
    yield net
    net.server.stop()
    net.system.stop()


def test_a_display_far_away(net: Net) -> None:
    client = Client(net.server)
    client.until(IAC, DO, tn.TN3270E)
    time.sleep(0.5)  # as long as an answer by satellite takes
    client.send(IAC, WILL, tn.TN3270E)
    client.until(IAC, SB, tn.TN3270E, 8, 2, IAC, SE)
    client.socket.close()


def test_classic(net: Net) -> None:
    client = Client(net.server)
    client.classic(b"IBM-3278-4")
    assert client.record().endswith(bytes((ERASE_WRITE, 0xC3, 0xFF)) + "L0001".encode("cp037"))
    (wire,) = net.displays.wires
    assert (wire.size, wire.extended, wire.local) == ((43, 80), False, True)
    client.send(text=b"\x7d\x40\xff\xff")
    client.send(IAC, EOR)
    net.displays.came.wait(10)
    assert net.displays.records == [b"\x7d\x40\xff"]
    client.socket.close()
    assert net.displays.gone.wait(10)


def test_a_terminal_that_is_no_display(net: Net) -> None:
    client = Client(net.server)
    client.until(IAC, DO, tn.TN3270E)
    client.send(IAC, WONT, tn.TN3270E)
    client.until(IAC, DO, tn.TERMINAL_TYPE)
    client.send(IAC, WILL, tn.TERMINAL_TYPE)
    client.until(IAC, SB, tn.TERMINAL_TYPE, 1, IAC, SE)
    client.sub(tn.TERMINAL_TYPE, 0, text=b"XTERM-256COLOR")
    assert client.until(*b"FAKE ONLINE").startswith(bytes((IAC, WILL, tn.ECHO)))


def test_enhanced_with_queries(net: Net) -> None:
    client = Client(net.server)
    assert client.enhanced(b"IBM-DYNAMIC", b"SPEC1") == bytes((4,)) + b"IBM-DYNAMIC\x01SPEC1"
    client.sub(tn.TN3270E, 3, 7, 0, 2, 4)  # BIND-IMAGE is not for us
    assert client.until(IAC, SE) == bytes((IAC, SB, tn.TN3270E, 3, 7, 2, 4))
    client.sub(tn.TN3270E, 3, 7, 2, 4)
    assert client.until(IAC, SE) == bytes((IAC, SB, tn.TN3270E, 3, 4, 2, 4))
    assert client.record() == bytes((0, 0, 1, 0, 0)) + QUERY
    client.send(text=bytes(5) + REPLY.replace(b"\xff", b"\xff\xff"))
    client.send(IAC, EOR)
    assert client.record() == bytes((0, 0, 1, 0, 1, ERASE_WRITE, 0xC3, 0xFF)) + "SPEC1".encode("cp037")
    assert (net.displays.wires[0].size, net.displays.wires[0].extended) == ((43, 132), True)
    client.send(2, 0, 0, 0, 0, 0, IAC, EOR)  # a response, not data
    client.send(IAC, tn.BRK)
    net.displays.came.wait(10)
    assert net.displays.records == [b"\x6c"]
    another = Client(net.server)
    assert another.enhanced(b"IBM-3278-2-E", b"SPEC1") == bytes((6, 5, 1))
    third = Client(net.server)
    assert third.enhanced(b"IBM-3278-2-E", b"a name that is too long") == bytes((6, 5, 3))
    fourth = Client(net.server)
    assert fourth.enhanced(b"IBM-3287-1") == bytes((6, 5, 4))


def enhanced(net: Net, functions: tuple[int, ...]) -> Client:
    """A TN3270E terminal that has been greeted."""
    client = Client(net.server)
    client.enhanced(b"IBM-3278-2")
    client.sub(tn.TN3270E, 3, 7, *functions)
    client.until(IAC, SE)
    client.record()
    return client


def heard(net: Net) -> bytes:
    """What the system was told last."""
    assert net.displays.came.wait(10)
    net.displays.came.clear()
    return net.displays.records[-1]


def test_responses(net: Net) -> None:
    client = enhanced(net, (2,))
    client.send(2, 0, 0, 0, 0, 0, IAC, EOR)  # positive: not worth telling
    client.send(2, 0, 1, 0, 0, 2, IAC, EOR)
    assert heard(net) == b"REFUSED"
    client.send(0, 0, 2, 1, 7, 0x6D, IAC, EOR)  # this client wants to know that its record has come
    assert client.record() == bytes((2, 0, 0, 1, 7, 0))
    assert heard(net) == b"\x6d"


def test_no_responses_where_they_are_not_agreed_on(net: Net) -> None:
    client = enhanced(net, ())
    client.send(0, 0, 2, 1, 7, 0x6D, IAC, EOR)
    assert heard(net) == b"\x6d"
    net.displays.wires[0].send(Write.WRITE, b"\xc3")
    assert client.record() == bytes((0, 0, 0, 0, 1, 0xF1, 0xC3))


def test_attention_and_sysreq(net: Net) -> None:
    client = enhanced(net, (4,))
    for code, told in ((tn.AO, b"SYSREQ"), (tn.IP, b"\x6c"), (tn.BRK, b"\x6c")):
        client.send(IAC, code)
        assert heard(net) == told
    old = Client(net.server)
    old.classic(b"IBM-3278-2")
    old.record()
    for code, told in ((tn.IP, b"SYSREQ"), (tn.BRK, b"\x6c")):
        old.send(IAC, code)
        assert heard(net) == told


def test_signs_of_life(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(net.server)
    client.classic(b"IBM-3278-2")
    client.record()
    monkeypatch.setattr(server_module, "KEEP_ALIVE", 0.01)
    net.server._loop.call_soon_threadsafe(net.server._keep_alive)
    client.until(IAC, tn.NOP)
    client.until(IAC, tn.NOP)
    for _ in range(tn.MAX_NEGOTIATIONS + 1):  # hours of a client that asks every half minute
        client.send(IAC, DO, tn.TIMING_MARK)
        client.until(IAC, WILL, tn.TIMING_MARK)


def test_the_name_of_a_device_without_tn3270e(net: Net) -> None:
    client = Client(net.server)
    client.classic(b"IBM-3278-2@LAB07")
    assert client.record().endswith("LAB07".encode("cp037"))
    another = Client(net.server)
    another.classic(b"IBM-3278-2@LAB07")
    assert another.record().endswith("L0002".encode("cp037"))


def test_a_record_without_end(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tn3270, "MAX_RECORD", 1000)
    client = Client(net.server)
    client.classic(b"IBM-3278-2")
    client.record()
    client.send(text=b"\x40" * 2000)
    with pytest.raises((AssertionError, ConnectionError)):
        client.until(1, 2, 3)
    assert net.displays.gone.wait(10)


def test_ended_by_the_system(net: Net) -> None:
    client = Client(net.server)
    client.classic(b"IBM-3277-2")
    client.record()
    net.displays.wires[0].close()
    with pytest.raises(AssertionError, match="ended"):
        client.until(1, 2, 3)
    assert not net.displays.gone.is_set()
