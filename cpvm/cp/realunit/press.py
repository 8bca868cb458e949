"""Printing: the lines of a spool file on paper, as their carriage control says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpvm.cp.spoolfile import CARD, LOAD_FORMS, SpoolRecord
from cpvm.machine.media.forms import STANDARD, Form, Motion
from cpvm.machine.media.pages import PagePaper
from cpvm.machine.media.paper import Paper, TextPaper

TOP: Final = 1  # the channel of the first line
_SPACE_ONE: Final = 1


class Ink:
    """A file, as paper wants it, whose bytes go to WRITE."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: str | bytes) -> int:
        """Pass it on; text in UTF-8."""
        self._write(data.encode("utf-8", "replace") if isinstance(data, str) else data)
        return len(data)

    def flush(self) -> None:
        """The outlet does that at the end."""


def paper_for(format: str, greenbar: bool, write: Callable[[bytes], None]) -> Paper:
    """Paper of a format, `text` or `pdf`. Raises ConfigurationError if reportlab is missing."""
    ink = Ink(write)
    return PagePaper(ink, greenbar) if format == "pdf" else TextPaper(ink)  # type: ignore[arg-type]


class Press:
    """A printer's carriage over PAPER; without paper it only counts pages.

    `page_starts` has the number of the record that each page begins with, from 0.
    """

    def __init__(self, paper: Paper | None, form: Form = STANDARD) -> None:
        self._paper = paper
        self._form = form
        self._line = 1
        self._touched = False  # something was printed on this form, or the carriage moved
        self.page_starts = [0]
        self.single = False
        """Space single, whatever the carriage control says (SPACE)."""
        if paper is not None:
            paper.form(form.length, form.lpi, 1)

    def record(self, number: int, record: SpoolRecord) -> None:
        """Print a record; NUMBER counts the file's records from 0."""
        if record.opcode == LOAD_FORMS:
            self._load(record.data)
            return
        if record.data:
            self._touched = True
            if self._paper is not None:
                self._paper.print(record.data)
        motion = self._motion(record)
        if motion is not None:
            self._move(motion)
            if motion.forms:
                self.page_starts.append(number + 1)

    def eject(self) -> None:
        """Go to the top of a new form, unless the carriage is there."""
        if self._touched:
            self._move(self._to_top())
        self._touched = False

    def _motion(self, record: SpoolRecord) -> Motion | None:
        code = record.opcode
        if self.single or code == CARD:
            return self._form.space(self._line, _SPACE_ONE) if record.data else None
        if code < 0x80:
            lines = code >> 3 & 0x03
            return self._form.space(self._line, lines) if lines else None
        channel = code >> 3 & 0x0F
        if channel == TOP and not self._touched and not record.data:
            return None  # programs begin with a skip to channel 1
        return self._form.skip(self._line, channel) or self._to_top()

    def _to_top(self) -> Motion:
        found = self._form.skip(self._line, TOP)
        if found is None:
            left = self._form.length - self._line + 1
            found = Motion(left, 1, 1, skip=True)
        return found

    def _move(self, motion: Motion) -> None:
        self._line = motion.line
        self._touched = motion.line != 1
        if self._paper is not None:
            self._paper.move(motion)

    def _load(self, image: bytes) -> None:
        try:
            self._form = Form.from_buffer(image)
        except ValueError:
            return  # the printer says load check, and keeps its form
        self.eject()
        self._line = 1
        if self._paper is not None:
            self._paper.form(self._form.length, self._form.lpi, 1)
