"""Punched cards: the EBCDIC card code, column binary images, and stackers that are host files.

A card is 80 bytes of EBCDIC, or 160 bytes that show its holes, two for each column as devices transfer them in data
mode 2 (card image, column binary): bits 2-7 of the first byte are rows 12, 11, 0, 1, 2, 3, those of the second are
rows 4 to 9. Source: *2540 Component Description*, GA21-9033, "Data-Mode 2"; *System/360 Reference Data*, GX20-1703,
code translation table.
"""

from __future__ import annotations

from typing import IO, Final, Literal

from cpvm.machine.device import MediaError
from cpvm.s370.ebcdic import BLANK, from_ebcdic

COLUMNS: Final = 80
IMAGE: Final = 160
CardFormat = Literal["ebcdic", "ascii", "binary"]

_INVALID: Final = 0x100  # in the translation: no EBCDIC code has these holes


def _rows(*rows: int) -> int:
    """Holes in these rows, of which the upper two are 12 and 11."""
    return sum({12: 0x800, 11: 0x400}.get(row, 0x200 >> row) for row in rows)


_SIMPLE = (_rows(12), _rows(11), _rows(0), 0)
_DOUBLE = (_rows(12, 0), _rows(12, 11), _rows(11, 0), _rows(12, 11, 0))
_EXCEPTIONS = {
    0x40: 0,
    0x50: _rows(12),
    0x60: _rows(11),
    0x61: _rows(0, 1),
    0x6A: _rows(12, 11),
    0x70: _rows(12, 11, 0),
    0xC0: _rows(12, 0),
    0xD0: _rows(11, 0),
    0xE0: _rows(0, 8, 2),
    0xE1: _rows(11, 0, 9, 1),
    0xF0: _rows(0),
}


def _holes(code: int) -> int:
    """The holes of a code: a zone by its bits 2 and 3 and rows by its second digit, otherwise in each quadrant."""
    if code in _EXCEPTIONS:
        return _EXCEPTIONS[code]
    quadrant, low = code >> 6, code & 0x0F
    simple, double = _SIMPLE[code >> 4 & 3], _DOUBLE[code >> 4 & 3]
    if low == 0:
        return double | _rows(8, 1) | (_rows(9) if quadrant == 0 else 0)
    rows = _rows(low) if low <= 9 else _rows(8, low - 8)
    if quadrant == 0:
        return simple | _rows(9) | (_rows(8, 1) if low == 9 else rows)
    if quadrant == 1:
        if low == 9:
            return simple | _rows(8, 1)
        return double | _rows(9) | rows if low < 9 else simple | rows
    if quadrant == 2:
        return double | rows
    return simple | rows if low <= 9 else double | _rows(9) | rows


HOLES: Final = tuple(_holes(code) for code in range(256))
"""By EBCDIC code: the holes of a column, twelve bits, row 12 on the left, then 11 and 0 to 9."""
_CODES: Final = {holes: code for code, holes in enumerate(HOLES)}


def to_image(card: bytes) -> bytes:
    """A card of EBCDIC as a column binary image; one that is an image already stays as it is."""
    if len(card) == IMAGE:
        return card
    return b"".join(bytes((HOLES[code] >> 6, HOLES[code] & 0x3F)) for code in card)


def to_codes(card: bytes) -> tuple[bytes, bool]:
    """A card as EBCDIC, and whether all its columns have a code; a column that has none is X'00'."""
    if len(card) != IMAGE:
        return card, True
    columns = [(card[at] & 0x3F) << 6 | card[at + 1] & 0x3F for at in range(0, IMAGE, 2)]
    codes = [_CODES.get(column, _INVALID) for column in columns]
    return bytes(code & 0xFF for code in codes), _INVALID not in codes


def blank_image() -> bytes:
    """A card without a hole."""
    return bytes(IMAGE)


class CardFile:
    """A stacker of cards as a host file: a `CardSink`.

    `ebcdic`: 80 bytes a card; `ascii`: lines of text without trailing blanks (ISO 8859-1); `binary`: 160 bytes a card.
    Raises MediaError if the host fails, or if a card has holes that no code has and the format is not `binary`.
    """

    def __init__(self, file: IO[bytes], format: CardFormat = "ebcdic", crlf: bool = False) -> None:
        self._file = file
        self._format = format
        self._end = b"\r\n" if crlf else b"\n"

    def card(self, data: bytes) -> None:
        """Take a card: 80 bytes of EBCDIC or a column binary image."""
        try:
            self._file.write(self._record(data))
            self._file.flush()
        except (OSError, ValueError) as error:
            raise MediaError(f"a card cannot be written: {error}") from error

    def _record(self, data: bytes) -> bytes:
        if self._format == "binary":
            return to_image(data)
        codes, valid = to_codes(data)
        if not valid:
            raise MediaError("a card has holes that are no EBCDIC code")
        if self._format == "ebcdic":
            return codes
        text = from_ebcdic(codes.rstrip(bytes((BLANK,))))
        return "".join(char if char.isprintable() else " " for char in text).encode("latin-1") + self._end
