"""The web server: its own thread and event loop, so that a flooding client slows neither CP nor other terminals."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aiohttp import ClientError, WSCloseCode, web
from aiohttp.http_exceptions import HttpProcessingError

from cpvm.terminal.listening import Failed, Listener
from cpvm.terminal.places import Places
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
        failed: told of errors in this program, from any thread; without it they are passed over.
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
        failed: Failed | None = None,
    ) -> None:
        super().__init__("web", failed)
        self._display = display
        self._fence = fence
        self._host, self._port, self._tls = host, port, tls
        self._names = own_names(host, names)
        self._operator = operator
        self._lines: dict[int, WebDisplay | None] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._callers: Counter[str] = Counter()
        self._terminals: Places[int] = Places(
            lambda: limits.MAX_TERMINALS, lambda number: not self._occupied(number), self._drop
        )
        self._gate: Gate | None = None
        self._runner: web.AppRunner | None = None

    async def _begin(self) -> tuple[str, int]:
        gate = Gate(self._tls)
        application = web.Application(middlewares=[gate.heard(), guard(self._names)], client_max_size=limits.MAX_BODY)
        application.router.add_get("/terminal", self._terminal)
        if self._operator is not None:
            pages = OperatorPages(self._operator, self._operator_socket, secure=self._tls is not None)
            application.router.add_post("/operator/session", pages.sign_on)
            application.router.add_get("/operator/session", pages.signed_on)
            application.router.add_delete("/operator/session", pages.sign_off)
            application.router.add_get("/operator/live", pages.live)
        application.router.add_get("/{path:.*}", Site().handle)
        runner = web.AppRunner(
            application,
            access_log=None,
            logger=self._logger(),
            handle_signals=False,
            shutdown_timeout=_CLOSE_GRACE,
            lingering_time=_LINGER,
        )
        await runner.setup()
        gate.server = runner.server
        try:
            address = await gate.open(self._host, self._port)
        except OSError:
            gate.close()
            await runner.cleanup()
            raise
        self._gate, self._runner = gate, runner
        return address

    def _of_the_network(self, error: Exception) -> bool:
        return isinstance(error, OSError | HttpProcessingError | ClientError)

    def _logger(self) -> logging.Logger:
        """Where aiohttp writes what went wrong with a request."""
        logger = logging.Logger(__name__)
        logger.addHandler(_Telling(lambda error: self._trouble(self._loop, {"exception": error})))
        return logger

    async def _end(self) -> None:
        assert self._gate is not None and self._runner is not None
        self._gate.close()
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
        number = next(n for n in itertools.count(1) if n not in self._lines)
        if not self._terminals.enter(number, request.remote or ""):
            raise web.HTTPServiceUnavailable(text="ALL LINES BUSY\n")
        self._lines[number] = None
        try:
            with self._caller(request):
                socket = await self._socket(request, limits.MAX_RECORD, PROTOCOL)
                line = WebDisplay(
                    f"W{number:04d}",
                    is_local(request),
                    socket,
                    fence=self._fence,
                    abort=lambda: _abort(request),
                    address=request.remote or "",
                )
                self._lines[number] = line
                assert self._gate is not None
                self._gate.known(request, lambda: line.occupied)
                try:
                    await line.serve(self._display)
                finally:
                    self._sockets.discard(socket)
        finally:
            self._terminals.leave(number)
            del self._lines[number]
        return socket

    def _occupied(self, number: int) -> bool:
        line = self._lines.get(number)
        return line is not None and line.occupied

    def _drop(self, number: int) -> None:
        line = self._lines.get(number)
        if line is not None:
            line.abort()

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

    async def _operator_socket(self, request: web.Request, most: int, protocol: str) -> web.WebSocketResponse:
        """The same for somebody who has signed on."""
        if self._gate is not None:
            self._gate.known(request, lambda: True)
        return await self._socket(request, most, protocol)


class _Telling(logging.Handler):
    """Passes on the exceptions of what is logged."""

    def __init__(self, tell: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            self._tell(record.exc_info[1])


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
