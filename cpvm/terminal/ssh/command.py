"""`ssh host command`: lines for CMS, without a terminal. Their output goes back; what the client sends is read by them.

Hard limits: `MAX_UNREAD`, `MAX_WAITING`, and `MAX_LINE` for a line of input.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import queue
from concurrent.futures import Executor
from typing import Final

from cpvm.terminal.codepage import fitted, report
from cpvm.terminal.line import MAX_LINE, printable
from cpvm.terminal.ssh.gate import Command, Guest, Place
from cpvm.terminal.ssh.line import Channel

MAX_UNREAD: Final = 64 << 20
"""Bytes of output that a client may leave unread; beyond that the command is given up."""

MAX_WAITING: Final = 1000
"""Lines of input that wait to be read; the client is asked to send no more meanwhile."""


class SSHCommand:
    """One session. Everything but `write`, `complain` and `read` belongs on the event loop's thread."""

    def __init__(self, place: Place, guest: Guest, channel: Channel, text: str, *, terminal: bool) -> None:
        self.name = place.name
        self._guest = guest
        self._gate = place.gate
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._line_end = "\r\n" if terminal else "\n"
        self._missing: dict[str, None] = {}
        self._lines = [fitted(line, self._missing) for line in text.splitlines()]
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = ""
        self._paused = False
        self._command: Command | None = None
        self._lost = False

    async def serve(self, threads: Executor) -> None:
        """Execute the lines; the session ends with their exit status."""
        if self._missing:
            self._send(report(self._missing), error=True)
        self._command = self._gate.command(self._guest, self.name, self._lines, self)
        status = await self._loop.run_in_executor(threads, self._command.run)
        if not self._lost and not self._channel.is_closing():
            self._channel.exit(status)

    # -- the client ------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """The client has sent something; b"": the end of its input."""
        text = self._typed + self._decoder.decode(data, final=not data)
        *lines, self._typed = text.replace("\r\n", "\n").split("\n")
        if not data and self._typed:
            lines.append(self._typed)
        missing: dict[str, None] = {}
        for line in lines:
            if len(line) > MAX_LINE:
                self._send(f"LINE OF MORE THAN {MAX_LINE} CHARACTERS IGNORED", error=True)
            else:
                self._waiting.put(fitted(line, missing))
        if missing:
            self._send(report(missing), error=True)
        self._typed = self._typed[: MAX_LINE + 1]
        if not data:
            self._waiting.put(None)
        elif self._waiting.qsize() > MAX_WAITING and not self._paused:
            self._paused = True
            self._channel.pause_reading()

    def interrupted(self) -> None:
        """BREAK, or a signal: nobody wants the rest."""
        self.lost()
        if not self._channel.is_closing():
            self._channel.exit(130)  # as a shell's after Ctrl-C

    def resized(self, rows: int, columns: int) -> None:
        """The client's window has another size, which does not matter here."""

    def lost(self) -> None:
        """The connection has ended."""
        self._lost = True
        self._waiting.put(None)
        if self._command is not None:
            self._command.cancel()

    # -- the command, on other threads -----------------------------------------------------------------------

    def write(self, text: str) -> None:
        """One line of output."""
        self._post(text, error=False)

    def complain(self, text: str) -> None:
        """One line about what went wrong."""
        self._post(text, error=True)

    def read(self) -> str | None:
        """The next line of input; None at its end."""
        line = self._waiting.get()
        if line is None:
            self._waiting.put(None)
        if self._paused and self._waiting.empty():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._resume)
        return line

    def _resume(self) -> None:
        if self._paused and not self._lost:
            self._paused = False
            self._channel.resume_reading()

    def _post(self, text: str, *, error: bool) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(lambda: self._send(text, error=error))

    def _send(self, text: str, *, error: bool) -> None:
        if self._lost or self._channel.is_closing():
            return
        data = (printable(text) + self._line_end).encode("utf-8", "replace")
        if error:
            self._channel.write_stderr(data)
        else:
            self._channel.write(data)
        if self._channel.get_write_buffer_size() > MAX_UNREAD:
            self._channel.abort()
