"""The map: sections with their entries by address, common areas, pseudo registers, what is undefined or double."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assembler.linker.loader import Loader
from assembler.linker.names import Flag


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A name in the map: SD, PC (private, without a name), CM, LD or PR, its address (of a pseudo register the
    displacement), and for all but LD the length in bytes."""

    name: str
    kind: str
    address: int
    length: int
    deck: str = ""


def entries(loader: Loader) -> list[MapEntry]:
    """Everything that has a place, by address; a section comes before its entries. Pseudo registers are last."""
    rows = [
        MapEntry(one.name, "SD" if one.name else "PC", one.place, one.length or _extent(loader, one.place), one.file)
        for one in loader.sections
    ]
    sections = {one.name for one in loader.sections}
    registers = []
    for name in loader.names:
        if name.flags & Flag.REGISTER:
            if name.defined:
                registers.append(MapEntry(name.name, "PR", name.address, name.first))
        elif name.defined and name.file and not name.flags & Flag.CSECT:
            rows.append(MapEntry(name.name, "LD", name.address, 0, name.file))
        elif name.flags & Flag.CSECT and name.name not in sections:
            rows.append(MapEntry(name.name, "CM", name.address, name.length))
    return sorted(rows, key=lambda row: (row.address, row.kind == "LD")) + registers


def _extent(loader: Loader, place: int) -> int:
    """The length of a section whose deck does not tell it: up to the next one."""
    return min((one.place for one in loader.sections if one.place > place), default=loader.end) - place


def lines(loader: Loader, title: str) -> Iterator[str]:
    """The map as text."""
    yield f"{title}"
    yield ""
    yield "NAME      TYPE  ADDRESS  LENGTH  FILE"
    for row in entries(loader):
        length = "" if row.kind == "LD" else f"{row.length:06X}"
        indent = "  " if row.kind == "LD" else ""
        name = indent + (row.name or "$PRIVATE")
        yield f"{name:<10}{row.kind:<6}{row.address:06X}   {length:<6}  {row.deck}".rstrip()
    yield ""
    yield f"ORIGIN {loader.storage.origin:06X}   END {loader.end:06X}   LENGTH {loader.end - loader.storage.origin:06X}"
    yield f"ENTRY POINT {loader.entry:06X}{_entry_name(loader)}"
    if loader.registers:
        yield f"PSEUDO REGISTERS {loader.registers:06X}"
    weak = [name.name for name in loader.names if name.weak and not name.defined]
    for heading, names in (
        ("UNDEFINED", loader.undefined), ("WEAK, NOT RESOLVED", weak), ("DEFINED TWICE", loader.duplicates),
    ):  # fmt: skip
        if names:
            yield f"{heading}: {' '.join(dict.fromkeys(names))}"


def _entry_name(loader: Loader) -> str:
    found = [name.name for name in loader.names if name.defined and name.file and name.address == loader.entry]
    return f"  {found[0]}" if found else ""
