"""The buffer of a 3270 display: characters, field attributes, extended attributes, cursor, and the keyboard's state.

Source: *3270 Data Stream Programmer's Reference*, GA23-0059; *Component Description*, GA27-2749.
"""

from __future__ import annotations

import struct
from typing import Final, Protocol

from cpvm.s370.datastream import FORMAT_CONTROLS, Aid, Attribute, Extended
from cpvm.s370.ebcdic import printable

CHARACTER: Final = 0
FIELD: Final = 1  # a field attribute, which takes up a position of its own
GRAPHIC: Final = 2  # a character of the alternate set, behind a graphic escape
PLANES: Final = (Extended.COLOUR, Extended.BACKGROUND, Extended.HIGHLIGHTING, Extended.CHARACTER_SET)
"""The types of extended attribute that are kept for each position, in the order in which they are sent."""

FIELD_REPLY, EXTENDED_REPLY, CHARACTER_REPLY = 0, 1, 2  # reply modes

_FIELD = bytes((FIELD,))
_HEAD = struct.Struct(">BBHHHBBBB")
_VERSION = 1
_MAXIMUM = 0x4000  # positions that 14 bits can address


class StreamError(ValueError):
    """A data stream is wrong: the control unit gives an operation check. What stood before the error was done."""


class Transfer(Protocol):
    """The transfer of files that a display can do (structured field X'D0')."""

    @property
    def limit(self) -> int:
        """The most bytes of one transmission, 256 to 65535; 0: the display does not say that it can."""
        ...

    def field(self, data: bytes) -> bytes:
        """Carry out one request, the field behind its identity. Returns the reply, alike; empty: nothing is answered.

        Raises StreamError.
        """
        ...


