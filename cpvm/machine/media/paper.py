"""The paper of a printer on the host: as text, or as pages (`pages`)."""

from __future__ import annotations

from typing import IO, Protocol

from cpvm.machine.device import MediaError
from cpvm.machine.media.forms import Motion
from cpvm.s370.ebcdic import from_ebcdic


def text_of(data: bytes) -> str:
    """A line of print as text, without blanks at its end; what has no graphic is a blank."""
    return "".join(char if char.isprintable() else " " for char in from_ebcdic(data)).rstrip()


class Paper(Protocol):
    """Paper that a carriage moves. Methods raise MediaError if the host fails."""

    def print(self, data: bytes) -> None:
        """Print EBCDIC at the present line, over what is there."""

    def move(self, motion: Motion) -> None:
        """The carriage has moved."""

    def form(self, length: int, lpi: int, line: int) -> None:
        """From now on forms have so many lines, 6 or 8 an inch, and the paper is at this line of one."""

    def close(self) -> None:
        """No more will be printed."""


class TextPaper:
    """Paper as text: line feeds, a carriage return before a line that is printed over another one, a form feed where
    a skip comes to a new form.

    Spaces over the end of a form give line feeds alone, as the paper of a printer without carriage tape runs on.
    """

    def __init__(self, file: IO[str], crlf: bool = False) -> None:
        self._file = file
        self._end = "\r\n" if crlf else "\n"
        self._printed = False  # something is on the present line

    def print(self, data: bytes) -> None:
        """Print a line."""
        text = text_of(data)
        if text:
            self._write("\r" + text if self._printed else text)
            self._printed = True

    def move(self, motion: Motion) -> None:
        """Feed lines or a form."""
        if not motion.lines:
            return
        if motion.skip and motion.forms:
            end = self._end if self._printed else ""
            self._write(end + "\f" * motion.forms + self._end * (motion.line - 1))
        else:
            self._write(self._end * motion.lines)
        self._printed = False

    def form(self, length: int, lpi: int, line: int) -> None:
        """Text does not know how long forms are."""

    def close(self) -> None:
        """End the last line."""
        if self._printed:
            self._printed = False
            self._write(self._end)

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError) as error:
            raise MediaError(f"cannot print: {error}") from error
