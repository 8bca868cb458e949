"""A terminal without a screen: programs type on it and wait for what the system answers, never for time to pass."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cpvm.terminal.line import Connect, ReadState, Session, StateName, without_passwords

DEFAULT_TIMEOUT = 60.0
"""Seconds that a program waits for an answer unless it says otherwise."""


class TerminalError(Exception):
    """Something on a terminal did not go as expected. `lines` is the output that came meanwhile."""

    def __init__(self, text: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((text, *(f"    {line}" for line in lines))))
        self.text = text
        self.lines = lines


class NoAnswer(TerminalError, TimeoutError):
    """The time allowed has passed and the system has not come to wait for input."""


class LineClosed(TerminalError):
    """The system has ended this terminal's session."""


class LogonRefused(TerminalError):
    """CP did not log the user on; `lines` says why."""


@dataclass(frozen=True)
class Ready:
    """CMS's Ready message: return code, virtual and total CPU seconds, and the time of day as hh:mm:ss."""

    code: int
    virtual: float | None
    total: float | None
    time: str


_READY = re.compile(r"Ready(?:\((-?\d+)\))?;(?: T=(\d+\.\d+)/(\d+\.\d+) (\d\d:\d\d:\d\d))?\s*$")


def ready_in(line: str) -> Ready | None:
    """The Ready message that `line` is, if it is one."""
    match = _READY.match(line)
    if not match:
        return None
    code, virtual, total, at = match.groups()
    return Ready(int(code or 0), float(virtual) if virtual else None, float(total) if total else None, at or "")


@dataclass(frozen=True)
class Response:
    """What came between a typed line and the next time that the system waited for one."""

    lines: tuple[str, ...]
    state: ReadState

    @property
    def text(self) -> str:
        """All lines, each ended by a newline."""
        return "".join(line + "\n" for line in self.lines)

    @property
    def ready(self) -> Ready | None:
        """The last Ready message, if there is one."""
        return next((ready for line in reversed(self.lines) if (ready := ready_in(line))), None)

    @property
    def return_code(self) -> int | None:
        """The return code of the last Ready message; None if there is none, as after a CP command in CP READ."""
        return self.ready.code if self.ready else None

    @property
    def output(self) -> tuple[str, ...]:
        """The lines without Ready messages and without blank lines at the end."""
        lines = [line for line in self.lines if not ready_in(line)]
        while lines and not lines[-1].strip():
            lines.pop()
        return tuple(lines)


class Console:
    """The terminal. CP calls `write`, `state` and `close`; a program calls the rest, from one thread at a time.

    Args:
        connect: makes the session.
        fence: runs a function after everything that was handed to CP before (`System.post`).
        name: the line's name, as QUERY NAMES shows it.
        listener: called with each line of output, and with each line that is typed, as a typewriter shows them.
    """

    def __init__(
        self,
        connect: Connect,
        fence: Callable[[Callable[[], None]], None],
        name: str,
        listener: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.local = True
        self._fence = fence
        self._listener = listener
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._taken = 0
        self._state = ReadState.RUNNING
        self._closed = False
        self._session: Session = connect(self)

    # -- called by CP ------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """One line of output."""
        with self._changed:
            self._lines.append(text)
            if self._listener:
                self._listener(text)
            self._changed.notify_all()

    def state(self, state: StateName) -> None:
        """What the system is doing."""
        with self._changed:
            self._state = ReadState[state.name]
            self._closed = self._closed or self._state is ReadState.CLOSED
            self._changed.notify_all()

    def close(self) -> None:
        """The session is over."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- called by programs ------------------------------------------------------------------------------------

    @property
    def read_state(self) -> ReadState:
        """What the system is doing now."""
        with self._changed:
            return self._state

    @property
    def closed(self) -> bool:
        """Whether the system has ended the session."""
        with self._changed:
            return self._closed

    @property
    def userid(self) -> str:
        """The user logged on here, or an empty string."""
        return self._session.userid

    @property
    def transcript(self) -> tuple[str, ...]:
        """All lines of output since the connection was made."""
        with self._changed:
            return tuple(self._lines)

    def type(self, text: str, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Wait until the system wants a line, type `text`, and wait until it wants the next one.

        Raises:
            NoAnswer: `timeout` seconds have passed.
            LineClosed: the system ended the session.
        """
        end = time.monotonic() + timeout
        self._wait(lambda: self._state.reading, end, "for input")
        state = self.read_state
        shown = "XXXXXXXX" if state is ReadState.PASSWORD else without_passwords(text, state)
        if self._listener:
            self._listener(shown)
        self._session.line(text)
        return self._answer(end, repr(shown))

    def send(self, text: str) -> None:
        """Type `text` at once, whatever the system is doing, and do not wait for an answer."""
        self._session.line(text)

    def attention(self, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Press the attention key and wait until the system wants a line. Raises as `type` does."""
        self._session.attention()
        return self._answer(time.monotonic() + timeout, "attention")

    def wait(self, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Wait until the system wants a line. Raises as `type` does."""
        return self._answer(time.monotonic() + timeout, "the system to be ready")

    def expect(self, pattern: str, timeout: float = DEFAULT_TIMEOUT) -> re.Match[str]:
        """Wait for a line of output, not yet returned by another call, in which the regular expression is found.

        Lines up to and with the one found count as returned. Raises as `type` does.
        """
        compiled = re.compile(pattern)
        found: list[re.Match[str]] = []

        def search() -> bool:
            for number, line in enumerate(self._lines[self._taken :], self._taken + 1):
                if match := compiled.search(line):
                    self._taken = number
                    found.append(match)
                    return True
            return False

        self._wait(search, time.monotonic() + timeout, f"for a line with {pattern!r}")
        return found[0]

    def new_lines(self) -> tuple[str, ...]:
        """Output that no other call has returned, without waiting."""
        with self._changed:
            return self._take()

    def hangup(self) -> None:
        """End the connection, as when the telephone is put down: a user logged on is disconnected."""
        self._session.hangup()

    # -- helpers -----------------------------------------------------------------------------------------------

    def _take(self) -> tuple[str, ...]:
        lines = tuple(self._lines[self._taken :])
        self._taken = len(self._lines)
        return lines

    def _answer(self, end: float, what: str) -> Response:
        handled = False

        def mark() -> None:
            nonlocal handled
            with self._changed:
                handled = True
                self._changed.notify_all()

        self._fence(mark)
        with self._changed:
            # A state that CP announced before it saw the line is no answer: first the fence, then the state.
            self._wait(lambda: self._closed or (handled and self._state.reading), end, f"for an answer to {what}")
            return Response(self._take(), ReadState.CLOSED if self._closed else self._state)

    def _wait(self, condition: Callable[[], bool], end: float, what: str) -> None:
        with self._changed:
            while not condition():
                if self._closed:
                    raise LineClosed(f"the session ended while waiting {what}", self._take())
                left = end - time.monotonic()
                if left <= 0:
                    state = self._state.replace("_", " ")
                    raise NoAnswer(f"timed out waiting {what}; the terminal is in state {state}", self._take())
                self._changed.wait(left)
