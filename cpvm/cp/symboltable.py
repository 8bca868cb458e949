"""Names of places in a guest's storage, so that who debugs it need not think in addresses alone.

They come from a CMS load map, an assembler's listing or deck or JSON, or a plain list (`read_records`); one
table for each virtual machine, in `VMBLOK.names`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Final

from cpvm.s370.ebcdic import from_ebcdic

NEAR: Final = 0x10000
"""A place farther behind a name than this many bytes has nothing to do with it."""
LIMIT: Final = 50_000
"""Names in one table."""

_CARD = 80
_ESD, _ESD_DATA = b"\x02\xc5\xe2\xc4", 16
_DEFINED = (b"\x00", b"\x01")  # sections and entry points
_NAME = re.compile(r"[A-Z@#$_][A-Z0-9@#$_]{0,30}")
_MAP_LINE = re.compile(
    r"\s*\*?\s*([A-Z@#$][A-Z0-9@#$]{0,7})\s+(?:(?:SD|LR|ER|PC|CM|AT)\s+)?(?:AT\s+)?([0-9A-F]{5,8})\b"
)
_LISTED = re.compile(r"\s*([A-Z@#$][A-Z0-9@#$_]{0,30})\s+(\d{5})\s+([0-9A-F]{6,8})\s+\d+")
"""A line of an assembler's cross-reference: symbol, length, value, the statement that defines it."""
_PLAIN = re.compile(r"\s*([0-9A-F]{3,8})\s+([A-Z@#$][A-Z0-9@#$_]{0,30})\s*$")
"""A line of a plain list: hexadecimal address and name."""


class SymbolTable:
    """Names and their addresses."""

    def __init__(self) -> None:
        self._address: dict[str, int] = {}
        self._sorted: list[tuple[int, str]] = []
        self._stale = False

    def __len__(self) -> int:
        return len(self._address)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Address and name, in order of address."""
        return iter(self._in_order())

    def add(self, names: Iterable[tuple[str, int]], base: int = 0) -> int:
        """Enter names with their addresses, BASE added to each; says how many. Those behind storage are left out."""
        count = 0
        for name, value in names:
            address = value + base
            if _NAME.fullmatch(name) and 0 <= address < 1 << 24 and len(self._address) < LIMIT:
                self._address[name] = address
                count += 1
        self._stale = True
        return count

    def clear(self) -> None:
        """Forget all of them."""
        self._address.clear()
        self._sorted.clear()

    def find(self, name: str) -> int | None:
        """The address of a name; None if there is none."""
        return self._address.get(name)

    def near(self, address: int) -> str:
        """NAME or NAME+offset of a place; empty if no name stands before it."""
        ordered = self._in_order()
        at = bisect_right(ordered, (address, "\uffff")) - 1
        if at < 0 or address - ordered[at][0] > NEAR:
            return ""
        start, name = ordered[at]
        return name if start == address else f"{name}+{address - start:X}"

    def _in_order(self) -> list[tuple[int, str]]:
        if self._stale:
            self._sorted = sorted((address, name) for name, address in self._address.items())
            self._stale = False
        return self._sorted


def read_records(records: Iterable[bytes]) -> list[tuple[str, int]]:
    """The names in the records of a file, EBCDIC: those in an object deck, or in a text (`read`)."""
    records = list(records)
    cards = [record for record in records if record[:4] == _ESD]
    if not cards:
        return read(from_ebcdic(record).rstrip() for record in records)
    found = []
    for card in cards:
        length = min(int.from_bytes(card[10:12], "big"), _CARD - _ESD_DATA)
        for at in range(_ESD_DATA, _ESD_DATA + length - 15, 16):
            name, kind, address = from_ebcdic(card[at : at + 8]).strip(), card[at + 8 : at + 9], card[at + 9 : at + 12]
            if kind in _DEFINED and name:
                found.append((name, int.from_bytes(address, "big")))
    return found


def read(lines: Iterable[str]) -> list[tuple[str, int]]:
    """The names in a text: JSON of the assembler, a load map, the cross-reference of a listing, or a plain list.

    In a map or a listing other lines are passed over. Gives nothing if no line tells a name.
    """
    lines = list(lines)
    if lines and lines[0].startswith("{"):
        return _from_json("\n".join(lines)) or _from_json("".join(line.ljust(_CARD) for line in lines))
    found: list[tuple[str, int]] = []
    for line in lines:
        upper = line.upper()
        for pattern, name, value in ((_LISTED, 1, 3), (_PLAIN, 2, 1), (_MAP_LINE, 1, 2)):
            match = pattern.match(upper)
            if match is not None:
                found.append((match.group(name), int(match.group(value), 16)))
                break
    return found


def _from_json(text: str) -> list[tuple[str, int]]:
    """Symbols of `cpvm asm --json`: those in control sections, since others are no places in storage."""
    try:
        content = json.loads(text)
    except ValueError:
        return []
    if not isinstance(content, dict):
        return []
    sections = {row.get("name") for row in _objects(content, "sections") if row.get("type") in ("SD", "PC")}
    return [
        (str(symbol["name"]).upper(), symbol["value"])
        for symbol in _objects(content, "symbols")
        if isinstance(symbol.get("value"), int) and symbol.get("name") and symbol.get("section") in sections
    ]


def _objects(content: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list with this key; none if it is no such thing."""
    rows = content.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
