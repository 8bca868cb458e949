"""A part of the screen that is marked, and the terminal's clipboard.

Source: XTerm Control Sequences, OSC 52.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cpvm.machine.media.screen import Screen


@dataclass(frozen=True)
class Selection:
    """A rectangle between two corners, each a row and a column of the screen."""

    start: tuple[int, int]
    end: tuple[int, int]

    @property
    def single(self) -> bool:
        """Whether it is only one position."""
        return self.start == self.end

    @property
    def rows(self) -> range:
        """The rows."""
        first, last = sorted((self.start[0], self.end[0]))
        return range(first, last + 1)

    @property
    def columns(self) -> range:
        """The columns."""
        first, last = sorted((self.start[1], self.end[1]))
        return range(first, last + 1)

    def text(self, screen: Screen) -> str:
        """What is in it, without blanks at the ends of lines."""
        columns = self.columns
        rows = [row for row in self.rows if row < screen.rows]
        return "\n".join(screen.line(row)[columns.start : columns.stop].rstrip() for row in rows)


def clipboard(text: str) -> str:
    """The sequence that puts text into the terminal's clipboard. Not every terminal knows it, or may do it."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x1b\\"
