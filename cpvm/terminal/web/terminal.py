"""A 3270 in a browser: one binary WebSocket frame is one 3270 record, commands as on a line (GA23-0059).

Text frames are JSON about what is no 3270 data. From the server: {"line": ...} once, {"userid": ...} whenever somebody
logs on or off there, {} as a sign of life. From the terminal: {"key": "sysreq"}, and {"refused": true} after a record
that it could not carry out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from cpvm.s370.datastream import REMOTE
from cpvm.terminal.places import occupied
from cpvm.terminal.queryreply import read_replies
from cpvm.terminal.throttle import Fence, Throttle
from cpvm.terminal.tn3270 import SIZES, ConnectDisplay, DisplaySession
from cpvm.terminal.web import limits

_CODES = {code: remote for remote, code in REMOTE.items()}
_QUERY = bytes((0xF3, 0, 5, 1, 0xFF, 2))  # Write Structured Field: Read Partition, Query
PROTOCOL: Final = "cpvm-3270"
"""The WebSocket subprotocol."""


class WebDisplay:
    """One browser's terminal.

    Args:
        name: of the line.
        local: whether the browser is on this host.
        address: where the browser is.
        socket: the WebSocket, prepared.
        fence: the system's (see `cpvm.terminal.throttle`).
        abort: breaks the connection at once.
    """

    def __init__(
        self,
        name: str,
        local: bool,
        socket: web.WebSocketResponse,
        *,
        fence: Fence | None = None,
        abort: Callable[[], None] = lambda: None,
        address: str = "unknown",
    ) -> None:
        self.name = name
        self.local = local
        self.address = address or "unknown"
        self.size = SIZES[2]
        self.extended = False
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._outbox: deque[bytes | str | None] = deque()
        self._unread = 0
        self._posted = False
        self._lock = threading.Lock()
        self._wake = asyncio.Event()
        self._session: DisplaySession | None = None
        self._userid = ""
        self._closing = False
        self._reason = b""
        self.abort = abort
        self._throttle = Throttle(fence, lambda: self._closing or socket.closed)

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

    def _post(self, item: bytes | str | None) -> None:
        with self._lock:
            self._outbox.append(item)
            self._unread += len(item) if item is not None else 0
            too_much = self._unread > limits.MAX_UNREAD
            if too_much:
                self._outbox.clear()
            elif self._posted:
                return
            self._posted = True
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is there to see this
            self._loop.call_soon_threadsafe(self.abort if too_much else self._wake.set)

    # -- the connection --------------------------------------------------------------------------------------

    async def serve(self, connect: ConnectDisplay) -> None:
        """Serve the terminal until either side ends the connection."""
        writer = asyncio.create_task(self._write())
        try:
            self._post(json.dumps({"line": self.name}))
            self._post(_QUERY)
            await self._identify()
            if not self._socket.closed:
                self._session = connect(self)
                await self._read(self._session)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            if self._session is not None and not self._closing:
                self._session.lost()
            self._closing = True
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            with contextlib.suppress(ConnectionError):
                await self._socket.close(code=WSCloseCode.OK, message=self._reason)

    async def _identify(self) -> None:
        """Wait for the query reply; one that says nothing is a model 2 without colours."""
        with contextlib.suppress(TimeoutError):
            message = await self._socket.receive(timeout=limits.FIRST_ANSWER_SECONDS)
            if message.type is WSMsgType.BINARY:
                size, self.extended = read_replies(message.data)
                self.size = size or self.size
            elif message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                pass
            elif message.type not in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                await self._refuse("a terminal sends 3270 records")

    async def _read(self, session: DisplaySession) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                continue
            elif message.type is WSMsgType.BINARY and message.data:
                session.received(message.data)
            elif message.type is not WSMsgType.TEXT or not _service(session, message.data):
                await self._refuse("a terminal sends 3270 records")
                return
            self._throttle.count()
            await self._throttle.pause()

    async def _refuse(self, reason: str) -> None:
        await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason.encode())

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    async with asyncio.timeout(limits.KEEPALIVE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    await self._socket.send_str("{}")
                    continue
                self._wake.clear()
                if not await self._deliver():
                    return

    async def _deliver(self) -> bool:
        """Send what waits; False when the system has ended the connection."""
        with self._lock:
            items = list(self._outbox)
            self._outbox.clear()
            self._posted = False
        for item in items:
            if item is None:
                self._closing = True
                await self._socket.close(code=WSCloseCode.OK, message=self._reason)
                return False
            await self._who()
            await (self._socket.send_str(item) if isinstance(item, str) else self._socket.send_bytes(item))
            with self._lock:
                self._unread -= len(item)
        return True

    async def _who(self) -> None:
        userid = self._session.userid if self._session is not None else ""
        if userid != self._userid:
            self._userid = userid
            await self._socket.send_str(json.dumps({"userid": userid}))


def _service(session: DisplaySession, text: str) -> bool:
    """Carry out a text frame of the terminal's; False if it is none."""
    if len(text) > limits.MAX_COMMAND:
        return False
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if said == {"key": "sysreq"}:
        session.escape()
    elif said == {"refused": True}:
        session.refused()
    else:
        return False
    return True
