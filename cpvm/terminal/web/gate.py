"""Who gets a connection: so many at a time, and none for long that asks for nothing."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cpvm.terminal.web import limits


class _Refused(asyncio.Protocol):
    """A connection that is ended at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Gate:
    """Makes the protocol of each new connection."""

    def __init__(self) -> None:
        self.server: web.Server | None = None
        """aiohttp's, which makes those that are served."""
        self._silent: set[asyncio.BaseProtocol] = set()

    def accept(self) -> asyncio.BaseProtocol:
        """A connection has come."""
        assert self.server is not None
        if len(self._silent.union(self.server.connections)) >= limits.MAX_CONNECTIONS:
            return _Refused()
        handler = self.server()
        self._silent.add(handler)
        asyncio.get_running_loop().call_later(limits.REQUEST_SECONDS, self._look, handler)
        return handler

    def _look(self, handler: web.RequestHandler) -> None:
        """End a connection on which no request has come yet."""
        if handler in self._silent:
            self._silent.discard(handler)
            handler.force_close()

    def heard(self) -> Middleware:
        """The middleware that notes that a request has come."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._silent.discard(request.protocol)
            return await handler(request)

        return note
