"""3270 displays over telnet: TN3270 (RFC 1576, names of devices as RFC 1646) and TN3270E (RFC 2355).

A record, ended by IAC EOR, is one 3270 data stream; in TN3270E five bytes of header are in front of it. The attention
key (IAC BRK; in TN3270E IP, too) counts as PA1; SYSREQ is IAC IP, in TN3270E AO. Of the functions of TN3270E there are
RESPONSES, with which a display tells what it cannot carry out, and SYSREQ.

Hard limits: `MAX_RECORD`, `MAX_UNREAD`, those of the negotiation, and of `throttle`.
"""

import asyncio
import contextlib
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from cpvm.s370.datastream import REMOTE, Aid
from cpvm.terminal import negotiation as tn
from cpvm.terminal.arrival import Caller, is_display
from cpvm.terminal.client import is_loopback, peer_address, tune
from cpvm.terminal.places import occupied
from cpvm.terminal.queryreply import read_replies
from cpvm.terminal.throttle import Fence, Throttle

MAX_RECORD = 65536
"""Bytes of one record from a client; one that sends more loses the connection."""

MAX_UNREAD = 4 << 20
"""Bytes of output that a client may leave unread."""

SIZES = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
"""Rows and columns by model."""

_MODEL = re.compile(r"IBM-327[89]-([2-5])(-E)?")
_LU = re.compile(r"[A-Z0-9@#$]{1,8}")
_CODES = {code: remote for remote, code in REMOTE.items()}
_QUERY = bytes((0xF3, 0, 5, 1, 0xFF, 2))  # Write Structured Field: Read Partition, Query
_QUERY_SECONDS = 5.0
_CLOSE_GRACE = 5.0
_CHUNK = 4096
_SEND, _DEVICE_TYPE, _FUNCTIONS, _CONNECT, _IS, _REASON, _REJECT, _REQUEST = 8, 2, 3, 1, 4, 5, 6, 7
_IN_USE, _INVALID_NAME, _INVALID_TYPE = 1, 3, 4
_RESPONSES, _SYSREQ = 2, 4
_HEADER = 5
_DATA_3270, _RESPONSE = 0, 2  # types of data
_ERROR_RESPONSE, _ALWAYS_RESPONSE = 1, 2  # what response is asked for
_POSITIVE, _NEGATIVE = 0, 1
_DEVICE_END = 0


class DisplaySession(Protocol):
    """The system's end of a display."""

    @property
    def userid(self) -> str:
        """The user logged on here, or an empty string."""

    def received(self, record: bytes) -> None:
        """The display sends a record."""

    def lost(self) -> None:
        """The display is gone: a user logged on here is disconnected, not logged off."""

    def escape(self) -> None:
        """SYSREQ: the user wants the system, whatever program has the display."""

    def refused(self) -> None:
        """The display could not carry out what it was sent."""


class Wire(Protocol):
    """The display, as the system sees it."""

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool: ...

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def extended(self) -> bool: ...

    def send(self, command: int, data: bytes) -> None: ...

    def close(self) -> None: ...


ConnectDisplay = Callable[[Wire], DisplaySession]
"""Makes the connection between a display and the system; callable from any thread."""


