"""What a lying client, or a lying system, may send: made at random, from what a parser knows and from what it does not.

A `Liar` with the same seed says the same. `PARSERS` are all parsers of what comes from elsewhere, each as a function
that makes one: it takes what a `Liar` says and raises nothing.
"""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from cpvm.cp.cpscreen import CPScreen
from cpvm.cp.session import ReadState, Session
from cpvm.machine.media.screen import Screen, StreamError, accept, accept_buffer, structured, write
from cpvm.s370.datastream import KEYS, REMOTE, Aid, Order, Write, encode_address
from cpvm.terminal import negotiation as tn
from cpvm.terminal.connect import RemoteSession
from cpvm.terminal.editor import LineEditor
from cpvm.terminal.indfile import DFT
from cpvm.terminal.line import History
from cpvm.terminal.tn3270client import HostConnection, HostRefuses
from cpvm.terminal.vt import VTPanel
from cpvm.terminal.window import Assembly, command_of

OPTIONS = (tn.BINARY, tn.ECHO, tn.SGA, tn.TERMINAL_TYPE, tn.EOR_OPTION, tn.NAWS, tn.TN3270E, tn.MESSAGES)
COMMANDS = (tn.NOP, tn.DM, tn.BRK, tn.IP, tn.AO, tn.AYT, tn.EC, tn.EL, tn.EOF_COMMAND, tn.SUSP, tn.ABORT, tn.EOR, tn.SE)
KEY_TEXTS = ("\x03", "\x04", "\r", "\n", "\x7f", "\x15", "\x1b[A", "\x1b[D", "\x1bOP", "\x1b[200~", "\x1b[201~", "\t")
WORDS = ("LOGON CMSUSER", "CMSUSER", "LOGOFF", "IPL CMS", "#CP", "Q TIME", "€", "é", "\U0001f600", "\x85", "a" * 200)

Say = Callable[["Liar"], None]
Parser = Callable[[], Say]
"""Makes a parser; what it makes has it parse one thing that a liar says."""


