"""What a 3270 tells of itself: query replies (GA23-0059, "Query reply")."""

from __future__ import annotations

from typing import Final

from cpvm.s370.datastream import Aid

_REPLY: Final = 0x81
_USABLE_AREA, _COLOUR = 0x81, 0x86
_MOST_POSITIONS: Final = 0x4000  # that 14 bits can address


def read_replies(record: bytes) -> tuple[tuple[int, int] | None, bool]:
    """Rows and columns of a display, None if it does not tell or CP cannot use them, and whether it has colours.

    Never raises: what is no query reply, or is cut short, says nothing.
    """
    size: tuple[int, int] | None = None
    colours = False
    at = 1
    while record[:1] == bytes((Aid.STRUCTURED_FIELD,)) and at + 4 <= len(record):
        length = int.from_bytes(record[at : at + 2], "big")
        field = record[at : at + length]
        if length < 4:
            break
        if field[2] == _REPLY and field[3] == _USABLE_AREA and len(field) >= 10:
            columns, rows = int.from_bytes(field[6:8], "big"), int.from_bytes(field[8:10], "big")
            if 24 <= rows <= 255 and 80 <= columns <= 255 and rows * columns <= _MOST_POSITIONS:
                size = (rows, columns)
        elif field[2] == _REPLY and field[3] == _COLOUR:
            colours = True
        at += length
    return size, colours
