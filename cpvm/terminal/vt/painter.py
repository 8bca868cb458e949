"""What a VT terminal shows, and the least that must be written to it to make it show something else.

Source: ECMA-48 (CUP, EL, ED, SGR); XTerm Control Sequences (DECSET, DECSCUSR).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from cpvm.terminal.vt.picture import Row
from cpvm.terminal.vt.style import BACKGROUND_SHIFT, COLOUR_BITS, EFFECTS, PLAIN, Sequences

_USUAL: Final = "\x1b[0 q"  # the cursor's own shape
RESTORE: Final = f"\x1b[0m\x1b[?2004l\x1b[?1002l\x1b[?1006l\x1b[?7h{_USUAL}\x1b[?25h\x1b[?1049l"
"""Brings a terminal back to what it was before `Painter.begin`, also from outside of this process."""

_BEGIN: Final = "\x1b[?1049h\x1b[?7l\x1b[?2004h"
_MOUSE: Final = "\x1b[?1002h\x1b[?1006h"
_NO_MOUSE: Final = "\x1b[?1002l\x1b[?1006l"
_JOIN: Final = 5  # unchanged columns that are cheaper to write again than to jump over
_MARKED: Final = EFFECTS | COLOUR_BITS << BACKGROUND_SHIFT
_SHAPES: Final = {False: "\x1b[2 q", True: "\x1b[4 q"}


class Painter:
    """The terminal's side of a panel.

    Args:
        write: sends text to the terminal.
        rows, columns: the terminal's size.
        sequences: how it shows styles.
        shapes: whether its cursor can have several shapes; one that knows nothing of that may show a `q` instead.
    """

    def __init__(
        self, write: Callable[[str], None], rows: int, columns: int, sequences: Sequences, *, shapes: bool = True
    ) -> None:
        self._write = write
        self._shapes = shapes
        self.rows, self.columns = rows, columns
        self._sequences = sequences
        self._shown: list[Row | None] = [None] * rows
        self._style = -1
        self._cursor: tuple[int, int] | None = None  # where the terminal's is; None: not known
        self._shape: bool | None = None
        self._out: list[str] = []

    def begin(self, mouse: bool) -> None:
        """Take over the terminal: its other screen, no wrapping, brackets around pasted text, the mouse."""
        self._out.append(_BEGIN)
        self.forget()
        self.mouse(mouse)

    def end(self) -> None:
        """Give the terminal back as it was."""
        self._out.clear()
        self._write(RESTORE if self._shapes else RESTORE.replace(_USUAL, ""))

    def mouse(self, on: bool) -> None:
        """Have the terminal tell of the mouse, or not."""
        self._out.append(_MOUSE if on else _NO_MOUSE)

    def bell(self) -> None:
        """Sound the alarm."""
        self._out.append("\a")

    def put(self, sequence: str) -> None:
        """Send something that does not change what is shown."""
        self._out.append(sequence)

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has another size now."""
        self.rows, self.columns = rows, columns
        self.forget()

    def forget(self) -> None:
        """Nothing is known of what the terminal shows: everything is written anew."""
        self._shown = [None] * self.rows
        self._style, self._cursor, self._shape = -1, None, None

    def paint(self, rows: Sequence[Row], cursor: tuple[int, int], insert: bool) -> None:
        """Show rows, each as wide as the terminal; the cursor at a row and column, as a line in insert mode."""
        if None in self._shown:
            self._out.append(self._sequences[PLAIN] + "\x1b[2J")
            self._style = PLAIN
            blank: Row = (" " * self.columns, (PLAIN,) * self.columns)
            self._shown = [blank] * self.rows
            self._cursor = None
        changed = [number for number, row in enumerate(rows) if row is not self._shown[number]]
        hidden = len(changed) > 2
        if hidden:
            self._out.append("\x1b[?25l")
        for number in changed:
            self._row(number, rows[number])
        self._go(*cursor)
        if hidden:
            self._out.append("\x1b[?25h")
        if insert is not self._shape and self._shapes:
            self._out.append(_SHAPES[insert])
            self._shape = insert
        self.flush()

    def flush(self) -> None:
        """Send what has been collected."""
        if self._out:
            text = "".join(self._out)
            self._out.clear()
            self._write(text)

    def _row(self, number: int, row: Row) -> None:
        old = self._shown[number]
        assert old is not None
        self._shown[number] = row
        text, styles = row
        if text == old[0] and styles == old[1]:
            return
        last = _blank_from(text, styles)
        column = 0
        while column < last:
            if _same(row, old, column):
                column += 1
                continue
            end = self._changed_until(row, old, column, last)
            self._go(number, column)
            self._span(text, styles, column, end)
            column = end
        if last < self.columns and any(not _same(row, old, at) for at in range(last, self.columns)):
            self._go(number, last)
            self._wear(PLAIN)
            self._out.append("\x1b[K")

    def _changed_until(self, row: Row, old: Row, column: int, last: int) -> int:
        """The end of what is written in one go: up to some columns that are right already."""
        end = at = column + 1
        while at < last and at - end < _JOIN:
            at += 1
            if not _same(row, old, at - 1):
                end = at
        return end

    def _span(self, text: str, styles: Sequence[int], start: int, end: int) -> None:
        at = start
        while at < end:
            style = styles[at]
            if text[at] == " " and not (style | max(self._style, 0)) & _MARKED and self._style >= 0:
                style = self._style  # a blank has no colour
            run = at + 1
            while run < end and (styles[run] == style or (text[run] == " " and not (styles[run] | style) & _MARKED)):
                run += 1
            self._wear(style)
            self._out.append(text[at:run])
            at = run
        row = self._cursor[0] if self._cursor else 0
        self._cursor = (row, end) if end < self.columns else None

    def _wear(self, style: int) -> None:
        if style != self._style:
            self._style = style
            self._out.append(self._sequences[style])

    def _go(self, row: int, column: int) -> None:
        if self._cursor != (row, column):
            self._out.append(f"\x1b[{row + 1};{column + 1}H")
            self._cursor = (row, column)


def _same(row: Row, old: Row, at: int) -> bool:
    if row[0][at] != old[0][at]:
        return False
    style, before = row[1][at], old[1][at]
    return style == before or (row[0][at] == " " and not (style | before) & _MARKED)


def _blank_from(text: str, styles: Sequence[int]) -> int:
    """Where only blanks follow that an erased line shows as well."""
    at = len(text.rstrip(" "))
    for column in range(len(text) - 1, at - 1, -1):
        if styles[column] & _MARKED:
            return column + 1
    return at
