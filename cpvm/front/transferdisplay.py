"""A 3270 that a program sits at, over the network: what `Station` is on a system of this process."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Final, Protocol

from cpvm.front.station import DEFAULT_TIMEOUT, ScreenTimeoutError
from cpvm.machine.media.screen import Keyboard, Screen, StreamError, read_buffer, read_modified, structured, write
from cpvm.s370.datastream import Read, Write
from cpvm.terminal.tn3270client import HostConnection, HostRefuses

_SIZE: Final = (24, 80)
_CHUNK: Final = 65536
_TICK: Final = 0.5  # seconds after which a wait without news looks at its condition again


class DisplayLost(Exception):
    """The connection is gone; the text says why."""


class Display(Protocol):
    """A display with a keyboard, as `Station` and `NetworkDisplay` are."""

    @property
    def screen(self) -> Screen:
        """What is displayed."""
        ...

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        ...

    @property
    def status(self) -> str:
        """The last twenty columns: RUNNING, VM READ, MORE..."""
        ...

    def enter(self, text: str) -> None:
        """Type a line and press ENTER."""

    def press(self, key: str) -> None:
        """A key that gives attention."""

    def wait(self, condition: Callable[[], bool], timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the condition holds. Raises ScreenTimeoutError."""

    def hangup(self) -> None:
        """Switch the display off."""


class NetworkDisplay:
    """A 3279 model 2 on the other side of a connection, by TN3270E or TN3270.

    Methods raise DisplayLost when the connection ends, and ScreenTimeoutError.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.screen = Screen(*_SIZE, _SIZE, extended=True)
        self.keyboard = Keyboard(self.screen)
        self._connection = connection
        self._host = HostConnection(_SIZE, self._command)

    # From the host

    def _command(self, command: int, data: bytes) -> bool:
        answer = b""
        try:
            if command in (Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL):
                whole = command == Read.BUFFER
                answer = (read_buffer(self.screen) if whole else read_modified(self.screen)).data
            elif command == Write.STRUCTURED_FIELD:
                answer = structured.write(self.screen, data)
            else:
                write(self.screen, command, data)
        except StreamError:
            return False
        if answer:
            self._host.received(answer)
        return True

    def _pump(self, seconds: float) -> None:
        """Wait for what the host sends, but not longer."""
        try:
            self._flush()
            pending = getattr(self._connection, "pending", lambda: 0)()
            if not pending and not select.select([self._connection], [], [], max(seconds, 0.0))[0]:
                return
            data = self._connection.recv(_CHUNK)
            if not data:
                raise DisplayLost("the system has ended the connection")
            self._host.receive(data)
            self._flush()
        except HostRefuses as error:
            raise DisplayLost(str(error)) from None
        except OSError as error:
            raise DisplayLost(f"the connection is lost: {error.strerror or error}") from None

    def _flush(self) -> None:
        if data := self._host.take():
            self._connection.sendall(data)

    # The operator

    @property
    def lines(self) -> list[str]:
        return self.screen.lines()

    @property
    def status(self) -> str:
        return self.screen.line(self.screen.rows - 1)[-20:].strip()

    def enter(self, text: str) -> None:
        self._unlocked()
        self.keyboard.type(text)
        self.press("enter")

    def press(self, key: str) -> None:
        self._unlocked()
        self.keyboard.press(key)
        self._host.received(read_modified(self.screen).data)
        self._pump(0)

    def _unlocked(self) -> None:
        self.wait(lambda: not self.screen.locked)

    def wait(self, condition: Callable[[], bool], timeout: float = DEFAULT_TIMEOUT) -> None:
        end = time.monotonic() + timeout
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise ScreenTimeoutError("it did not appear on\n" + "\n".join(self.lines))
            self._pump(min(left, _TICK))

    def hangup(self) -> None:
        self._connection.close()
