"""`cpvm connect`: its options, a 3270 on a system, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from cpvm.cli import main, parser
from cpvm.front.address import Address
from cpvm.front.connect import Wishes, connect
from cpvm.front.connect3270 import Visit
from cpvm.front.tlsclient import TLSError, Trust, parse_fingerprint, plain, secured
from cpvm.s370.datastream import Aid, Control, Order, Write
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.server import TelnetServer
from cpvm.terminal.tn3270 import Wire
from cpvm.terminal.vt import RESTORE
from tests.terminal.fake import FakeSystem
from tests.terminal.test_local import Text


class Displays:
    """A system that shows each 3270 its name, and `BYE` is the end."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.sizes: list[tuple[int, int]] = []
        self.userid = ""
        self.came = threading.Event()

    def connect(self, wire: Wire) -> Displays:
        self.wire = wire
        self.sizes.append(wire.size)
        field = bytes((Order.SF, 0x40, Order.IC))
        wire.send(Write.ERASE_WRITE, bytes((0xC0 | Control.RESTORE,)) + to_ebcdic(f"LINE {wire.name}") + field)
        return self

    def received(self, record: bytes) -> None:
        self.records.append(record)
        self.came.set()
        if to_ebcdic("BYE") in record:
            self.wire.close()

    def lost(self) -> None:
        self.came.set()

    def escape(self) -> None:
        self.records.append(b"SYSREQ")
        self.came.set()

    def refused(self) -> None:
        self.records.append(b"REFUSED")


@pytest.fixture
def displays() -> Iterator[tuple[Displays, Address]]:
    found = Displays()
    lines = FakeSystem()
    server = TelnetServer(lines.connect, "127.0.0.1", 0, found.connect)
    server.start()
    yield found, Address(*server.address)
    server.stop()
    lines.stop()


class Visitor(threading.Thread):
    """A user at a 3270 in a window of 34 rows."""

    def __init__(self, address: Address, lu: str = "") -> None:
        super().__init__(daemon=True)
        self.text = Text()
        self.said = ""
        self._stack = contextlib.ExitStack()
        self.keyboard = self._stack.enter_context(create_pipe_input())
        connection = socket.create_connection((address.host, address.port), 10)
        connection.settimeout(None)
        output = Vt100_Output(self.text, lambda: Size(34, 80), term="xterm-256color")
        self._make = lambda: Visit(connection, self.keyboard, output, lu=lu)
        self.start()

    def run(self) -> None:
        async def visit() -> str:
            return await self._make().run()

        self.said = asyncio.run(visit())

    def sees(self, text: str) -> None:
        self.text.until(text)

    @property
    def screen(self) -> list[str]:
        screen = pyte.Screen(80, 34)
        pyte.Stream(screen).feed(self.text.getvalue().partition(RESTORE)[0].replace("\x1b[2 q", ""))
        return [line.rstrip() for line in screen.display]

    def ended(self) -> str:
        self.join(10)
        assert not self.is_alive()
        self._stack.close()
        assert self.text.getvalue().endswith(RESTORE)
        return self.said


def test_a_3270_on_a_system(displays: tuple[Displays, Address]) -> None:
    system, address = displays
    visitor = Visitor(address, "LAB01")
    visitor.sees("LINE LAB01")
    assert visitor.screen[0] == "LINE LAB01"
    assert "LAB01" in visitor.screen[32]
    assert system.sizes == [(32, 80)]
    visitor.keyboard.send_text("BYE\r")
    assert visitor.ended() == "connection closed"
    assert system.records[0][0] == Aid.ENTER


def test_leaving_and_sysreq(displays: tuple[Displays, Address]) -> None:
    system, address = displays
    visitor = Visitor(address)
    visitor.sees("LINE")
    visitor.keyboard.send_text("\x1bs")
    assert system.came.wait(10)
    visitor.keyboard.send_text("\x1d")
    assert visitor.ended() == ""
    assert system.records == [b"SYSREQ"]


