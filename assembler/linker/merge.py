"""Linked decks as one deck: sections keep their names, what is resolved between them refers to sections."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from assembler.linker.items import CXD, Fix, Section
from assembler.linker.loader import Loader
from assembler.linker.names import Flag, LinkError, Name
from cpvm.s370.ebcdic import to_ebcdic

_ESD = {"SD": 0, "LD": 1, "ER": 2, "PC": 4, "CM": 5, "XD": 6, "WX": 10}
_ADDRESS = 3


def deck(loader: Loader, name: str) -> list[bytes]:
    """The cards of a program that was loaded at 0 and finished with `keep`; `name` begins columns 73 to 80.

    Raises LinkError: it has more names than a deck can number.
    """
    made = _Deck(loader)
    cards = [*made.esd(), *made.text(), *made.relocations(), made.end()]
    ident = name.upper()[:4]
    width = 8 - len(ident)
    return [
        card.ljust(72, b"\x40") + to_ebcdic(f"{ident}{number % 10**width:0{width}d}")
        for number, card in enumerate(cards, 1)
    ]


class _Deck:
    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._sections = sorted(loader.sections, key=lambda one: one.place)
        self._places = [section.place for section in self._sections]
        open_names = [name for name in loader.names if name.flags & Flag.UNDEFINED]
        self._ids: dict[Section | Name, int] = {}
        everything: list[Section | Name] = [*self._sections, *open_names]
        self._ids.update((one, number) for number, one in enumerate(everything, 1))
        if len(self._ids) > 0xFFFF:
            raise LinkError("TOO MANY NAMES FOR A DECK")
        self._open = open_names

    def _section_at(self, address: int) -> Section:
        at = bisect_right(self._places, address) - 1
        if at < 0:
            raise LinkError(f"NOTHING IS LOADED AT {address:06X}")
        return self._sections[at]

    def _items(self) -> Iterator[tuple[int | None, bytes]]:
        ends = [*self._places[1:], self._loader.end]
        for section, end in zip(self._sections, ends, strict=True):
            length = section.length or end - section.place
            kind = "SD" if section.name else "PC"
            yield self._ids[section], _item(section.name, kind, section.place, b"\x40", length.to_bytes(3, "big"))
        for name in self._loader.names:
            if name.defined and not name.flags & (Flag.CSECT | Flag.REGISTER):
                owner = self._ids[self._section_at(name.address)]
                yield None, _item(name.name, "LD", name.address, b"\x40", owner.to_bytes(3, "big"))
        for name in self._open:
            if name.flags & Flag.REGISTER:
                rest = bytes((name.alignment,)) + name.first.to_bytes(3, "big")
                yield self._ids[name], _item(name.name, "XD", 0, rest[:1], rest[1:])
            elif name.flags & Flag.COMMON:
                yield self._ids[name], _item(name.name, "CM", 0, b"\x40", name.first.to_bytes(3, "big"))
            else:
                yield self._ids[name], _item(name.name, "WX" if name.weak else "ER", 0, b"\x40", b"\x40" * 3)

    def esd(self) -> Iterator[bytes]:
        items = list(self._items())
        for at in range(0, len(items), 3):
            group = items[at : at + 3]
            first = next((esdid for esdid, _ in group if esdid is not None), None)
            data = b"".join(item for _, item in group)
            yield _card("ESD", None, len(data), first, data)

    def text(self) -> Iterator[bytes]:
        ends = [*self._places[1:], self._loader.end]
        for section, end in zip(self._sections, ends, strict=True):
            for start, data in self._loader.storage.pieces(section.place, end):
                for at in range(0, len(data), 56):
                    part = data[at : at + 56]
                    yield _card("TXT", start + at, len(part), self._ids[section], part)

    def _pair(self, fix: Fix) -> tuple[int, int]:
        position = self._ids[self._section_at(fix.at)]
        if fix.kind == CXD:
            return 0, position
        if fix.name is None:
            return self._ids[self._section_at(fix.target)], position
        if fix.name.defined:
            return self._ids[self._section_at(fix.name.address)], position
        return self._ids[fix.name], position

    def relocations(self) -> Iterator[bytes]:
        fixes = sorted(((*reversed(self._pair(fix)), fix.at, at) for at, fix in enumerate(self._loader.fixes)))
        data = bytearray()
        previous: tuple[int, int] | None = None
        flag_at = 0
        for position, relative, _, number in fixes:
            fix = self._loader.fixes[number]
            same = (position, relative) == previous and bool(data)
            if len(data) + (4 if same else 8) > 56:
                yield _card("RLD", None, len(data), None, bytes(data))
                data.clear()
                same = False
            if same:
                data[flag_at] |= 1
            else:
                data += relative.to_bytes(2, "big") + position.to_bytes(2, "big")
            flag_at = len(data)
            data += bytes((fix.kind << 4 | (fix.length - 1 & 3) << 2 | (2 if fix.negative else 0),))
            data += fix.at.to_bytes(_ADDRESS, "big")
            previous = (position, relative)
        if data:
            yield _card("RLD", None, len(data), None, bytes(data))

    def end(self) -> bytes:
        if not self._sections:
            return _card("END", None, None, None, b"")
        section = self._section_at(self._loader.entry)
        return _card("END", self._loader.entry, None, self._ids[section], b"")


def _item(name: str, kind: str, address: int, boundary: bytes, last: bytes) -> bytes:
    return to_ebcdic(name.ljust(8)) + bytes((_ESD[kind],)) + address.to_bytes(3, "big") + boundary + last


def _card(kind: str, address: int | None, count: int | None, esdid: int | None, data: bytes) -> bytes:
    place = b"\x40" * 3 if address is None else address.to_bytes(3, "big")
    size = b"\x40\x40" if count is None else count.to_bytes(2, "big")
    number = b"\x40\x40" if esdid is None else esdid.to_bytes(2, "big")
    return b"\x02" + to_ebcdic(kind) + b"\x40" + place + b"\x40\x40" + size + b"\x40\x40" + number + data
