"""The web server: its own thread and event loop, so that a flooding client slows neither CP nor other terminals."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp import WSCloseCode, web

from cpvm.terminal.listening import Listener
from cpvm.terminal.throttle import Fence
from cpvm.terminal.tn3270 import ConnectDisplay
from cpvm.terminal.web import limits
from cpvm.terminal.web.gate import Gate
from cpvm.terminal.web.guarding import guard, own_names
from cpvm.terminal.web.operators import OperatorPages, OperatorSource
from cpvm.terminal.web.site import Site
from cpvm.terminal.web.terminal import PROTOCOL, WebDisplay

_LINGER: Final = 1.0  # seconds for which the rest of a request that was refused is read
_CLOSE_GRACE: Final = 5.0  # seconds that closed terminals may take to deliver their last output


class WebServer(Listener):
    """A listener for browsers.

    Args:
        display: makes the connection between a terminal and the system.
        operator: what the operator's page shows and does; without it there is no such page.
        host: address to listen on.
        port: TCP port, 0 for any free one.
        tls: for HTTPS.
        names: under which it answers, besides those it can know itself.
        fence: the system's (see `cpvm.terminal.throttle`).
    """

    def __init__(
        self,
        display: ConnectDisplay,
        operator: OperatorSource | None,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        names: Iterable[str] = (),
        fence: Fence | None = None,
    ) -> None:
        super().__init__("web")
        self._display = display
        self._fence = fence
        self._host, self._port, self._tls = host, port, tls
        self._names = own_names(host, names)
        self._operator = operator
        self._lines: dict[int, WebDisplay | None] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._callers: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None

    async def _begin(self) -> tuple[str, int]:
        gate = Gate()
        application = web.Application(middlewares=[gate.heard(), guard(self._names)], client_max_size=limits.MAX_BODY)
        application.router.add_get("/terminal", self._terminal)
        if self._operator is not None:
            pages = OperatorPages(self._operator, self._socket, secure=self._tls is not None)
            application.router.add_post("/operator/session", pages.sign_on)
            application.router.add_get("/operator/session", pages.signed_on)
            application.router.add_delete("/operator/session", pages.sign_off)
            application.router.add_get("/operator/live", pages.live)
        application.router.add_get("/{path:.*}", Site().handle)
        runner = web.AppRunner(
            application,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_CLOSE_GRACE,
            lingering_time=_LINGER,
        )
        await runner.setup()
        gate.server = runner.server
        handshake = None if self._tls is None else limits.REQUEST_SECONDS
        try:
            self._server = await self._loop.create_server(
                gate.accept, self._host, self._port, ssl=self._tls, backlog=256, ssl_handshake_timeout=handshake
            )
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def _end(self) -> None:
        assert self._server is not None and self._runner is not None
        self._server.close()
        for line in list(self._lines.values()):
            if line is not None:
                line.close()
        for _ in range(20):  # what CP has said last goes out
            if not self._sockets:
                break
            await asyncio.sleep(0.05)
        for socket in list(self._sockets):
            with contextlib.suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(socket.close(code=WSCloseCode.GOING_AWAY, message=b"shutdown"), _CLOSE_GRACE)
        await self._runner.cleanup()

    # -- terminals -------------------------------------------------------------------------------------------

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        if len(self._lines) >= limits.MAX_TERMINALS:
            raise web.HTTPServiceUnavailable(text="ALL LINES BUSY\n")
        number = next(n for n in range(1, limits.MAX_TERMINALS + 1) if n not in self._lines)
        self._lines[number] = None
        try:
            with self._caller(request):
                socket = await self._socket(request, limits.MAX_RECORD, PROTOCOL)
                line = WebDisplay(
                    f"W{number:04d}", is_local(request), socket, fence=self._fence, abort=lambda: _abort(request)
                )
                self._lines[number] = line
                try:
                    await line.serve(self._display)
                finally:
                    self._sockets.discard(socket)
        finally:
            del self._lines[number]
        return socket

    @contextlib.contextmanager
    def _caller(self, request: web.Request) -> Iterator[None]:
        """Count a connection of an address."""
        caller = request.remote or ""
        if self._callers[caller] >= limits.MAX_FROM_ONE and not is_local(request):
            raise web.HTTPTooManyRequests(text="TOO MANY TERMINALS FROM THIS ADDRESS\n")
        self._callers[caller] += 1
        try:
            yield
        finally:
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]

    async def _socket(self, request: web.Request, most: int, protocol: str) -> web.WebSocketResponse:
        """Accept a WebSocket; it is closed when the server stops."""
        socket = web.WebSocketResponse(
            protocols=(protocol,),
            max_msg_size=most,
            heartbeat=limits.KEEPALIVE_SECONDS,
            autoping=protocol != PROTOCOL,  # a terminal's pings count as what it sends
            compress=False,
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        return socket


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def is_local(request: web.Request) -> bool:
    """Whether the browser is on this host."""
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
