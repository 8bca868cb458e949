"""Who gets a connection of the web server: so many at a time, and none for long that asks for nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cpvm.terminal.door import Door
from cpvm.terminal.places import HOUSE, Places
from cpvm.terminal.web import limits


def _nobody() -> bool:
    return False


class Visit(asyncio.Protocol):
    """One connection: aiohttp's protocol, and what is known of whoever is there.

    Attributes:
        known: whether that is somebody who has logged or signed on.
    """

    def __init__(self) -> None:
        self.known: Callable[[], bool] = _nobody
        self.heard = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.handler: web.RequestHandler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.handler.connection_lost(exc)
        if not self.over.done():
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.handler.data_received(data)

    def eof_received(self) -> bool | None:
        self.handler.eof_received()
        return None

    def pause_writing(self) -> None:
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        self.handler.resume_writing()


class Gate(Door[Visit]):
    """Lets connections in."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(self._arrived, self._left_us, tls=tls, handshake=limits.REQUEST_SECONDS)
        self.server: web.Server | None = None
        """aiohttp's, which makes what serves them."""
        self._visits: dict[asyncio.Task[None], Visit] = {}
        self._by_handler: dict[asyncio.BaseProtocol, Visit] = {}
        self._places: Places[asyncio.Task[None]] = Places(
            lambda: limits.MAX_CONNECTIONS,
            lambda task: not self._visits[task].known(),
            self._drop,
            HOUSE,
        )
        HOUSE.open(self._places, limits.MAX_CONNECTIONS, self._loop.call_soon_threadsafe)

    def close(self) -> None:
        super().close()
        HOUSE.close(self._places)

    def _drop(self, task: asyncio.Task[None]) -> None:
        task.cancel()

    def _arrived(self, task: asyncio.Task[None], address: str) -> Visit | None:
        if not self._places.enter(task, address):
            return None
        visit = self._visits[task] = Visit()
        return visit

    def _left_us(self, task: asyncio.Task[None]) -> None:
        self._places.leave(task)
        del self._visits[task]

    async def _served(self, connection: socket.socket, guest: Visit) -> None:
        assert self.server is not None
        handler = guest.handler = self.server()
        self._by_handler[handler] = guest
        transport = None
        try:
            transport = await self._connect(connection, guest)
            self._loop.call_later(limits.REQUEST_SECONDS, self._look, guest)
            await guest.over
        finally:
            del self._by_handler[handler]
            if transport is not None:
                transport.abort()

    def _look(self, visit: Visit) -> None:
        """End a connection on which no request has come yet."""
        if not visit.heard:
            visit.handler.force_close()

    def heard(self) -> Middleware:
        """The middleware that notes that a request has come."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            visit = self._by_handler.get(request.protocol)
            if visit is not None:
                visit.heard = True
            return await handler(request)

        return note

    def known(self, request: web.Request, who: Callable[[], bool]) -> None:
        """WHO tells whether somebody is known at the connection of a request, from now on."""
        visit = self._by_handler.get(request.protocol)
        if visit is not None:
            visit.known = who