class Liar:
    """Says anything."""

    def __init__(self, seed: int | str) -> None:
        self.chance = random.Random(seed)

    def some(self, longest: int = 40) -> bytes:
        """Bytes without sense."""
        return self.chance.randbytes(self.chance.randint(0, longest))

    def pick(self, *kinds: Callable[[], bytes], most: int = 12) -> bytes:
        """Some of the things, one behind the other."""
        return b"".join(self.chance.choice(kinds)() for _ in range(self.chance.randint(1, most)))

    def _byte(self, *known: int) -> int:
        return self.chance.choice(known) if self.chance.random() < 0.8 else self.chance.randrange(256)

    # Telnet

    def telnet(self) -> bytes:
        """What may come from a telnet client."""
        return self.pick(self.some, self._negotiation, self._command, self._subnegotiation, self._record, self._typing)

    def _negotiation(self) -> bytes:
        return bytes((tn.IAC, self._byte(tn.WILL, tn.WONT, tn.DO, tn.DONT), self._byte(*OPTIONS)))

    def _command(self) -> bytes:
        return bytes((tn.IAC, self._byte(*COMMANDS)))

    def _subnegotiation(self) -> bytes:
        bodies = (self.some, self._device, self._functions, self._kind, self.message, lambda: b"\xff\xff", lambda: b"")
        option = self._byte(*OPTIONS)
        end = bytes((tn.IAC, tn.SE)) if self.chance.random() < 0.9 else b""
        return bytes((tn.IAC, tn.SB, option)) + self.chance.choice(bodies)() + end

    def _device(self) -> bytes:
        kind = self.chance.choice((b"IBM-3278-2", b"IBM-3279-5-E", b"IBM-DYNAMIC", b"IBM-3287-1", b"", self.some()))
        name = self.chance.choice((b"", b"\x01LAB01", b"\x01L0001", b"\x01" + self.some(), b"\x00ASSOC"))
        return bytes((2, self._byte(7, 4, 6))) + kind + name

    def _functions(self) -> bytes:
        return bytes((3, self._byte(7, 4))) + self.some(8)

    def _kind(self) -> bytes:
        kinds = (b"IBM-3278-2", b"IBM-3279-4-E", b"XTERM", b"CPVM-24X80", b"CPVM-999X999", self.some())
        return bytes((self._byte(0, 1),)) + self.chance.choice(kinds)

    def _record(self) -> bytes:
        head = self.some(5) if self.chance.random() < 0.3 else bytes((self._byte(0, 1, 3, 5, 7), 0, 0, 0, 1))
        return (head + self.inbound()).replace(b"\xff", b"\xff\xff") + bytes((tn.IAC, tn.EOR))

    def _typing(self) -> bytes:
        return self.keys().encode("utf-8", "surrogatepass").replace(b"\xff", b"\xff\xff")

    def message(self) -> bytes:
        """A message of `cpvm connect`, from either end."""
        bodies = (
            b"{}",
            b'{"state": "VM_READ", "userid": "X"}',
            b'{"state": 7}',
            b"[",
            b"null",
            b'"\\ud800"',
            b"9" * 40,
        )
        known = (
            b"Cpvm.State",
            b"Cpvm.Fill",
            b"Cpvm.Key",
            b"Cpvm.Show",
            b"Cpvm.Record",
            b"Cpvm.Part",
            b"Cpvm.Look",
            b"Cpvm.Files",
        )
        body = self.chance.choice((*bodies, b"screen", b"25", self.some(), self.inbound(), self.outbound()))
        return self.chance.choice((*known, self.some(8))) + b" " + body

    # The 3270 data stream

    def _address(self) -> bytes:
        if self.chance.random() < 0.7:
            return encode_address(self.chance.randrange(2000), self.chance.choice((1920, 5000)))
        return self.chance.randbytes(2)

    def _field_data(self) -> bytes:
        return bytes((Order.SBA,)) + self._address() + self.some(12)

    def inbound(self) -> bytes:
        """What a display may send."""
        aid = self._byte(*KEYS.values(), Aid.NONE, Aid.STRUCTURED_FIELD, Aid.READ_PARTITION)
        if aid == Aid.STRUCTURED_FIELD:
            return bytes((aid,)) + self.replies()
        return bytes((aid,)) + self._address() + self.pick(self._field_data, self.some, self._attribute)

    def replies(self) -> bytes:
        """Query replies, and what a transfer of files answers."""
        return self.pick(self._reply, self.some, most=5)

    def _reply(self) -> bytes:
        data = bytes((0x81, self._byte(0x81, 0x86, 0x85, 0x80, 0x95))) + self.some(24)
        if self.chance.random() < 0.2:
            data = bytes((0xD0, self._byte(0x00, 0x41, 0x45, 0x46, 0x47), self._byte(5, 8, 9, 17, 18))) + self.some(24)
        return self.chance.choice((len(data) + 2, 0, 1, 3, 0xFFFF)).to_bytes(2, "big") + data

    def _attribute(self) -> bytes:
        return self.chance.choice(
            (
                bytes((Order.SF, self.chance.randrange(256))),
                bytes((Order.SFE, self._byte(0, 1, 2))) + self.some(4),
                bytes((Order.SA,)) + self.some(2),
                bytes((Order.GE,)) + self.some(1),
                bytes((Order.MF, self._byte(0, 1))) + self.some(3),
                bytes((Order.RA,)) + self._address() + self.some(2),
                bytes((Order.EUA,)) + self._address(),
                bytes((self._byte(Order.PT, Order.IC),)),
            )
        )

    def outbound(self) -> bytes:
        """What a program may send to a display: the command's code on a line, and its data."""
        code = self._byte(*REMOTE)
        if REMOTE.get(code) == Write.STRUCTURED_FIELD:
            return bytes((code,)) + self.structured()
        return bytes((code, self.chance.randrange(256))) + self.pick(self._field_data, self._attribute, self.some)

    def structured(self) -> bytes:
        """Structured fields for a display."""

        def field() -> bytes:
            data = bytes((self._byte(0x01, 0x03, 0x09, 0x40, 0xD0), self._byte(0, 0xFF))) + self.some(20)
            return self.chance.choice((len(data) + 2, 0, 1, 0x7FFF)).to_bytes(2, "big") + data

        return self.pick(field, most=3)

    # Typing

    def keys(self) -> str:
        """Keys of a terminal that has no fields."""

        def some() -> str:
            return self.some().decode("latin-1" if self.chance.random() < 0.5 else "utf-8", "replace")

        kinds = (some(), *self.chance.choices(KEY_TEXTS, k=4), *self.chance.choices(WORDS, k=3))
        return "".join(self.chance.choices(kinds, k=self.chance.randint(1, 8)))


# The parsers


def _negotiator() -> Say:
    every = frozenset(OPTIONS)
    telnet = tn.Negotiator(every, every)

    def parse(liar: Liar) -> None:
        for _ in telnet.receive(liar.telnet()):
            pass
        assert len(telnet.take()) < 8192

    return parse


def _editor() -> Say:
    editor = LineEditor(History())

    def parse(liar: Liar) -> None:
        for _ in editor.feed(liar.keys()):
            pass
        editor.take()

    return parse


