"""What a client says of its terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MIN_ROWS, MIN_COLUMNS = 24, 80
"""The smallest window in which a 3270 is of use."""

MAX_ROWS, MAX_COLUMNS = 500, 1000
"""The largest that is believed."""

_VT = re.compile(
    r"(xterm|vte|rxvt|screen|tmux|konsole|kitty|alacritty|foot|wezterm|putty|gnome|ms-terminal|iterm|ghostty|contour|mlterm"
    r"|linux|cygwin|vt[12345]\d\d|st|ansi)([-.].*)?",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"(?!linux|cygwin|vt\d|ansi)", re.IGNORECASE)
_PLAIN = re.compile(r"vt\d|.*-m(ono)?$", re.IGNORECASE)
_EIGHT: Final = ("linux", "cygwin", "ansi", "screen", "rxvt", "xterm-color")


@dataclass
class Pty:
    """A terminal: its TERM, and its size in characters."""

    term: str
    rows: int
    columns: int

    @classmethod
    def of(cls, term: str, columns: int, rows: int) -> Pty:
        """What a client has asked for; a size of 0 is not known."""
        return cls(term[:100], min(rows, MAX_ROWS) or 24, min(columns, MAX_COLUMNS) or 80)

    @property
    def addressable(self) -> bool:
        """Whether its cursor can be moved with VT sequences."""
        return _VT.fullmatch(self.term) is not None

    @property
    def brackets(self) -> bool:
        """Whether it can bracket what is pasted."""
        return self.addressable and _BRACKETS.match(self.term) is not None

    @property
    def shows_3270(self) -> bool:
        """Whether a 3270 can be drawn on it."""
        return self.addressable and self.rows >= MIN_ROWS and self.columns >= MIN_COLUMNS

    @property
    def shapes(self) -> bool:
        """Whether its cursor can have several shapes."""
        return self.brackets

    @property
    def black(self) -> bool:
        """Whether rows can be erased to black: GNU screen erases them to its own background."""
        return not self.term.lower().startswith("screen")

    @property
    def colours(self) -> int:
        """How many colours it has."""
        if _PLAIN.match(self.term):
            return 0
        if "256" in self.term or "direct" in self.term or "truecolor" in self.term:
            return 256
        return 8 if self.term.lower() in _EIGHT else 16