class DisplayLine:
    """One connection that has turned out to be a 3270.

    Args:
        name: of the line; a TN3270E client may ask for another, which `free` may refuse.
        caller: who calls, a display.
        free: whether a name is nobody's.
        fence: the system's (see `throttle`).
    """

    def __init__(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        caller: Caller,
        free: Callable[[str], bool],
        *,
        fence: Fence | None = None,
    ) -> None:
        self.name = name
        self.local = is_loopback(writer)
        self.address = peer_address(writer)
        self.size = SIZES[2]
        self.extended = False
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._telnet = caller.telnet
        self._kind = caller.kind
        self._enhanced = caller.enhanced
        self._functions: bytes | None = None
        self._free = free
        self._record = bytearray()
        self._sequence = 0
        self._outbox: deque[bytes | None] = deque()
        self._posted = False
        self._lock = threading.Lock()
        self._session: DisplaySession | None = None
        self._asked = False  # the query has been sent
        self._closing = False
        self._ended = False  # by the system
        self._throttle = Throttle(fence, lambda: self._closing or writer.transport.is_closing())

    @property
    def ready(self) -> bool:
        """Whether records can be sent."""
        if self._enhanced:
            return self._functions is not None
        return all(self._telnet.ours(option) and self._telnet.theirs(option) for option in (tn.EOR_OPTION, tn.BINARY))

    @property
    def occupied(self) -> bool:
        """Whether somebody uses the terminal, more than to look at it."""
        return occupied(self._session)

    # -- called by CP, from its own threads ------------------------------------------------------------------

    def send(self, command: int, data: bytes) -> None:
        """Send one command, as a channel gives it, with its data."""
        self._post(bytes((_CODES[command],)) + data)

    def close(self) -> None:
        """End the connection when all output has been sent."""
        self._post(None)

    def _post(self, item: bytes | None) -> None:
        with self._lock:
            self._outbox.append(item)
            if self._posted:
                return
            self._posted = True
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is there to see this
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            items = list(self._outbox)
            self._outbox.clear()
            self._posted = False
        for item in items:
            if item is None:
                self._ended = True
                self._finish()
            else:
                self._write(item)

    def _write(self, record: bytes) -> None:
        if self._writer.transport.is_closing():
            return
        if self._enhanced:
            response = _ERROR_RESPONSE if _RESPONSES in (self._functions or b"") else 0
            record = bytes((_DATA_3270, 0, response)) + self._sequence.to_bytes(2, "big") + record
            self._sequence = self._sequence + 1 & 0x7FFF
        self._put(record)

    def _put(self, record: bytes) -> None:
        data = record.replace(b"\xff", b"\xff\xff") + bytes((tn.IAC, tn.EOR))
        self._writer.write(self._telnet.take() + data)
        if self._writer.transport.get_write_buffer_size() > MAX_UNREAD:
            self._writer.transport.abort()

    def _finish(self) -> None:
        if not self._closing:
            self._closing = True
            self._writer.close()
            self._reader.feed_eof()
            self._loop.call_later(_CLOSE_GRACE, self._writer.transport.abort)

    # -- the connection --------------------------------------------------------------------------------------

    async def serve(self, connect: ConnectDisplay, before: Iterable[tn.Item] = ()) -> None:
        """Serve the display until either side ends the connection; `before` has been received already."""
        tune(self._writer)
        if self._enhanced:
            self._telnet.subnegotiate(tn.TN3270E, bytes((_SEND, _DEVICE_TYPE)))
        else:
            self._model(self._kind)
            for option in (tn.EOR_OPTION, tn.BINARY):
                self._telnet.ask(option)
                self._telnet.offer(option)
        try:
            for item in before:
                self._item(item, connect)
            self._flush()
            while not self._closing and (data := await self._throttle.read(self._reader, _CHUNK)):
                for item in self._telnet.receive(data):
                    self._item(item, connect)
                    await self._throttle.pause()
                self._flush()
                await self._writer.drain()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            if self._session is not None and not self._ended:
                self._session.lost()
            self._finish()

    def _flush(self) -> None:
        if (data := self._telnet.take()) and not self._writer.transport.is_closing():
            self._writer.write(data)

    def _item(self, item: tn.Item, connect: ConnectDisplay) -> None:
        if isinstance(item, bytes):
            self._record += item
            if len(self._record) > MAX_RECORD:
                self._writer.transport.abort()
                self._record.clear()
        elif isinstance(item, tn.Command):
            self._command(item.code, connect)
        elif isinstance(item, tn.Subnegotiation) and item.option == tn.TN3270E:
            self._negotiated(item.data)
        elif isinstance(item, tn.OptionChanged) and item.option == tn.TN3270E and not item.on:
            self._finish()  # a client that changes its mind now has to call again
        if self.ready and self._session is None:
            self._arrive(connect)

    def _command(self, code: int, connect: ConnectDisplay) -> None:
        if code == tn.EOR:
            record = bytes(self._record)
            self._record.clear()
            self._received(record, connect)
        elif code in (tn.BRK, tn.IP, tn.AO) and self._session is not None:
            self._throttle.count()
            if code == (tn.AO if self._enhanced else tn.IP):
                self._session.escape()
            else:
                self._session.received(bytes((Aid.PA1,)))

    def _received(self, record: bytes, connect: ConnectDisplay) -> None:
        if self._enhanced:
            if len(record) < _HEADER or record[0] != _DATA_3270:
                self._response(record)
                return
            if record[2] == _ALWAYS_RESPONSE and _RESPONSES in (self._functions or b""):
                self._put(bytes((_RESPONSE, 0, _POSITIVE, *record[3:5], _DEVICE_END)))
            record = record[_HEADER:]
        if self._session is not None:
            self._throttle.count()
            self._session.received(record)
        elif self._asked:
            self._answer(record)
            self._session = connect(self)

    def _response(self, record: bytes) -> None:
        """A record that is no 3270 data: only negative responses are of interest."""
        negative = len(record) > _HEADER and record[0] == _RESPONSE and record[2] == _NEGATIVE
        if negative and self._session is not None:
            self._throttle.count()
            self._session.refused()

    def keep_alive(self) -> None:
        """Send something that does nothing, so that what is in between knows that the connection is in use."""
        if self._session is not None and not self._writer.transport.is_closing():
            self._writer.write(bytes((tn.IAC, tn.NOP)))

    def _arrive(self, connect: ConnectDisplay) -> None:
        """Records can be sent: ask a terminal that knows structured fields what it is, then greet it."""
        if self._asked:
            return
        self._asked = True
        if self._functions is None and "@" in self._kind:
            self._kind, _, name = self._kind.partition("@")
            if _LU.fullmatch(name) and self._free(name):
                self.name = name
        if self._kind.endswith("-E") or self._kind == "IBM-DYNAMIC":
            self.extended = self._kind.endswith("-E")
            self._write(_QUERY)
            self._loop.call_later(_QUERY_SECONDS, self._unanswered, connect)
        else:
            self._session = connect(self)

    def _unanswered(self, connect: ConnectDisplay) -> None:
        if self._session is None and not self._closing:
            self._session = connect(self)

    def _answer(self, record: bytes) -> None:
        """Query replies: the size and whether there are colours."""
        size, colours = read_replies(record)
        self.size = size or self.size
        self.extended = self.extended or colours

    def _model(self, kind: str) -> None:
        self._kind = kind
        if match := _MODEL.match(kind):
            self.size = SIZES[int(match[1])]

    # -- TN3270E ---------------------------------------------------------------------------------------------

    def _negotiated(self, data: bytes) -> None:
        if data[:2] == bytes((_DEVICE_TYPE, _REQUEST)):
            kind, _, name = data[2:].partition(bytes((_CONNECT,)))
            self._device(kind.decode("ascii", "replace").upper(), name.decode("ascii", "replace").upper())
        elif data[:2] == bytes((_FUNCTIONS, _REQUEST)):
            wanted = data[2:]
            granted = bytes(code for code in wanted if code in (_RESPONSES, _SYSREQ))
            if granted == wanted:
                self._functions = granted
                self._telnet.subnegotiate(tn.TN3270E, bytes((_FUNCTIONS, _IS)) + granted)
            else:
                self._telnet.subnegotiate(tn.TN3270E, bytes((_FUNCTIONS, _REQUEST)) + granted)
        elif data[:2] == bytes((_FUNCTIONS, _IS)):
            self._functions = data[2:]

    def _device(self, kind: str, name: str) -> None:
        if not is_display(kind):
            self._refuse(_INVALID_TYPE)
        elif name and (not _LU.fullmatch(name) or not self._free(name)):
            self._refuse(_IN_USE if _LU.fullmatch(name) else _INVALID_NAME)
        else:
            self.name = name or self.name
            self._model(kind)
            answer = kind.encode() + bytes((_CONNECT,)) + self.name.encode()
            self._telnet.subnegotiate(tn.TN3270E, bytes((_DEVICE_TYPE, _IS)) + answer)

    def _refuse(self, reason: int) -> None:
        self._telnet.subnegotiate(tn.TN3270E, bytes((_DEVICE_TYPE, _REJECT, _REASON, reason)))