def _cp_screen() -> Say:
    screen = CPScreen(24, 80)
    nobody: Any = SimpleNamespace(post=lambda event: None, console_line=lambda session, text: None)
    screen.session = Session(nobody, nobody)

    def parse(liar: Liar) -> None:
        screen.state = liar.chance.choice(list(ReadState))
        screen.write(liar.keys())
        if liar.chance.random() < 0.2:
            screen.image(liar.chance.randrange(22), liar.outbound()[2:], erase=liar.chance.random() < 0.5)
        screen.key(liar.inbound())
        screen.update()

    return parse


def _screen() -> Screen:
    return Screen(24, 80, (43, 80), extended=True)


def _inbound() -> Say:
    screen = _screen()

    def parse(liar: Liar) -> None:
        with contextlib.suppress(StreamError):
            write(screen, Write.ERASE_WRITE, liar.outbound()[1:])
        before = screen.to_bytes()
        try:
            accept(screen, liar.inbound())
        except StreamError:
            assert screen.to_bytes() == before
        with contextlib.suppress(StreamError):
            accept_buffer(screen, liar.inbound())

    return parse


def _outbound() -> Say:
    screen = _screen()

    def parse(liar: Liar) -> None:
        found = command_of(liar.outbound())
        with contextlib.suppress(StreamError):
            if found is not None and found[0] in (Write.WRITE, Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
                write(screen, *found)
        with contextlib.suppress(StreamError):
            structured.write(screen, liar.structured())
        screen.lines()

    return parse


def _panel() -> Say:
    panel = VTPanel(lambda text: None, (24, 80), lambda record: None)
    panel.start()

    def parse(liar: Liar) -> None:
        panel.feed(liar.keys())
        found = command_of(liar.outbound())
        if found is not None:
            panel.command(*found)
        if liar.chance.random() < 0.05:
            panel.resize(liar.chance.randrange(60), liar.chance.randrange(200))

    return parse


def _messages() -> Say:
    assembly = Assembly(b"Cpvm.Show", b"Cpvm.Record")

    def parse(liar: Liar) -> None:
        found = assembly.add(liar.message())
        command_of(found[1] if found else b"")

    return parse


def _host() -> Say:
    """A host as `cpvm connect` and programs meet it."""
    screen = _screen()

    def command(code: int, data: bytes) -> bool:
        with contextlib.suppress(StreamError):
            if code in (Write.WRITE, Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
                write(screen, code, data)
            return True
        return False

    connection = HostConnection((24, 80), command, "LAB01")

    def parse(liar: Liar) -> None:
        with contextlib.suppress(HostRefuses):
            connection.receive(liar.telnet())
        with contextlib.suppress(HostRefuses):
            connection.receive(bytes((liar.chance.choice((0, 5, 7, 4)), 0, 2, 0, 1)) + liar.outbound() + b"\xff\xef")
        connection.received(liar.inbound())
        assert len(connection.take()) < 65536

    return parse


def _transfer() -> Say:
    def parse(liar: Liar) -> None:
        transfer = DFT(source=io.BytesIO(b"HELLO"), target=io.BytesIO())
        openings = (b"\x00\x12" + bytes(36), b"\x46\x11" + liar.some(), b"\x47\x04" + liar.some(), liar.some())
        for _ in range(6):
            transfer.field(liar.chance.choice(openings))

    return parse


class _Window:
    """What `cpvm connect` shows, when its system lies."""

    name, local, size = "X", True, (24, 80)

    def write(self, text: str) -> None: ...
    def state(self, state: object) -> None: ...
    def fill(self, text: str) -> None: ...
    def send(self, command: int, data: bytes) -> None: ...
    def lines(self) -> None: ...
    def close(self) -> None: ...


def _caller() -> Say:
    connection: Any = SimpleNamespace(sendall=lambda data: None, shutdown=lambda how: None, close=lambda: None)
    window: Any = _Window()
    session = RemoteSession(window, connection)

    def parse(liar: Liar) -> None:
        for item in session._telnet.receive(liar.telnet()):
            session._item(item)
        session._item(tn.Subnegotiation(tn.MESSAGES, liar.message()))

    return parse


PARSERS: dict[str, Parser] = {
    "telnet": _negotiator,
    "line editor": _editor,
    "CP's screen": _cp_screen,
    "inbound 3270": _inbound,
    "outbound 3270": _outbound,
    "VT panel": _panel,
    "messages": _messages,
    "cpvm connect": _caller,
    "a host": _host,
    "transfer of files": _transfer,
}
"""By name."""
