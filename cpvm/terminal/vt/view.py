"""Which part of the screen a terminal shows, and where: all of it at the top left, or a window around the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from cpvm.machine.media.screen import Screen
from cpvm.terminal.vt.picture import Picture, Row
from cpvm.terminal.vt.selection import Selection
from cpvm.terminal.vt.style import PLAIN, REVERSE, TURQUOISE, WHITE

_MARGIN: Final = 8  # columns to be seen beside the cursor
_NEXT: Final = " any key: "


class View:
    """A terminal of `rows` by `columns`, on which a screen is shown that has at most the size `largest`."""

    def __init__(self, screen: Screen, rows: int, columns: int, largest: tuple[int, int]) -> None:
        self._screen = screen
        self._rows, self._columns = rows, columns
        self._largest = largest
        self._top = self._left = 0
        self._picture = Picture(screen)
        self._fitted: dict[int, tuple[Row, int, Row]] = {}
        self._status: tuple[Row, Row] | None = None

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has another size."""
        self._rows, self._columns = rows, columns
        self._fitted.clear()

    @property
    def _height(self) -> int:
        """Rows of the screen that can be seen."""
        if self._rows >= self._screen.rows or self._rows < 3:
            return min(self._rows, self._screen.rows)
        return self._rows - 1

    @property
    def _status_row(self) -> int | None:
        """Where the line below the screen is; None if there is no room."""
        if self._rows == self._screen.rows or self._rows < 3:
            return None
        return min(max(self._largest[0], self._screen.rows), self._rows - 1)

    @property
    def has_status(self) -> bool:
        """Whether there is room for the line below the screen."""
        return self._status_row is not None

    def window(self) -> str:
        """Size of the part that is shown and of the whole; nothing if all is shown."""
        screen = self._screen
        if self._height >= screen.rows and self._columns >= screen.columns:
            return ""
        return f"{self._height}X{min(self._columns, screen.columns)} OF {screen.rows}X{screen.columns}"

    def _follow(self) -> None:
        """Move the window so that the cursor is in it."""
        row, column = divmod(self._screen.cursor, self._screen.columns)
        height, width = self._height, self._columns
        self._top = min(max(self._top, row - height + 1, 0), row, self._screen.rows - height)
        if width >= self._screen.columns:
            self._left = 0
            return
        margin = min(_MARGIN, width // 4)
        if not self._left + margin <= column < self._left + width - margin:
            self._left = max(0, min(column - width // 2, self._screen.columns - width))

    @property
    def cursor(self) -> tuple[int, int]:
        """Where the cursor is on the terminal."""
        row, column = divmod(self._screen.cursor, self._screen.columns)
        return row - self._top, column - self._left

    def position(self, row: int, column: int) -> tuple[int, int] | None:
        """Row and column of the screen at a place of the terminal; None outside of it."""
        row, column = row + self._top, column + self._left
        inside = row - self._top < self._height and row < self._screen.rows and column < self._screen.columns
        return (row, column) if inside else None

    def rows(self, status: Callable[[int], Row], urgent: bool) -> list[Row]:
        """All rows of the terminal. The status line has its own, or, if that is `urgent`, the last one."""
        self._follow()
        blank: Row = (" " * self._columns, (PLAIN,) * self._columns)
        rows = [self._fit(self._top + number) for number in range(self._height)]
        rows += [blank] * (self._rows - len(rows))
        at = self._status_row
        if at is None and urgent:
            at = self._rows - 1
        if at is not None:
            rows[at] = status(self._columns)
        return rows

    def _fit(self, number: int) -> Row:
        """A row of the screen, cut or filled to the terminal's width."""
        row = self._picture.row(number)
        known = self._fitted.get(number)
        if known is not None and known[0] is row and known[1] == self._left:
            return known[2]
        text, styles = row
        text = text[self._left : self._left + self._columns]
        styles = styles[self._left : self._left + self._columns]
        missing = self._columns - len(text)
        fitted = (text + " " * missing, styles + (PLAIN,) * missing)
        self._fitted[number] = (row, self._left, fitted)
        return fitted

    def marked(self, rows: Sequence[Row], selection: Selection) -> list[Row]:
        """The rows with a part of the screen in reverse video."""
        if selection.single:
            return list(rows)
        out = list(rows)
        for number in selection.rows:
            at = number - self._top
            if 0 <= at < self._height:
                text, styles = out[at]
                marked = [column - self._left for column in selection.columns]
                changed = list(styles)
                for column in marked:
                    if 0 <= column < self._columns:
                        changed[column] ^= REVERSE
                out[at] = (text, tuple(changed))
        return out

    @property
    def help_rows(self) -> int:
        """Rows that a list over the screen may have."""
        return max(1, self._rows - 2)

    def covered(self, rows: Sequence[Row], lines: Sequence[str]) -> list[Row]:
        """The rows with a list over them: its first page, and how to go on."""
        out = list(rows)
        page = list(lines[: self.help_rows])
        more = len(lines) > self.help_rows
        for number, line in enumerate(page):
            out[number] = (line.ljust(self._columns)[: self._columns], (WHITE,) * self._columns)
        if self._rows > 1:
            foot = (_NEXT + ("more" if more else "back")).ljust(self._columns)[: self._columns]
            out[len(page)] = (foot, (TURQUOISE | REVERSE,) * self._columns)
        return out
