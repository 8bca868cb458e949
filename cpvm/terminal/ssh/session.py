"""One session of an ssh connection: the client says what terminal it has and what it wants, and gets that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, Final

import asyncssh

from cpvm.terminal.ssh.command import SSHCommand
from cpvm.terminal.ssh.gate import Guest, Look, Place
from cpvm.terminal.ssh.line import Channel, SSHLine
from cpvm.terminal.ssh.pty import MIN_COLUMNS, MIN_ROWS, Pty
from cpvm.terminal.ssh.window import SSHWindow

UNUSABLE: Final = 254
"""Exit status if the client cannot have what it wants here."""

MAX_COMMAND: Final = 32_768
"""Characters of a command."""

NO_SCREEN_COMMANDS = "cpvm: a command needs a user who is logged on for it: ssh USERID@... COMMAND"


class SSHSession(asyncssh.SSHServerSession[bytes]):
    """The session, as asyncssh calls it.

    Args:
        guest: who it is.
        place: what there is to work with.
        threads: where commands wait.
        ended: called when the session is over.
    """

    def __init__(self, guest: Guest, place: Place, threads: Executor, ended: Callable[[], None]) -> None:
        self._guest, self._place = guest, place
        self._threads = threads
        self._ended = ended
        self._channel: Channel | None = None
        self._pty: Pty | None = None
        self._command: str | None = None
        self._serving: SSHLine | SSHCommand | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def occupied(self) -> bool:
        """Whether somebody is logged on there, or a command is carried out."""
        serving = self._serving
        return isinstance(serving, SSHCommand) or (serving is not None and serving.occupied)

    def connection_made(self, chan: Channel) -> None:
        self._channel = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        self._pty = Pty.of(term_type, term_size[0], term_size[1])
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return len(command) <= MAX_COMMAND

    def session_started(self) -> None:
        assert self._channel is not None
        if self._command is not None and not self._guest.userid:
            self._refuse(NO_SCREEN_COMMANDS)
        elif self._command is not None:
            command = self._serving = SSHCommand(
                self._place, self._guest, self._channel, self._command, terminal=self._pty is not None
            )
            self._begin(command.serve(self._threads))
        elif self._guest.look is Look.DISPLAY and (self._pty is None or not self._pty.shows_3270):
            self._refuse(f"cpvm: a 3270 needs a terminal with VT sequences and {MIN_ROWS} rows, {MIN_COLUMNS} columns")
        else:
            line = self._serving = self._line(self._channel)
            self._begin(line.serve())

    def _line(self, channel: Channel) -> SSHLine:
        if self._pty is not None and self._pty.shows_3270 and self._guest.look is not Look.LINES:
            return SSHWindow(self._place, self._guest, channel, self._pty)
        return SSHLine(self._place, self._guest, channel, self._pty)

    def _begin(self, serving: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.ensure_future(serving)
        self._task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        """The session has ended; if by an error of this program, that is told."""
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "a session by ssh failed", "exception": error})
            if self._channel is not None:
                self._channel.abort()

    def _refuse(self, why: str) -> None:
        assert self._channel is not None
        self._channel.write_stderr(f"{why}\r\n".encode())
        self._channel.exit(UNUSABLE)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._serving is not None and datatype is None and data:
            self._serving.received(data)

    def eof_received(self) -> bool:
        if self._serving is not None:
            self._serving.received(b"")
        return True  # the answers are still to come

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if self._pty is not None and self._serving is not None:
            size = Pty.of(self._pty.term, width, height)
            self._serving.resized(size.rows, size.columns)

    def break_received(self, msec: int) -> bool:
        if self._serving is not None:
            self._serving.interrupted()
        return True

    def signal_received(self, signal: str) -> None:
        if signal in ("INT", "QUIT") and self._serving is not None:
            self._serving.interrupted()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._serving is not None:
            self._serving.lost()
        self._ended()

    def close(self) -> None:
        """End the session: the system stops."""
        if self._channel is not None:
            self._channel.close()
