"""What a display sends to CP's screen: the key, the cursor, and the fields that were changed."""

from __future__ import annotations

from collections.abc import Iterator

from cpvm.cp.screenlines import OUTPUT_LINES
from cpvm.s370.datastream import Aid, Order, decode_address, encode_address
from cpvm.s370.ebcdic import from_ebcdic

_ROWS, _COLUMNS = 24, 80


class Record:
    """One inbound record of a screen of so many positions."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._wide = size > 0x1000
        self.aid = data[0] if data else int(Aid.NONE)

    @property
    def head(self) -> bytes:
        """The key, and the cursor's address, as a program reads them."""
        return self._data[:3].ljust(3, b"\x40")

    def cursor(self, start: int, end: int) -> int:
        """Where the cursor is between two positions, counting from START; -1 if it is elsewhere."""
        address = decode_address(self._data[1], self._data[2], self._wide) if len(self._data) >= 3 else -1
        return address - start if start <= address < end else -1

    def fields(self) -> Iterator[tuple[int, bytes]]:
        """The fields that were changed, by address."""
        for field in self._data[3:].split(bytes((Order.SBA,))):
            if len(field) >= 2:
                yield decode_address(field[0], field[1], self._wide), field[2:]

    def text(self, start: int, end: int) -> str:
        """What was typed into the field that begins between two positions; "" if it was not changed."""
        for address, data in self.fields():
            if start <= address < end:
                text = from_ebcdic(data.replace(b"\0", b""))
                return "".join(char if char.isprintable() else " " for char in text)[: end - start]
        return ""


class TypedOver:
    """What was typed into fields of a program's data in the output area, until the program reads it.

    Addresses count 80 columns a line, whatever the display has.
    """

    def __init__(self) -> None:
        self._texts: dict[int, bytes] = {}
        self._key = bytes((Aid.NONE, 0x40, 0x40))

    def note(self, said: Record, columns: int, end: int) -> None:
        """Keep key, cursor and fields of a record from a display with so many columns; END: of the output area."""
        self._key = said.head
        for address, text in said.fields():
            row, column = divmod(address, columns)
            if row < OUTPUT_LINES and column < _COLUMNS and address < end:
                self._texts[row * _COLUMNS + column] = text

    def clear(self) -> None:
        """The fields are gone."""
        self._texts.clear()

    def read(self) -> bytes:
        """Key, cursor, and the fields, as by Read Modified; the next time only what was typed since."""
        reply = bytearray(self._key)
        for address, text in sorted(self._texts.items()):
            reply += bytes((Order.SBA,)) + encode_address(address, _ROWS * _COLUMNS) + text
        self._texts.clear()
        return bytes(reply)