def test_a_name_that_somebody_has(displays: tuple[Displays, Address]) -> None:
    _, address = displays
    first = Visitor(address, "LAB01")
    first.sees("LINE LAB01")
    assert Visitor(address, "LAB01").ended() == "the host refuses LAB01: another terminal has it"
    first.keyboard.send_text("\x1d")
    first.ended()


def test_a_window_that_closes(displays: tuple[Displays, Address]) -> None:
    _, address = displays
    visitor = Visitor(address)
    visitor.sees("LINE")
    visitor.keyboard.close()
    assert visitor.ended() == ""


# ---- the command line


def test_arguments() -> None:
    arguments = parser("connect").parse_args(
        ["connect", "--3270", "--model", "43x80", "--lu", "lab01", "host:992", "--tls"]
    )
    assert arguments.full and arguments.model == (43, 80) and arguments.lu == "LAB01" and arguments.tls
    started = parser("start").parse_args(["start", "--3270", "--model", "5"])
    assert started.full and started.model == (27, 132) and not started.lines
    assert parser("connect").parse_args(["connect", "--lines"]).lines


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--model", "6"),
        ("--model", "10x10"),
        ("--model", "24xA"),
        ("--lu", "TOO LONG A NAME"),
        ("--tls-fingerprint", "AB"),
    ],
)
def test_wrong_arguments(option: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["connect", option, text])
    error = capsys.readouterr().err
    assert ended.value.code == 2 and error.startswith(f"cpvm connect: argument {option}: ") and error.count("\n") == 1


def test_a_3270_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert connect(Address("127.0.0.1", 1), Wishes(full=True)) == 2
    assert "--3270 needs a terminal" in capsys.readouterr().err


# ---- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1."""
    from cpvm.front.certificate import make

    pytest.importorskip("cryptography")
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    make(path, "127.0.0.1")
    return path


@pytest.fixture
def echo(certificate: Path) -> Iterator[Address]:
    """A TLS server that sends back what it gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(10000):
                writer.write(data)
                await writer.drain()
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(handle, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield Address("127.0.0.1", server.sockets[0].getsockname()[1])
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def call(address: Address, trust: Trust) -> socket.socket:
    return plain(secured(socket.create_connection((address.host, address.port), 10), address, trust))


def digest(certificate: Path) -> str:
    text = certificate.read_text()
    start = text.index("-----BEGIN CERTIFICATE-----")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[start:])).hexdigest().upper()


@pytest.mark.parametrize("by", ["authority", "fingerprint"])
def test_bytes_go_both_ways(echo: Address, certificate: Path, by: str) -> None:
    trust = Trust(certificate) if by == "authority" else Trust(fingerprint=digest(certificate))
    connection = call(echo, trust)
    data = os.urandom(1 << 20)
    sender = threading.Thread(target=connection.sendall, args=(data,))
    sender.start()
    got = bytearray()
    while len(got) < len(data):
        got += connection.recv(65536)
    sender.join(10)
    assert got == data
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""
    connection.close()


def test_unknown_certificates_are_refused_with_their_fingerprint(echo: Address, certificate: Path) -> None:
    with pytest.raises(TLSError) as refused:
        call(echo, Trust())
    shown = str(refused.value).rpartition(" ")[2]
    assert parse_fingerprint(shown) == digest(certificate)
    with pytest.raises(TLSError, match="another one"):
        call(echo, Trust(fingerprint="0" * 64))
    with pytest.raises(TLSError, match="no certificate"):
        call(echo, Trust(Path(__file__)))


def test_a_port_without_tls(displays: tuple[Displays, Address], capsys: pytest.CaptureFixture[str]) -> None:
    _, address = displays
    assert connect(address, Wishes(trust=Trust())) == 1
    assert "cpvm connect: " in capsys.readouterr().err


def test_fingerprints_in_any_form() -> None:
    digits = "0123456789ABCDEF" * 4
    colons = ":".join(digits[at : at + 2] for at in range(0, 64, 2)).lower()
    assert parse_fingerprint(colons) == parse_fingerprint(f"SHA256:{digits}") == digits
