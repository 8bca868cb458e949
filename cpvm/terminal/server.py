"""The listener for terminals on the network: line terminals and 3270s on one port."""

import asyncio
import itertools
import ssl
from collections.abc import Callable

from cpvm.terminal import leantls
from cpvm.terminal.arrival import Caller, ask
from cpvm.terminal.door import Client, StreamDoor
from cpvm.terminal.line import Connect
from cpvm.terminal.linemode import Histories
from cpvm.terminal.listening import Failed, Listener
from cpvm.terminal.places import HOUSE, Places
from cpvm.terminal.telnet import TelnetLine
from cpvm.terminal.throttle import Fence
from cpvm.terminal.tn3270 import ConnectDisplay, DisplayLine
from cpvm.terminal.windowline import WindowLine

MAX_CONNECTIONS = 4000
"""Lines of one listener, if the host allows so many. When all are taken, a caller without a user makes room for the
next (see `places`); if there is none, that one is told that all are busy."""

BUFFER = 8192
"""Bytes of input of one connection after which no more of it is taken from the network; twice as many may wait."""

HANDSHAKE = 20.0
"""Seconds that a client may take for the TLS handshake."""

KEEP_ALIVE = 120.0
"""Seconds between signs of life that 3270s get; TCP's own come every minute when nothing else does."""

_CLOSE_GRACE = 5.0  # seconds that closed lines may take to deliver their last output


class TelnetServer(Listener):
    """A listener, with its own thread and event loop, so that a flooding client slows neither CP nor a local terminal.

    Args:
        connect: makes a session for each new terminal that prints lines.
        display: makes one for each 3270; without it those are line terminals, too.
        host: address to listen on.
        port: TCP port, 0 for any free one.
        fence: the system's, see `throttle`.
        failed: told of errors in this program, from any thread; without it they are passed over.
        tls: every connection begins with a TLS handshake in this context.
        prefix: of the names of lines, a letter.
        taken: whether a terminal elsewhere in the system has this name.
    """

    def __init__(
        self,
        connect: Connect,
        host: str,
        port: int,
        display: ConnectDisplay | None = None,
        *,
        fence: Fence | None = None,
        failed: Failed | None = None,
        tls: ssl.SSLContext | None = None,
        prefix: str = "L",
        taken: Callable[[str], bool] = lambda name: False,
    ) -> None:
        super().__init__("telnet", failed)
        self._tls = tls
        self._prefix = prefix
        self._taken = taken
        self._connect = connect
        self._fence = fence
        self._display = display
        self._histories = Histories()
        self._host = host
        self._port = port
        self._door: StreamDoor | None = None
        self._places: Places[asyncio.Task[None]]
        self._numbers: dict[asyncio.Task[None], int] = {}
        self._lines: dict[int, TelnetLine | DisplayLine | WindowLine | None] = {}
        self._asking: dict[int, asyncio.Future[Caller]] = {}

    async def _begin(self) -> tuple[str, int]:
        if self._tls is not None:
            leantls.spare()
        self._places = Places(lambda: MAX_CONNECTIONS, self._strange, self._drop, HOUSE)
        HOUSE.open(self._places, MAX_CONNECTIONS, self._loop.call_soon_threadsafe)
        self._door = StreamDoor(
            self._come, self._gone, tls=self._tls, handshake=HANDSHAKE, buffer=BUFFER, busy=b"ALL LINES BUSY\r\n"
        )
        try:
            address = await self._door.open(self._host, self._port)
        except OSError:
            HOUSE.close(self._places)
            raise
        self._loop.call_later(KEEP_ALIVE, self._keep_alive)
        return address

    def _keep_alive(self) -> None:
        for line in self._lines.values():
            if isinstance(line, DisplayLine):
                line.keep_alive()
        self._loop.call_later(KEEP_ALIVE, self._keep_alive)

    async def _end(self) -> None:
        assert self._door is not None
        self._door.close()
        for line in list(self._lines.values()):
            if line is not None:
                line.close()
        for question in self._asking.values():
            question.cancel()
        if self._door.tasks:
            _, late = await asyncio.wait(self._door.tasks, timeout=_CLOSE_GRACE)
            for task in late:
                task.cancel()
            await asyncio.sleep(0)
        HOUSE.close(self._places)

    # -- who comes and goes ----------------------------------------------------------------------------------

    def _come(self, task: asyncio.Task[None], address: str) -> Client | None:
        if not self._places.enter(task, address):
            return None
        number = next(
            n for n in itertools.count(1) if n not in self._lines and not self._taken(f"{self._prefix}{n:04d}")
        )
        self._numbers[task] = number
        self._lines[number] = None
        return lambda reader, writer: self._serve(number, reader, writer)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._places.leave(task)
        del self._lines[self._numbers.pop(task)]

    def _strange(self, task: asyncio.Task[None]) -> bool:
        line = self._lines.get(self._numbers[task])
        return line is None or not line.occupied

    def _drop(self, task: asyncio.Task[None]) -> None:
        task.cancel()

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = f"{self._prefix}{number:04d}"
        question = self._asking[number] = asyncio.ensure_future(ask(reader, writer))
        try:
            caller = await question
        finally:
            del self._asking[number]
        if caller.display and self._display is not None:
            display = DisplayLine(name, reader, writer, caller, self._free, fence=self._fence)
            self._lines[number] = display
            await display.serve(self._display, caller.items)
        elif caller.window is not None:
            window = WindowLine(name, reader, writer, caller, caller.window, fence=self._fence)
            self._lines[number] = window
            await window.serve(self._connect, caller.items)
        else:
            line = TelnetLine(
                name,
                reader,
                writer,
                caller.telnet,
                histories=self._histories,
                kind=caller.reported,
                fence=self._fence,
            )
            self._lines[number] = line
            await line.serve(self._connect, caller.items)

    def _free(self, name: str) -> bool:
        """Whether no other line has this name."""
        ours = any(line is not None and line.name == name for line in self._lines.values())
        return not ours and not self._taken(name)