class Screen:
    """A display's buffer. Positions count from 0, row by row, and wrap from the last to the first.

    Args:
        rows, columns: the default size.
        alternate: rows and columns after Erase/Write Alternate; the default size if None.
        extended: whether it has the extended data stream: extended attributes, structured fields, queries.
        wide: whether it knows addresses of 14 bits; a 3277 does not.

    Attributes:
        text: EBCDIC code of each position, or the lower six bits of a field attribute.
        kind: CHARACTER, FIELD or GRAPHIC for each position.
        planes: extended attributes of each position by type; 0 is the default. At a field attribute, the field's.
        address: the buffer address, where the next character from the program goes.
        aid: attention identification of the last key; `Aid.NONE` since the program restored the keyboard.
        locked: input inhibited: the program has not yet restored the keyboard since the last key.
        alarms: how often the alarm has sounded.
        transfer: what takes requests to transfer files; None: the display knows no such structured field.
        reply_mode, reply_types: what Read gives: no extended attributes, those of fields, those of characters of
            these types as well.
    """

    def __init__(
        self,
        rows: int = 24,
        columns: int = 80,
        alternate: tuple[int, int] | None = None,
        *,
        extended: bool = False,
        wide: bool = True,
    ) -> None:
        for high, across in ((rows, columns), alternate or (rows, columns)):
            if not (1 <= high <= 0xFF and 1 <= across <= 0xFF and high * across <= _MAXIMUM):
                raise ValueError(f"a screen of {high} rows and {across} columns cannot be addressed")
        self.default = (rows, columns)
        self.alternate = alternate or (rows, columns)
        self.extended = extended
        self.wide = wide
        self.transfer: Transfer | None = None
        self.aid: int = Aid.NONE
        self.locked = False
        self.alarms = 0
        self.reply_mode = FIELD_REPLY
        self.reply_types = b""
        self.erase()

    def shows(self, code: int, kind: int = CHARACTER) -> bool:
        """Whether a code can stand in the buffer: a 3277 keeps all, later displays no codes of orders."""
        return not self.wide or code >= 0x40 or code == 0 or (kind != GRAPHIC and code in FORMAT_CONTROLS)

    # ---- the buffer

    def erase(self, alternate: bool = False) -> None:
        """Take the default or the alternate size, all nulls; cursor and buffer address 0."""
        self.rows, self.columns = self.alternate if alternate else self.default
        self.clear()

    def clear(self) -> None:
        """All nulls; cursor and buffer address 0."""
        self.size = self.rows * self.columns
        self.text = bytearray(self.size)
        self.kind = bytearray(self.size)
        self.planes = {type: bytearray(self.size) for type in PLANES}
        self.cursor = 0
        self.address = 0

    def put(self, at: int, code: int, kind: int = CHARACTER) -> None:
        """Put a character with default attributes at a position."""
        self.text[at] = code
        self.kind[at] = kind
        for plane in self.planes.values():
            plane[at] = 0

    # ---- fields

    @property
    def formatted(self) -> bool:
        """Whether there is a field."""
        return FIELD in self.kind

    def fields(self) -> list[int]:
        """Positions of all field attributes, in ascending order."""
        found = []
        at = self.kind.find(_FIELD)
        while at >= 0:
            found.append(at)
            at = self.kind.find(_FIELD, at + 1)
        return found

    def field(self, position: int) -> int:
        """Position of the field attribute that governs a position (or stands there); -1 if there are no fields."""
        at = self.kind.rfind(_FIELD, 0, position + 1)
        return at if at >= 0 else self.kind.rfind(_FIELD)

    def attribute(self, position: int) -> int:
        """The field attribute that governs a position, its lower six bits; 0 if there are no fields."""
        at = self.field(position)
        return 0 if at < 0 else self.text[at]

    def content(self, field: int) -> range | list[int]:
        """The positions of a field behind its attribute, which is at `field`; a field may wrap around the end."""
        end = self.kind.find(_FIELD, field + 1)
        if end >= 0:
            return range(field + 1, end)
        first = self.kind.find(_FIELD)
        return [*range(field + 1, self.size), *range(first)]

    def next_unprotected(self, position: int) -> int:
        """The first position behind the next attribute, from `position` on, of an unprotected field that is not empty;
        0 if there is none."""
        fields = self.fields()
        for at in [f for f in fields if f >= position] + [f for f in fields if f < position]:
            behind = (at + 1) % self.size
            if not self.text[at] & Attribute.PROTECTED and self.kind[behind] != FIELD:
                return behind
        return 0

    def erase_all_unprotected(self) -> None:
        """Nulls into all unprotected fields; no field is modified; the keyboard is restored, the cursor goes behind the
        first attribute of such a field. Without fields, all is erased."""
        fields = self.fields()
        if not fields:
            self.clear()
        unprotected = [field for field in fields if not self.text[field] & Attribute.PROTECTED]
        self.cursor = (unprotected[0] + 1) % self.size if unprotected else 0
        for field in unprotected:
            self.text[field] &= ~Attribute.MODIFIED
            for at in self.content(field):
                self.put(at, 0)
        self.restore()

    def restore(self) -> None:
        """Unlock the keyboard and forget the attention identification."""
        self.locked = False
        self.aid = Aid.NONE

    # ---- for people

    def line(self, row: int) -> str:
        """A row as it looks, rows counting from 0: attributes, nulls and what is not to be displayed are blanks."""
        start = row * self.columns
        shown = bytearray(self.text[start : start + self.columns])
        attribute = self.attribute(start)
        for column, at in enumerate(range(start, start + self.columns)):
            if self.kind[at] == FIELD:
                attribute = self.text[at]
            hidden = attribute & Attribute.DISPLAY == Attribute.HIDDEN
            if hidden or self.kind[at] == FIELD or shown[column] < 0x40 or shown[column] == 0xFF:
                shown[column] = 0x40
        return printable(shown)

    def lines(self) -> list[str]:
        """All rows as they look, without blanks at the end."""
        return [self.line(row).rstrip() for row in range(self.rows)]

    def find(self, text: str) -> int:
        """The position where a text is to be seen first; -1 if it is not."""
        return "".join(self.line(row) for row in range(self.rows)).find(text)

    # ---- saved machines

    def to_bytes(self) -> bytes:
        """All that changes, for a saved machine."""
        flags = self.locked | 2 * ((self.rows, self.columns) != self.default)
        head = _HEAD.pack(
            _VERSION, flags, self.cursor, self.address, self.alarms & 0xFFFF, self.aid, self.reply_mode,
            len(self.reply_types), len(self.planes),
        )  # fmt: skip
        return b"".join((head, self.reply_types, self.text, self.kind, *self.planes.values()))

    def from_bytes(self, data: bytes) -> None:
        """Take up what `to_bytes` gave. Raises ValueError if it is of a screen of another size."""
        if len(data) < _HEAD.size or data[0] != _VERSION:
            raise ValueError("this is no saved screen")
        _, flags, cursor, address, alarms, aid, mode, types, planes = _HEAD.unpack_from(data)
        rows, columns = self.alternate if flags & 2 else self.default
        size = rows * columns
        start = _HEAD.size + types
        if planes != len(PLANES) or len(data) != start + size * (2 + planes) or max(cursor, address) >= size:
            raise ValueError("this is a saved screen of another size")
        self.rows, self.columns = rows, columns
        self.clear()
        self.cursor, self.address, self.alarms, self.aid, self.reply_mode = cursor, address, alarms, aid, mode
        self.locked = bool(flags & 1)
        self.reply_types = data[_HEAD.size : start]
        parts = [bytearray(data[start + n * size : start + (n + 1) * size]) for n in range(2 + planes)]
        self.text, self.kind = parts[0], parts[1]
        self.planes = dict(zip(PLANES, parts[2:], strict=True))
