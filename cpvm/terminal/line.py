"""What every line-mode terminal has in common: the state shown to the user, echo, and the history of typed lines.

A terminal knows CP only through the two small protocols below. CP calls a `Terminal` from its own thread, so none of
its methods may wait; a `Session` may be called from any thread.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, runtime_checkable

from cpvm.typedpasswords import masked

MAX_LINE = 512
"""Longest typed line in characters; a longer one is refused whole, since half a command may do harm."""

MAX_HISTORY = 500
"""Lines remembered for the arrow keys, per terminal."""

MAX_HISTORY_CHARACTERS = 40_000
"""Characters of them all together; the oldest lines go first."""


class ReadState(StrEnum):
    """What the system is doing for a terminal, as the status area of a 3270 showed it."""

    LOGON = "LOGON"
    PASSWORD = "PASSWORD"
    CP_READ = "CP_READ"
    VM_READ = "VM_READ"
    RUNNING = "RUNNING"
    SLEEPING = "SLEEPING"
    CLOSED = "CLOSED"

    @property
    def reading(self) -> bool:
        """Whether a typed line is waited for."""
        return self in (ReadState.LOGON, ReadState.PASSWORD, ReadState.CP_READ, ReadState.VM_READ)


STATUS = {
    ReadState.LOGON: "ONLINE",
    ReadState.PASSWORD: "PASSWORD",
    ReadState.CP_READ: "CP READ",
    ReadState.VM_READ: "VM READ",
    ReadState.RUNNING: "RUNNING",
    ReadState.SLEEPING: "SLEEPING",
    ReadState.CLOSED: "CLOSED",
}


class StateName(Protocol):
    """A terminal state as CP hands it over: an enumeration member known here by its name."""

    @property
    def name(self) -> str: ...


class Session(Protocol):
    """The system's end of a terminal line."""

    @property
    def userid(self) -> str:
        """The user logged on here, or an empty string."""

    def line(self, text: str) -> None:
        """Enter one typed line."""

    def attention(self) -> None:
        """Press the attention key."""

    def hangup(self) -> None:
        """The line is gone: a user logged on here is disconnected, not logged off."""


@runtime_checkable
class KeyedSession(Protocol):
    """A session whose system gives program function keys a meaning."""

    def program_key(self, number: int) -> None:
        """Key NUMBER, 1 to 24, was pressed."""


@runtime_checkable
class WideSession(Protocol):
    """A session whose system breaks lines as wide as the terminal is."""

    def resized(self, columns: int) -> None:
        """The terminal has so many columns."""


def press(session: Session | None, number: int) -> None:
    """Press a program function key; systems that know of none do nothing."""
    if isinstance(session, KeyedSession):
        session.program_key(number)


class Terminal(Protocol):
    """The user's end of a terminal line.

    One that has a method `fill` is given text to put where the user types, as if it had been typed and not entered.
    """

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool: ...

    def write(self, text: str) -> None: ...

    def state(self, state: StateName) -> None: ...

    def close(self) -> None: ...


Connect = Callable[[Terminal], Session]
"""Makes the connection between a terminal and the system; callable from any thread."""


_CONTROLS = {code: "." for code in (*range(0x20), *range(0x7F, 0xA0))} | {ord("\t"): " "}


def printable(text: str) -> str:
    """Output without control characters, so that no user's message can work another user's screen."""
    return text.translate(_CONTROLS)


def without_passwords(text: str, state: ReadState) -> str:
    """A line typed in `state` as it may be shown or kept: a password inside a command is masked as XXXXXXXX."""
    return masked(text, logon=state is ReadState.LOGON)


class History:
    """Lines typed on one terminal, oldest first; passwords and repetitions are not kept."""

    def __init__(self, limit: int = MAX_HISTORY) -> None:
        self.lines: list[str] = []
        self._limit = limit
        self._characters = 0

    def add(self, text: str, state: ReadState) -> None:
        """Remember `text`, typed while the terminal was in `state`."""
        if state is ReadState.PASSWORD or not text.strip() or without_passwords(text, state) != text:
            return
        if self.lines and self.lines[-1] == text:
            return
        self.lines.append(text)
        self._characters += len(text)
        while len(self.lines) > self._limit or (self._characters > MAX_HISTORY_CHARACTERS and len(self.lines) > 1):
            self._characters = max(0, self._characters - len(self.lines.pop(0)))
