"""What stands around a bare machine: card hopper and stacker, paper, and the operator at the console."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import IO, Protocol

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

Failed = Callable[[OSError], None]
"""Told that the host could not write what a device put out; the device goes on as if it had."""


def _text(data: bytes) -> str:
    text = from_ebcdic(data)
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


class Stacker:
    """Punched cards, written to a file as 80-byte EBCDIC images."""

    def __init__(self, file: IO[bytes] | None, failed: Failed) -> None:
        self._file = file
        self._failed = failed

    def card(self, data: bytes) -> None:
        """Take a card."""
        try:
            if self._file:
                self._file.write(data)
        except OSError as error:
            self._failed(error)


class Paper:
    """Printed lines as text: line feeds for spaces, a form feed for a skip to channel 1, CR for overprinting."""

    def __init__(self, file: IO[str], failed: Failed, heard: Callable[[str], None]) -> None:
        self._file = file
        self._failed = failed
        self._heard = heard

    def line(self, opcode: int, data: bytes) -> None:
        """Print `data`, then move the carriage as the command says."""
        motion = opcode >> 3
        feed = ("\r", "\n", "\n\n", "\n\n\n")[motion] if motion < 4 else "\n\f" if motion == 0x11 else "\n"
        if opcode & 2:  # the carriage alone
            feed = "\n" * motion if motion < 4 else "\f" if motion == 0x11 else "\n"
        text = _text(data).rstrip() + feed
        try:
            self._file.write(text)
            self._file.flush()
            self._heard(text)
        except OSError as error:
            self._failed(error)


class Key(Enum):
    """What can be typed that is no line."""

    REQUEST = "request"
    END = "end of input"


Typed = str | Key


class Typewriter(Protocol):
    """The operator's side of a console."""

    reading: bool
    """Whether the guest waits for a line."""

    def enter(self, data: bytes) -> bool: ...
    def cancel(self) -> bool: ...
    def attention(self) -> None: ...


def _nothing(text: str = "") -> None:
    pass


@dataclass
class Operator:
    """The console's back end: types what the machine writes, answers its reads with what was typed."""

    out: IO[str]
    failed: Failed
    typed: deque[str] = field(default_factory=deque)
    ended: bool = False
    cancelled: bool = False
    starved: bool = False
    """The machine read on after the end of input."""
    console: Typewriter | None = None
    """The device; None as long as the machine has no console."""
    heard: Callable[[str], None] = _nothing
    """Told what the console types."""
    answered: Callable[[], None] = _nothing
    """Told that the machine has read a line that was typed before."""

    def write(self, data: bytes, newline: bool) -> None:
        """Type on the terminal."""
        text = _text(data) + ("\n" if newline else "")
        self._type(text)
        self.heard(text)

    def read(self, limit: int) -> None:
        """The machine wants a line: it gets one that was typed before, if there is one."""
        if self.console is None:
            return
        if self.typed:
            self.console.enter(to_ebcdic(self.typed.popleft())[:limit])
            self.answered()
        elif self.ended:
            self._end()

    def alarm(self) -> None:
        """Ring the bell."""
        self._type("\a")

    def echo(self, text: str) -> None:
        """Show what was typed elsewhere than on this terminal."""
        self._type(text)

    def _type(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except OSError as error:
            self.failed(error)

    @property
    def reading(self) -> bool:
        """Whether the machine reads the console now."""
        return self.console is not None and self.console.reading

    def enter(self, typed: Typed) -> None:
        """A line was typed: it answers the outstanding read, or waits for one and gives attention."""
        if typed is Key.END:
            self.ended = True
            self.cancelled = self.starved = False
            if self.reading:
                self._end()
        elif self.console is None:
            pass  # there is no console
        elif isinstance(typed, Key):
            self.console.attention()
        else:
            self.ended = self.cancelled = self.starved = False
            if not self.console.enter(to_ebcdic(typed)):
                self.typed.append(typed)
                self.console.attention()

    def _end(self) -> None:
        """Tell the first read behind the last line by unit exception, as the CANCEL key does; the next one waits."""
        self.starved = self.cancelled
        if not self.cancelled and self.console is not None:
            self.cancelled = True
            self.console.cancel()
