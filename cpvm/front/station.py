"""A 3270 that a program sits at: the display, its keyboard, and waiting for what is to appear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cpvm.cp.graphic import GraphicTerminal
from cpvm.cp.system import System
from cpvm.machine.media.screen import Keyboard, Screen, read_buffer, read_modified, structured, write
from cpvm.s370.datastream import Read, Write

DEFAULT_TIMEOUT = 30.0
MODELS = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}


class ScreenTimeoutError(TimeoutError):
    """What was waited for did not appear; the text has the screen."""


class Station:
    """One display, connected to a system. Its methods may be called from any thread but CP's.

    Args:
        model: 2 to 5, of a 3279.
    """

    local = True
    extended = True

    def __init__(self, system: System, name: str, model: int = 2) -> None:
        self.name = name
        self.size = MODELS[model]
        self.screen = Screen(24, 80, self.size, extended=True)
        self.keyboard = Keyboard(self.screen)
        self.closed = False
        self._changed = threading.Condition()
        self._terminal = GraphicTerminal(system, self)

    # From the system

    def send(self, command: int, data: bytes) -> None:
        """A command for the display."""
        answer = b""
        with self._changed:
            if command in (Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL):
                buffer = command == Read.BUFFER
                answer = (read_buffer(self.screen) if buffer else read_modified(self.screen)).data
            elif command == Write.STRUCTURED_FIELD:
                answer = structured.write(self.screen, data)
            else:
                write(self.screen, command, data)
            self._changed.notify_all()
        if answer:
            self._terminal.received(answer)

    def close(self) -> None:
        """The system ends the connection."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    # The operator

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends; what is not displayed is blank."""
        with self._changed:
            return [line.rstrip() for line in self.screen.lines()]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def status(self) -> str:
        """The last twenty columns: RUNNING, VM READ, MORE..."""
        return self.lines[-1][-20:].strip() if len(self.lines[-1]) > self.screen.columns - 20 else ""

    def type(self, text: str) -> None:
        """Type characters where the cursor is, as soon as the keyboard is unlocked.

        Raises Inhibited: the field is protected or full. ScreenTimeoutError.
        """
        with self._changed:
            self.unlocked()
            self.keyboard.type(text)

    def press(self, key: str) -> None:
        """A key that gives attention, as soon as the keyboard is unlocked: enter, clear, pa1, pf1...

        Raises KeyError, ScreenTimeoutError.
        """
        with self._changed:
            self.unlocked()
            self.keyboard.press(key)
            record = read_modified(self.screen).data
        self._terminal.received(record)

    def enter(self, text: str) -> None:
        """Type a line and press ENTER."""
        self.type(text)
        self.press("enter")

    def unlocked(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the keyboard is unlocked. Raises ScreenTimeoutError."""
        self.wait(lambda: not self.screen.locked, timeout)

    def wait(self, condition: Callable[[], bool], timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the condition holds; it is looked at whenever the screen changes.

        Raises ScreenTimeoutError.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while not condition():
                if not self._changed.wait(end - time.monotonic()) and not condition():
                    raise ScreenTimeoutError("it did not appear on\n" + "\n".join(self.screen.lines()))

    def wait_for(self, text: str, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the text is on the screen. Raises ScreenTimeoutError."""
        self.wait(lambda: self.screen.find(text) >= 0, timeout)

    def hangup(self) -> None:
        """Switch the display off."""
        self._terminal.lost()
