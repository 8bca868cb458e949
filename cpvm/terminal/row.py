"""Where a typed line is on the screen: over one row or several, with tabulators and wide characters.

Positions are counted in cells from the beginning of the line. Only backspace, carriage return and blanks are used while
the line fits one row, so that the simplest terminal will do; ANSI cursor moves beyond that.
"""

from wcwidth import wcwidth

TAB_STOPS = 8
"""Columns between two tabulator stops."""


def cells_of(char: str) -> int:
    """Columns that a character takes; a tabulator counts as none here."""
    return 1 if " " <= char < "\x7f" else max(0, wcwidth(char))


class Row:
    """The characters of a line and their places; collects in `out` what the terminal has to be sent."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.chars: list[str] = []
        self.out: list[str] = []
        self._where = 0  # the cell in which the terminal's cursor is
        self._odd = 0  # characters that do not take just one cell
        self._places: list[int] | None = None

    def place(self, index: int) -> int:
        """The cell in which the character with this index is, or would be."""
        if not self._odd:
            return index
        if self._places is None:
            places, at = [], 0
            for char in self.chars:
                at = self._start(char, at)
                places.append(at)
                at += self._cells(char, at)
            self._places = [*places, at]
        return self._places[index]

    def _start(self, char: str, at: int) -> int:
        """Where a character behind cell AT begins: a wide one does not fit the last column."""
        return at + 1 if cells_of(char) == 2 and at % self.width == self.width - 1 else at

    def _cells(self, char: str, at: int) -> int:
        if char != "\t":
            return cells_of(char)
        column = at % self.width
        return min(TAB_STOPS - column % TAB_STOPS, self.width - column)

    @property
    def end(self) -> int:
        """The cell behind the last character."""
        return self.place(len(self.chars))

    def replace(self, start: int, stop: int, new: str) -> None:
        """Have NEW in place of the characters from START up to STOP."""
        self._odd += sum(cells_of(char) != 1 for char in new) - sum(
            cells_of(char) != 1 for char in self.chars[start:stop]
        )
        self.chars[start:stop] = new
        self._places = None

    def clear(self) -> None:
        """No line any more; the cursor is in the first column."""
        self.chars.clear()
        self._odd = 0
        self._places = None
        self._where = 0

    # -- drawing ---------------------------------------------------------------------------------------------

    def draw(self, start: int, blanks_to: int = 0) -> None:
        """Show the characters from START on, and blanks up to the cell BLANKS_TO where the line was longer before."""
        if not self._odd:
            text = "".join(self.chars[start:])
        else:
            text = "".join(self._drawn(index) for index in range(start, len(self.chars)))
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
        return self.place(index) + self._cells(self.chars[index], self.place(index)) if index >= 0 else 0

    def _drawn(self, index: int) -> str:
        """What shows a character, the cell that a wide one leaves free in the last column before it."""
        char, at = self.chars[index], self.place(index)
        return " " * (at - self._behind(index - 1)) + (" " * self._cells(char, at) if char == "\t" else char)

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
        self._places = None
        self._where = self.place(at)
        if shown and several and self.chars:
            self.hide()
            self.draw(0)
            self.go(self.place(at))
