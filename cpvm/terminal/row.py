"""Where a typed line is on the screen: over one row or several, with tabulators and wide characters.

Positions are counted in cells from the beginning of the line. Only backspace, carriage return and blanks are used while
the line fits one row, so that the simplest terminal will do; ANSI cursor moves beyond that.
"""

from functools import lru_cache

from wcwidth import wcwidth

TAB_STOPS = 8
"""Columns between two tabulator stops."""


@lru_cache(maxsize=4096)
def cells_of(char: str) -> int:
    """Columns that a character takes; a tabulator counts as none here."""
    return max(0, wcwidth(char))


def _odd(text: str) -> int:
    """How many characters do not take just one cell."""
    return 0 if text.isascii() and "\t" not in text else sum(cells_of(char) != 1 for char in text)


class Row:
    """The characters of a line and their places; collects in `out` what the terminal has to be sent."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.chars: list[str] = []
        self.out: list[str] = []
        self._where = 0  # the cell in which the terminal's cursor is
        self._odd = 0  # characters that do not take just one cell
        self._places: list[int] = []  # where each character begins, and one more would; empty: not known
        self._ends: list[int] = []

    def place(self, index: int) -> int:
        """The cell in which the character with this index is, or would be."""
        if not self._odd:
            return index
        if not self._places:
            self._lay_out()
        return self._places[index]

    def _lay_out(self) -> None:
        """Find out where each character begins and ends: a wide one does not fit the last column."""
        width, at = self.width, 0
        self._places, self._ends = [], []
        for char in self.chars:
            if char == "\t":
                column = at % width
                cells = min(TAB_STOPS - column % TAB_STOPS, width - column)
            else:
                cells = cells_of(char)
                if cells == 2 and at % width == width - 1:
                    at += 1
            self._places.append(at)
            at += cells
            self._ends.append(at)
        self._places.append(at)

    @property
    def end(self) -> int:
        """The cell behind the last character."""
        return self.place(len(self.chars))

    def replace(self, start: int, stop: int, new: str) -> None:
        """Have NEW in place of the characters from START up to STOP."""
        self._odd += _odd(new) - _odd("".join(self.chars[start:stop]))
        self.chars[start:stop] = new
        self._places = []

    def clear(self) -> None:
        """No line any more; the cursor is in the first column."""
        self.chars.clear()
        self._odd = 0
        self._places = []
        self._where = 0

    # -- drawing ---------------------------------------------------------------------------------------------

    def draw(self, start: int, blanks_to: int = 0) -> None:
        """Show the characters from START on, and blanks up to the cell BLANKS_TO where the line was longer before."""
        text = self._drawn(start) if self._odd else "".join(self.chars[start:])
        self.go(self._behind(start - 1))
        end = max(self.end, blanks_to)
        text += " " * (end - self.end)
        self.out.append(text)
        self._where = end
        if text and end % self.width == 0:
            # A terminal waits in the last column until one more character comes: make it go on to the next row.
            self.out.append(" \b")

    def _behind(self, index: int) -> int:
        """The cell behind the character with this index, which may be the one before the first."""
        if index < 0 or not self._odd:
            return index + 1
        self.place(index)
        return self._ends[index]

    def _drawn(self, start: int) -> str:
        """What shows the characters from START on, the cells that wide ones leave free in the last column, too."""
        self.place(start)
        out, end = [], self._behind(start - 1)
        for char, place, behind in zip(self.chars[start:], self._places[start:], self._ends[start:], strict=False):
            out.append(" " * (place - end) + (" " * (behind - place) if char == "\t" else char))
            end = behind
        return "".join(out)

    def go(self, to: int) -> None:
        """Move the terminal's cursor to a cell."""
        old, self._where = self._where, to
        rows = to // self.width - old // self.width
        if rows == 0 and to <= old:
            self.out.append("\b" * (old - to))
        elif rows == 0:
            self.out.append("".join(self.chars[old:to]) if self._simple(to) else f"\x1b[{to - old}C")
        else:
            self.out.append(f"\x1b[{abs(rows)}{'B' if rows > 0 else 'A'}\r")
            if column := to % self.width:
                self.out.append(f"\x1b[{column}C")

    def _simple(self, to: int) -> bool:
        return not self._odd and to <= len(self.chars)

    def hide(self) -> None:
        """Take the line off the screen; the cursor ends in its first column."""
        if self.end < self.width:
            self.out.append("\r" + " " * self.end + "\r")
        else:
            if rows := self._where // self.width:
                self.out.append(f"\x1b[{rows}A")
            self.out.append("\r\x1b[J")
        self._where = 0

    def new_row(self) -> None:
        """Go on below the line, which stays on the screen."""
        self.go(self.end)
        self.out.append("\r" if self._where and self._where % self.width == 0 else "\r\n")
        self._where = 0

    def resize(self, width: int, at: int, shown: bool) -> None:
        """The terminal now has WIDTH columns; the cursor is at the character with index AT.

        Most terminals break their rows anew, so the line is looked for where the new width puts it, and shown again.
        """
        several = self.end >= min(self.width, width)
        self.width = width
        self._places = []
        self._where = self.place(at)
        if shown and several and self.chars:
            self.hide()
            self.draw(0)
            self.go(self.place(at))
