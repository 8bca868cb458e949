"""The system's end of a window elsewhere (`cpvm connect`): lines as text, and a 3270 in messages; see `window`.

The client edits its lines itself. Hard limits: `MAX_LINE`, `MAX_UNREAD`, `MAX_RECORD`, those of the negotiation and of
`throttle`.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

from cpvm.terminal import negotiation as tn
from cpvm.terminal.arrival import Caller
from cpvm.terminal.client import is_loopback, peer_address, tune
from cpvm.terminal.codepage import taken
from cpvm.terminal.filenames import Files, FileSession
from cpvm.terminal.line import MAX_LINE, Connect, ReadState, Session, StateName, press, printable
from cpvm.terminal.places import occupied
from cpvm.terminal.throttle import Fence, Throttle
from cpvm.terminal.window import Assembly, WindowSession, command_frames, frames, packed

MAX_UNREAD: Final = 4 << 20
"""Bytes of output that a client may leave unread; beyond that its line is dropped (the user is disconnected)."""

NAMES_SECONDS: Final = 0.5
"""Time between two questions for the guest's files; one that comes sooner is not answered."""

MOST_KEYS: Final = 24
"""Program function keys."""

_KEY = re.compile(rb"Cpvm\.Key (\d{1,2})")
_CHUNK = 4096
_CLOSE_GRACE = 5.0

_Item = str | ReadState | tuple[bytes, ...]
"""A line, the state, or messages."""


class WindowLine:
    """One connection: a window for CP, a client for the network.

    Args:
        name: of the line.
        caller: who calls; it has told its `size`.
        fence: the system's (see `throttle`).
    """

    extended = True

    def __init__(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        caller: Caller,
        size: tuple[int, int],
        *,
        fence: Fence | None = None,
    ) -> None:
        self.name = name
        self.local = is_loopback(writer)
        self.address = peer_address(writer)
        self.size = size
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._telnet = caller.telnet
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = ""
        self._records = Assembly(b"Cpvm.Record")
        self._asked = False  # for the guest's files
        self._asked_last = -NAMES_SECONDS
        self._outbox: deque[_Item] = deque()
        self._posted = False
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._state = ReadState.RUNNING
        self._closing = False
        self._throttle = Throttle(fence, lambda: self._closing or writer.transport.is_closing())

    @property
    def occupied(self) -> bool:
        """Whether somebody uses the terminal, more than to look at it."""
        return occupied(self._session)

    # -- called by CP, from its own threads ------------------------------------------------------------------

    def write(self, text: str) -> None:
        """One line of output."""
        self._post(text)

    def state(self, state: StateName) -> None:
        """The system now waits for a line, or runs."""
        self._post(ReadState[state.name])

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        self._post((b"Cpvm.Fill " + json.dumps(text).encode(),))

    def send(self, command: int, data: bytes) -> None:
        """A command for the 3270."""
        self._post(tuple(command_frames(command, data)))

    def lines(self) -> None:
        """Show the lines again."""
        self._post((b"Cpvm.Lines",))

    def close(self) -> None:
        """End the connection when all output has been sent."""
        self._post(ReadState.CLOSED)

    def _post(self, item: _Item) -> None:
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
        out = bytearray()
        for item in items:
            if isinstance(item, ReadState):
                self._state = item
                self._report()
            elif isinstance(item, str):
                out += self._telnet.take()
                out += (printable(item) + "\r\n").encode("utf-8", "replace").replace(b"\xff", b"\xff\xff")
            else:
                for message in item:
                    self._telnet.subnegotiate(tn.MESSAGES, message)
            out += self._telnet.take()
        self._send(bytes(out))
        if self._state is ReadState.CLOSED:
            self._finish()

    def _report(self) -> None:
        if self._telnet.ours(tn.MESSAGES):
            report = {"state": self._state.name, "userid": self._session.userid if self._session else ""}
            self._telnet.subnegotiate(tn.MESSAGES, b"Cpvm.State " + json.dumps(report).encode())

    def _send(self, data: bytes) -> None:
        if data and not self._writer.transport.is_closing():
            self._writer.write(data)
            if self._writer.transport.get_write_buffer_size() > MAX_UNREAD:
                self._writer.transport.abort()

    def _finish(self) -> None:
        if not self._closing:
            self._closing = True
            self._writer.close()
            self._reader.feed_eof()
            self._loop.call_later(_CLOSE_GRACE, self._writer.transport.abort)

    # -- input -----------------------------------------------------------------------------------------------

    async def serve(self, connect: Connect, before: Iterable[tn.Item] = ()) -> None:
        """Serve the client until either side ends the connection; `before` has been received already."""
        tune(self._writer)
        self._session = connect(self)
        try:
            for item in before:
                self._item(item)
            while not self._closing and (data := await self._throttle.read(self._reader, _CHUNK)):
                for item in self._telnet.receive(data):
                    self._item(item)
                    await self._throttle.pause()
                self._send(self._telnet.take())
                await self._writer.drain()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            if not self._closing:
                self._session.hangup()
            self._finish()

    def _item(self, item: tn.Item) -> None:
        assert self._session is not None
        if isinstance(item, bytes):
            self._text(self._decoder.decode(item))
        elif isinstance(item, tn.Command):
            if item.code in (tn.BRK, tn.IP):
                self._throttle.count()
                self._session.attention()
        elif isinstance(item, tn.OptionChanged):
            if item.ours and item.option == tn.MESSAGES:
                self._report()
        elif item.option == tn.MESSAGES:
            self._message(item.data)

    def _text(self, text: str) -> None:
        *lines, rest = (self._typed + text).replace("\r\0", "\r").split("\n")
        for line in lines:
            self._line(line.rstrip("\r"))
        self._typed = rest[: MAX_LINE + 1]

    def _line(self, line: str) -> None:
        assert self._session is not None
        self._throttle.count()
        if len(line) > MAX_LINE:
            self.write(f"LINE OF MORE THAN {MAX_LINE} CHARACTERS IGNORED")
            return
        line, complaint = taken(line, hidden=self._state is ReadState.PASSWORD)
        if complaint:
            self.write(complaint)
        self._session.line(line)

    def _names(self, files: Files | None) -> None:
        self._asked = False
        self._post(tuple(frames(b"Cpvm.Names", packed(files))))

    def _message(self, message: bytes) -> None:
        session = self._session
        if not message.startswith(b"Cpvm.Part "):  # of which only the last gives the system something to do
            self._throttle.count()
        if (key := _KEY.fullmatch(message)) and 1 <= int(key[1]) <= MOST_KEYS:
            if self._state is not ReadState.PASSWORD:
                press(session, int(key[1]))
        elif message == b"Cpvm.Files":
            early = self._loop.time() < self._asked_last + NAMES_SECONDS
            if isinstance(session, FileSession) and not (self._asked or early):
                self._asked = True
                self._asked_last = self._loop.time()
                session.files(self._names)
        elif isinstance(session, WindowSession):
            if (whole := self._records.add(message)) is not None:
                session.received(whole[1])
            elif message.startswith(b"Cpvm.Look "):
                session.look(message == b"Cpvm.Look screen")
            elif message == b"Cpvm.Escape":
                session.escape()
