"""Where connections of telnet and of browsers come in: each counts from its first moment, before it says anything.

asyncio's own servers tell of a connection when its TLS handshake is done; until then it would be nobody's, and a
thousand that never begin one would take all files that the host allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

AT_ONCE: Final = 32
"""Connections that are accepted before what has come from others is looked at."""

WAITING: Final = 256
"""Connections that the host may keep until they are accepted."""

_BREATH: Final = 0.2  # seconds until somebody is let in again when the host has no files or no memory left

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

Guest = TypeVar("Guest")


class Door(ABC, Generic[Guest]):
    """Listening sockets; for one event loop.

    Args:
        come: somebody is at the door, from this address: who it is, or None if it is not let in.
        gone: whom `come` has let in has gone, or has been dropped, which is done by cancelling the task.
        tls: every connection begins with a TLS handshake in this context.
        handshake: seconds that one may take.
        busy: what those are told who are not let in, without TLS.
    """

    def __init__(
        self,
        come: Callable[[asyncio.Task[None], str], Guest | None],
        gone: Callable[[asyncio.Task[None]], None],
        *,
        tls: ssl.SSLContext | None,
        handshake: float,
        busy: bytes = b"",
    ) -> None:
        self._come, self._gone = come, gone
        self._tls, self._handshake, self._busy = tls, handshake, busy
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._listening: list[asyncio.Task[None]] = []
        self._unserved: set[socket.socket] = set()  # connections that no transport has yet
        self.tasks: set[asyncio.Task[None]] = set()
        """Of connections that are there."""

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns where. Raises OSError."""
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                if self._sockets and not port:
                    break  # any port: it would be another one
                listener = socket.create_server(address[:2], family=family, backlog=WAITING)
                listener.setblocking(False)
                self._sockets.append(listener)
        except OSError:
            self.close()
            raise
        self._listening = [self._loop.create_task(self._listen(listener)) for listener in self._sockets]
        host, port = self._sockets[0].getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Let nobody in any more."""
        for task in self._listening:
            task.cancel()
        sockets, self._sockets = self._sockets, []
        for listener in sockets:
            listener.close()

    async def _listen(self, listener: socket.socket) -> None:
        """Accept connections; `sock_accept` is what all event loops have, those of Windows too."""
        count = 0
        while True:
            try:
                connection, address = await self._loop.sock_accept(listener)
            except ConnectionAbortedError:
                continue
            except OSError:
                if listener.fileno() < 0:
                    return
                await asyncio.sleep(_BREATH)
                continue
            try:
                self._let_in(connection, str(address[0]))
            except Exception as error:  # others come in all the same
                connection.close()
                self._loop.call_exception_handler({"message": "a connection", "exception": error})
            count += 1
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _let_in(self, connection: socket.socket, address: str) -> None:
        started: asyncio.Future[Guest] = self._loop.create_future()
        task = self._loop.create_task(self._serve(connection, started))
        guest = self._come(task, address)
        if guest is None:
            task.cancel()
            if self._tls is None and self._busy:
                with contextlib.suppress(OSError):
                    connection.send(self._busy)
            connection.close()
            return
        self._unserved.add(connection)
        started.set_result(guest)
        self.tasks.add(task)
        task.add_done_callback(lambda task: self._left(task, connection))

    def _left(self, task: asyncio.Task[None], connection: socket.socket) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "a connection", "exception": error})
        if connection in self._unserved:  # dropped before it began
            self._unserved.discard(connection)
            connection.close()
        self._gone(task)

    async def _serve(self, connection: socket.socket, started: asyncio.Future[Guest]) -> None:
        guest = await started
        self._unserved.discard(connection)
        with contextlib.suppress(OSError):  # of the network and of TLS; its time is over
            await self._served(connection, guest)

    @abstractmethod
    async def _served(self, connection: socket.socket, guest: Guest) -> None:
        """Serve somebody until the connection has ended. Raises OSError."""

    async def _connect(self, connection: socket.socket, protocol: asyncio.Protocol) -> asyncio.Transport:
        """The transport of a connection, when it has a protocol, and TLS if that is wanted. Raises OSError."""
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=self._tls,
            ssl_handshake_timeout=self._handshake if self._tls is not None else None,
        )
        return transport


class StreamDoor(Door[Client]):
    """A door to what reads and writes streams.

    Args:
        buffer: bytes of input after which no more is taken from the network; twice as many may wait.
        others: those of every door.
    """

    def __init__(self, *others: Any, buffer: int, **more: Any) -> None:
        super().__init__(*others, **more)
        self._buffer = buffer

    async def _served(self, connection: socket.socket, guest: Client) -> None:
        reader = asyncio.StreamReader(self._buffer)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport = await self._connect(connection, protocol)
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            await guest(reader, writer)
        except asyncio.CancelledError:
            transport.abort()
            raise
        finally:
            writer.close()
