"""A line-mode terminal by ssh: the line editor where the client has a terminal, else lines as they come.

A terminal that somebody was let in for is that user's: it logs the user on, and ends when the user is so no more.
Attention is Ctrl-C, BREAK (`~B` of OpenSSH's client) and the signal INT.
"""

from __future__ import annotations

import asyncio
from typing import Final

import asyncssh

from cpvm.terminal.keys import PASTE_ON
from cpvm.terminal.line import ReadState
from cpvm.terminal.linemode import MAX_UNREAD, NetworkLine
from cpvm.terminal.ssh.gate import Guest, Place
from cpvm.terminal.ssh.pty import Pty

REFUSED: Final = 1
"""Exit status if the user could not be logged on."""

MAX_CHUNKS: Final = 16
"""Pieces of input that wait to be looked at before the client is asked to send no more."""

_SLICE: Final = 1024

Channel = asyncssh.SSHServerChannel[bytes]


class SSHLine(NetworkLine):
    """One session.

    Args:
        place: what there is to work with.
        guest: who it is.
        channel: the client's.
        pty: the client's terminal, if it has one.
    """

    def __init__(self, place: Place, guest: Guest, channel: Channel, pty: Pty | None) -> None:
        super().__init__(place.name, guest.local, place.histories, place.gate.fence, address=guest.address)
        self._guest = guest
        self._gate = place.gate
        self._channel = channel
        self._pty = pty
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._paused = False
        self._status = 0
        self._logging_on = False
        self._was_on = False  # the user has been logged on here
        self._lost: asyncio.Future[None] = self._loop.create_future()
        if pty is None:
            self.line_end = "\n"
        else:
            self._editor.echo = True

    # -- what the client does --------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """The client has sent something; b"": the end of its input."""
        self._input.put_nowait(data)
        if self._input.qsize() > MAX_CHUNKS and not self._paused:
            self._paused = True
            self._channel.pause_reading()

    def resized(self, rows: int, columns: int) -> None:
        """The client's terminal has another size."""
        self._resize(columns)

    def interrupted(self) -> None:
        """BREAK, or the signal INT."""
        if self._session is not None:
            self._press_attention()

    def lost(self) -> None:
        """The connection has ended."""
        if not self._lost.done():
            self._lost.set_result(None)
        self._input.put_nowait(b"")

    async def serve(self) -> None:
        """Serve the client until either side ends the session."""
        if self._pty is not None and self._pty.brackets:
            self._brackets = True
            self._transmit(PASTE_ON)
        self._session = self._gate.connect(self, self._guest.userid)
        if self._pty is not None:
            self._resize(self._pty.columns)
        try:
            while not self._closing and (data := await self._next()):
                for at in range(0, len(data), _SLICE):
                    self._data(data[at : at + _SLICE])
                    self._transmit(self._editor.take())
                    await asyncio.sleep(0)  # others are to be served, too
                await self._throttle.pause()
                await self._caught_up.wait()
            if self._pty is None and not self._closing and not self._lost.done():
                await self._last_answers(self._lost)
        finally:
            if not self._closing:
                self._session.hangup()
            self._finish()

    async def _next(self) -> bytes:
        data = await self._input.get()
        if self._paused and self._input.empty() and not self._ended():
            self._paused = False
            self._channel.resume_reading()
        return data

    # -- the protocol ----------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        return self._closing or self._lost.done() or self._channel.is_closing()

    def _transmit(self, text: str) -> None:
        if not text or self._lost.done() or self._channel.is_closing():
            return
        self._channel.write(text.encode("utf-8", "replace"))
        if self._channel.get_write_buffer_size() > MAX_UNREAD:
            self._channel.abort()

    def _hang_up(self) -> None:
        self._input.put_nowait(b"")
        if not self._lost.done() and not self._channel.is_closing():
            self._channel.exit(self._status)

    def _entered(self, state: ReadState) -> bool:
        self._was_on = self._was_on or bool(self._userid)
        if state is not ReadState.LOGON or not self._guest.userid:
            return state.reading
        assert self._session is not None
        if not self._logging_on:
            self._logging_on = True
            self._session.line(f"LOGON {self._guest.userid}")
        else:
            # Logged off; or never logged on, and CP has said why.
            self._status = 0 if self._was_on else REFUSED
            self._session.hangup()
            self._finish()
        return False

    def _enter(self, text: str) -> None:
        if self._guest.userid and not self._was_on:
            self._held.append(text)  # typed before LOGON was
        else:
            super()._enter(text)

    def _fill_elsewhere(self, text: str) -> None:
        pass  # without a terminal there is nowhere to put it
