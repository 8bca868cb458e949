"""Rows of a 3270 screen as characters and styles; a row is made anew only when something in it has changed."""

from __future__ import annotations

from typing import Final

from cpvm.machine.media.screen.buffer import FIELD, GRAPHIC, Screen
from cpvm.s370.datastream import DUP, FIELD_MARK, Attribute, Extended
from cpvm.s370.ebcdic import CODEC
from cpvm.terminal.vt.codepage310 import GRAPHICS, MISSING
from cpvm.terminal.vt.style import PLAIN, extended, of_field

Row = tuple[str, tuple[int, ...]]
"""Characters, each one column wide, and their styles."""


def _characters() -> list[str]:
    table = [char if char.isprintable() else " " for char in bytes(range(256)).decode(CODEC)]
    table[:0x40] = " " * 0x40
    table[0x41], table[0xCA], table[0xFF] = " ", "-", " "  # no-break space and soft hyphen have no width of their own
    table[DUP], table[FIELD_MARK] = "*", ";"
    return table


CHARACTERS: Final = _characters()
"""What each EBCDIC code looks like."""


class Picture:
    """What a screen looks like now, row by row."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._rows: dict[int, tuple[bytes, Row]] = {}

    def row(self, number: int) -> Row:
        """A row, counted from 0; the same object as long as nothing in it changes."""
        screen = self._screen
        start = number * screen.columns
        end = start + screen.columns
        field = screen.field(start)
        head = bytes((screen.columns & 0xFF, screen.text[field], *(plane[field] for plane in screen.planes.values())))
        if field < 0:
            head = b""
        look = b"".join(
            (screen.text[start:end], screen.kind[start:end], *(p[start:end] for p in screen.planes.values()))
        )
        known = self._rows.get(number)
        if known is not None and known[0] == head + look:
            return known[1]
        row = self._make(field, start, end)
        self._rows[number] = (head + look, row)
        return row

    def _field_style(self, field: int) -> tuple[int, bool]:
        """Style of a field's characters, and whether they are hidden."""
        screen = self._screen
        if field < 0:
            return PLAIN, False
        attribute = screen.text[field]
        planes = screen.planes
        colour, background = planes[Extended.COLOUR][field], planes[Extended.BACKGROUND][field]
        style = extended(of_field(attribute), colour, background, planes[Extended.HIGHLIGHTING][field])
        return style, attribute & Attribute.DISPLAY == Attribute.HIDDEN

    def _make(self, field: int, start: int, end: int) -> Row:
        screen = self._screen
        text, kind, planes = screen.text, screen.kind, screen.planes
        colour, background = planes[Extended.COLOUR], planes[Extended.BACKGROUND]
        highlighting = planes[Extended.HIGHLIGHTING]
        special = any(any(plane[start:end]) for plane in (colour, background, highlighting))
        style, hidden = self._field_style(field)
        characters: list[str] = []
        styles: list[int] = []
        for at in range(start, end):
            what = kind[at]
            if what == FIELD:
                style, hidden = self._field_style(at)
                characters.append(" ")
                styles.append(PLAIN)
                continue
            code = text[at]
            if hidden:
                characters.append(" ")
            elif what == GRAPHIC:
                characters.append(GRAPHICS.get(code, MISSING))
            else:
                characters.append(CHARACTERS[code])
            if special and not hidden:
                styles.append(extended(style, colour[at], background[at], highlighting[at]))
            else:
                styles.append(style)
        return "".join(characters), tuple(styles)
