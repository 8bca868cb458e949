"""`cpvm connect --3270`: this window as a 3270 of any host that speaks TN3270 or TN3270E."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from prompt_toolkit.application import get_app_session
from prompt_toolkit.input.base import Input
from prompt_toolkit.output import Output

from cpvm.terminal.takeover import black, colours, save_screen, shapes, take_over, window_size, writer
from cpvm.terminal.tn3270client import HostConnection, HostRefuses
from cpvm.terminal.vt import Hotkey, VTPanel, largest_model

_CHUNK: Final = 16384
LEAVE_KEY: Final = "c-]"


class Visit:
    """One connection of a window with a host.

    Args:
        connection: to the host.
        input, output: the window.
        size: rows and columns of the 3270; by default those of the largest model that fits.
        lu: the logical unit to ask for.
        secure: whether the connection is encrypted, to be shown.
    """

    def __init__(
        self,
        connection: socket.socket,
        input: Input,
        output: Output,
        *,
        size: tuple[int, int] | None = None,
        lu: str = "",
        secure: bool = False,
    ) -> None:
        self._connection = connection
        self._input, self._output = input, output
        self._done = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._said = ""
        window = window_size(output)
        size = size or largest_model(*window)
        self._host = HostConnection(size, self._command, lu)
        self.panel = VTPanel(
            writer(output),
            window,
            self._received,
            screen=size,
            colours=colours(output),
            black=black(),
            shapes=shapes(),
            secure=secure,
            attention=self._then_send(self._host.attention),
            system_request=self._then_send(self._host.system_request),
            hotkeys=[Hotkey(LEAVE_KEY, "Ctrl-]", "leave", "Ctrl-] leave")],
            hotkey=lambda key: self._done.set(),
            save=save_screen,
        )

    async def run(self) -> str:
        """Serve until either side ends. Returns what to tell the user afterwards; nothing if it was the user."""
        reader, self._writer = await asyncio.open_connection(sock=self._connection)
        listening = asyncio.ensure_future(self._listen(reader))
        try:
            await take_over(self.panel, self._done, self._input, self._output)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            self._writer.close()
        return self._said

    def end(self) -> None:
        """End it, from the event loop's thread."""
        self._done.set()

    def _command(self, command: int, data: bytes) -> bool:
        return self.panel.command(command, data)

    def _then_send(self, do: Callable[[], None]) -> Callable[[], None]:
        def action() -> None:
            do()
            self._send()

        return action

    def _received(self, record: bytes) -> None:
        self._host.received(record)
        self._send()

    def _send(self) -> None:
        data = self._host.take()
        if data and self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(_CHUNK):
                self._host.receive(data)
                self.panel.name = self._host.name
                self._send()
            self._said = "connection closed"
        except HostRefuses as error:
            self._said = str(error)
        except OSError as error:
            self._said = f"connection lost: {error.strerror or error}"
        finally:
            self._done.set()


def visit(connection: socket.socket, *, size: tuple[int, int] | None, lu: str, secure: bool) -> int:
    """Serve the user until either side ends the connection; returns the exit status."""

    async def run() -> str:
        session = get_app_session()
        there = Visit(connection, session.input, session.output, size=size, lu=lu, secure=secure)
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                loop.add_signal_handler(getattr(signal, name), there.end)
        return await there.run()

    said = asyncio.run(run())
    if said:
        print(f"cpvm connect: {said}", file=sys.stderr)
    return 0 if said in ("", "connection closed") else 1
