"""The listener for terminals on the network: line terminals and 3270s on one port."""

import asyncio
import threading

from cpvm.terminal.arrival import Caller, ask
from cpvm.terminal.line import Connect
from cpvm.terminal.telnet import TelnetLine
from cpvm.terminal.tn3270 import ConnectDisplay, DisplayLine

MAX_CONNECTIONS = 1000
"""Lines of one listener; further callers are told that all are busy."""

_CLOSE_GRACE = 5.0  # seconds that closed lines may take to deliver their last output


class TelnetServer:
    """A listener, with its own thread and event loop, so that a flooding client slows neither CP nor a local terminal.

    Args:
        connect: makes a session for each new terminal that prints lines.
        display: makes one for each 3270; without it those are line terminals, too.
        host: address to listen on.
        port: TCP port, 0 for any free one.
    """

    def __init__(self, connect: Connect, host: str, port: int, display: ConnectDisplay | None = None) -> None:
        self._connect = connect
        self._display = display
        self._host = host
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="telnet", daemon=True)
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._server: asyncio.Server | None = None
        self._lines: dict[int, TelnetLine | DisplayLine | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: dict[int, asyncio.Future[Caller]] = {}

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address is in use, or is not one of this computer.
        """
        self._thread.start()
        self._ready.wait()
        if self._error:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """Stop listening, end all connections and wait for the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            try:
                start = asyncio.start_server(self._accept, self._host, self._port, backlog=256)
                self._server = self._loop.run_until_complete(start)
            except OSError as error:
                self._error = error
                return
            finally:
                self._ready.set()
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        for line in list(self._lines.values()):
            if line is not None:
                line.close()
        for question in self._asking.values():
            question.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_GRACE)
            for task in late:
                task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._lines) >= MAX_CONNECTIONS:
            writer.write(b"ALL LINES BUSY\r\n")
            writer.close()
            return
        number = next(n for n in range(1, MAX_CONNECTIONS + 1) if n not in self._lines)
        self._lines[number] = None
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(number, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            del self._lines[number]
            self._tasks.discard(task)

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = f"L{number:04d}"
        question = self._asking[number] = asyncio.ensure_future(ask(reader, writer))
        try:
            caller = await question
        finally:
            del self._asking[number]
        if caller.display and self._display is not None:
            display = DisplayLine(name, reader, writer, caller, self._free)
            self._lines[number] = display
            await display.serve(self._display, caller.items)
        else:
            line = TelnetLine(name, reader, writer, caller.telnet)
            self._lines[number] = line
            await line.serve(self._connect, caller.items)

    def _free(self, name: str) -> bool:
        """Whether no other line has this name."""
        return not any(line is not None and line.name == name for line in self._lines.values())
