"""The user's end of TN3270 (RFC 1576, 1646) and TN3270E (RFC 2355): a 3270 in this window, on any host.

It has no event loop and no socket: bytes go in through `receive`, what is to be sent collects in `take`. A host that
stays a line-mode host, or is one before it becomes a 3270's, is shown as lines with an input field below.

Hard limits: `MAX_RECORD`, `MAX_LINES`, and those of the negotiation.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

from cpvm.s370.datastream import GRAPHICS, REMOTE, SHORT_READ, Attribute, Control, Order, Write, encode_address
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic
from cpvm.terminal import negotiation as tn

MAX_RECORD: Final = 1 << 18
"""Bytes of one record of the host; a longer one ends the connection."""

MAX_LINES: Final = 200
"""Lines of a host in line mode that are kept."""

MODELS: Final = {(24, 80): "2", (32, 80): "3", (43, 80): "4", (27, 132): "5"}
_SEND, _DEVICE_TYPE, _FUNCTIONS, _CONNECT, _IS, _REASON, _REJECT, _REQUEST = 8, 2, 3, 1, 4, 5, 6, 7
_RESPONSES, _SYSREQ = 2, 4
_WANTED = bytes((_RESPONSES, _SYSREQ))
_DATA_3270, _RESPONSE, _UNBIND, _NVT, _SSCP = 0, 2, 4, 5, 7
_HEADER = 5
_ERROR_RESPONSE, _ALWAYS_RESPONSE = 1, 2
_SEND_TYPE, _TYPE_IS = b"\x01", b"\x00"
_WHY = {
    1: "another terminal has it",
    3: "the host knows no such name",
    4: "the host does not take terminals of this type",
    5: "that name is not for terminals of this type",
}


_END = bytes((tn.IAC, tn.EOR))


def _escaped(data: bytes) -> bytes:
    return data.replace(b"\xff", b"\xff\xff")


class HostRefuses(Exception):
    """The host does not accept this terminal; the text says why."""


def device_type(size: tuple[int, int], extended: bool = True, *, enhanced: bool) -> str:
    """What a 3270 of this size is called: in TN3270E, which has no name for a 3279, or in TN3270."""
    model = MODELS.get(size)
    if model is None:
        return "IBM-DYNAMIC"
    kind = "3278" if enhanced or not extended else "3279"
    return f"IBM-{kind}-{model}" + ("-E" if extended else "")


class HostConnection:
    """One connection to a host.

    Args:
        size: rows and columns of the 3270.
        command: called with each command for the display and its data; tells whether the data stream was right.
        lu: name of the logical unit that is asked for; any if empty.
    """

    def __init__(
        self, size: tuple[int, int], command: Callable[[int, bytes], bool], lu: str = "", *, extended: bool = True
    ) -> None:
        self.name = ""
        """Of the logical unit, once the host has told it."""
        self._size = size
        self._extended = extended
        self._lu = lu
        self._command = command
        options = frozenset((tn.BINARY, tn.EOR_OPTION, tn.TERMINAL_TYPE, tn.TN3270E, tn.SGA))
        self._telnet = tn.Negotiator(options, frozenset((tn.BINARY, tn.EOR_OPTION, tn.SGA, tn.ECHO)))
        self._out = bytearray()
        self._record = bytearray()
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines = [""]
        self._functions: bytes | None = None
        self._lines_shown = False
        self._sequence = 0

    @property
    def _enhanced(self) -> bool:
        return self._telnet.ours(tn.TN3270E)

    @property
    def _records(self) -> bool:
        """Whether what comes are records of a 3270."""
        options = (tn.EOR_OPTION, tn.BINARY)
        return self._enhanced or all(self._telnet.ours(option) and self._telnet.theirs(option) for option in options)

    def take(self) -> bytes:
        """What is to be sent."""
        out = bytes(self._out) + self._telnet.take()
        self._out.clear()
        return out

    def _put(self, data: bytes) -> None:
        self._out += self._telnet.take() + data

    # ---- from the host

    def receive(self, data: bytes) -> None:
        """Bytes from the host. Raises HostRefuses."""
        for item in self._telnet.receive(data):
            if isinstance(item, bytes):
                if self._records:
                    self._record += item
                    if len(self._record) > MAX_RECORD:
                        raise HostRefuses(f"the host sends a record of more than {MAX_RECORD} bytes")
                else:
                    self._line_mode(self._text.decode(item))
            elif isinstance(item, tn.Command):
                if item.code == tn.EOR:
                    record = bytes(self._record)
                    self._record.clear()
                    self._received(record)
            elif isinstance(item, tn.Subnegotiation):
                self._negotiated(item)

    def _negotiated(self, item: tn.Subnegotiation) -> None:
        data = item.data
        if item.option == tn.TERMINAL_TYPE and data[:1] == _SEND_TYPE:
            kind = device_type(self._size, self._extended, enhanced=False)
            name = f"{kind}@{self._lu}" if self._lu else kind
            self._telnet.subnegotiate(tn.TERMINAL_TYPE, _TYPE_IS + name.encode())
        elif item.option != tn.TN3270E:
            pass
        elif data[:2] == bytes((_SEND, _DEVICE_TYPE)):
            kind = device_type(self._size, self._extended, enhanced=True)
            wanted = bytes((_CONNECT,)) + self._lu.encode() if self._lu else b""
            self._telnet.subnegotiate(tn.TN3270E, bytes((_DEVICE_TYPE, _REQUEST)) + kind.encode() + wanted)
        elif data[:2] == bytes((_DEVICE_TYPE, _IS)):
            _, _, lu = data[2:].partition(bytes((_CONNECT,)))
            self.name = lu.decode("ascii", "replace")
            self._telnet.subnegotiate(tn.TN3270E, bytes((_FUNCTIONS, _REQUEST)) + _WANTED)
        elif data[:2] == bytes((_DEVICE_TYPE, _REJECT)):
            code = data[3] if len(data) > 3 and data[2] == _REASON else 6
            what = self._lu or device_type(self._size, self._extended, enhanced=True)
            why = _WHY.get(code, f"reason {code}")
            raise HostRefuses(f"the host refuses {what}: {why}")
        elif data[:2] == bytes((_FUNCTIONS, _IS)):
            self._functions = data[2:]
        elif data[:2] == bytes((_FUNCTIONS, _REQUEST)):
            granted = bytes(code for code in data[2:] if code in _WANTED)
            answer = _IS if granted == data[2:] else _REQUEST
            self._telnet.subnegotiate(tn.TN3270E, bytes((_FUNCTIONS, answer)) + granted)
            if answer == _IS:
                self._functions = granted

    def _received(self, record: bytes) -> None:
        if not self._enhanced:
            self._write(record)
            return
        if len(record) < _HEADER:
            return
        kind, wanted, data = record[0], record[2], record[_HEADER:]
        right = True
        if kind == _DATA_3270:
            right = self._write(data)
        elif kind == _NVT:
            self._line_mode(data.decode("utf-8", "replace"))
        elif kind == _SSCP:
            self._line_mode(from_ebcdic(data.replace(b"\x15", b"\x25")))
        elif kind == _UNBIND:
            self._line_mode("\nTHE HOST HAS ENDED THE SESSION\n")
        if wanted == _ALWAYS_RESPONSE or (wanted == _ERROR_RESPONSE and not right):
            self._send(_RESPONSE, bytes((0x00 if right else 0x02,)), record[3:5], 0 if right else 1)

    def _write(self, record: bytes) -> bool:
        command = REMOTE.get(record[0]) if record else None
        if command is None:
            return not record
        self._lines_shown = False
        return self._command(command, record[1:])

    # ---- from the user

    def received(self, record: bytes) -> None:
        """The 3270 sends a record."""
        if self._lines_shown:
            self._typed(record)
        elif self._enhanced:
            self._sequence = self._sequence + 1 & 0x7FFF
            self._send(_DATA_3270, record, self._sequence.to_bytes(2, "big"))
        elif self._records:
            self._put(_escaped(record) + _END)

    def _send(self, kind: int, data: bytes, sequence: bytes = b"\0\0", flag: int = 0) -> None:
        self._put(_escaped(bytes((kind, 0, flag)) + sequence + data) + _END)

    def attention(self) -> None:
        """ATTN."""
        self._put(bytes((tn.IAC, tn.IP if self._enhanced else tn.BRK)))

    def system_request(self) -> None:
        """SYSREQ."""
        self._put(bytes((tn.IAC, tn.AO if self._enhanced else tn.IP)))

    # ---- a host in line mode

    def _line_mode(self, text: str) -> None:
        """Show text as lines; below them there is a field to type in."""
        *whole, rest = (self._lines[-1] + text).replace("\r\n", "\n").replace("\r\0", "").split("\n")
        self._lines[-1:] = [*whole, rest]
        del self._lines[:-MAX_LINES]
        self._lines_shown = True
        columns = 80
        shown = [line[at : at + columns] for line in self._lines for at in range(0, max(1, len(line)), columns)]
        out = bytearray((0xC0 | Control.RESTORE,))
        for number, line in enumerate(shown[-23:]):
            out += bytes((Order.SBA,)) + encode_address(number * columns, 1920)
            out += to_ebcdic("".join(char if char.isprintable() else " " for char in line))
        at = 23 * columns - 1
        hidden = Attribute.HIDDEN if self._telnet.theirs(tn.ECHO) else 0
        out += bytes((Order.SBA,)) + encode_address(at, 1920) + bytes((Order.SF, GRAPHICS[hidden], Order.IC))
        self._command(Write.ERASE_WRITE, bytes(out))

    def _typed(self, record: bytes) -> None:
        """Send a line that was typed in line mode."""
        text = "" if record[0] in SHORT_READ else from_ebcdic(record[6:].replace(b"\0", b""))
        self._put(_escaped(text.encode() + b"\r\n"))
        self._line_mode("" if self._telnet.theirs(tn.ECHO) else text + "\n")
